import { contains, formatAddress, prefixLength, type Address } from './address';
import { decideFlow, type Application } from './firewall';
import { hasPorts, protocolName, TCP, type AclRule, type Network, type NetworkAcl, type Placement, type Route, type RouteTarget, type SecurityGroup, type Subnet } from './model';

/** One attempt to open a connection, or to send a datagram, from an interface to an address. */
export interface Attempt {
  readonly from: Origin;
  readonly destination: Address;
  /** Who has that address, where it is somebody in the templates. */
  readonly to?: { readonly placement: Placement; readonly subnet: Subnet };
  readonly protocol: number;
  /** For ICMP its type. */
  readonly port: number;
  readonly application: Application;
  /** Whether the resolver of the VPC answers with the destination, for some name. */
  readonly resolved: boolean;
}

/** An interface, or the internet. */
export type Origin =
  | { readonly kind: 'interface'; readonly placement: Placement; readonly subnet: Subnet; readonly address: Address }
  | { readonly kind: 'internet'; readonly address: Address };

export interface Trace {
  readonly delivered: boolean;
  /** False where something that is not known decided, for the open side. */
  readonly certain: boolean;
  /** The way so far, one hop each; the last one of a blocked attempt says what blocks it. */
  readonly path: readonly string[];
  /** Whether the way goes through a VPC endpoint for its service. */
  readonly endpoint?: string;
  /** Whether a firewall looked at it. */
  readonly inspected: boolean;
  /** The port that the sender has to choose for its answers to come back. @default - any of those that systems choose themselves */
  readonly sourcePort?: number;
}

/** Follows an attempt through security groups, network ACLs (also for the answer), route tables and what they lead to. */
export function trace(network: Network, attempt: Attempt): Trace {
  const walk: Walk = { network, attempt, path: [], certain: true, replies: [], segment: 0, inspected: false };
  if (attempt.from.kind === 'internet') return arriveFromInternet(walk, attempt.from.address);
  const { placement, subnet, address } = attempt.from;
  const egress = groupAllows(placement, 'egress', attempt.destination, attempt.to?.placement, attempt);
  if (!egress) return blocked(walk, `no ${rulesOf(placement)} of it lets ${describe(attempt)} out`);
  return travel({ ...step(walk, egress.text), certain: egress.certain }, subnet, address, 0);
}

interface Walk {
  readonly network: Network;
  readonly attempt: Attempt;
  readonly path: readonly string[];
  readonly certain: boolean;
  /** Network ACLs that the answer has to pass; those of one segment see the same port of the sender. */
  readonly replies: readonly Reply[];
  readonly segment: number;
  readonly inspected: boolean;
}

interface Reply {
  readonly acl: NetworkAcl;
  readonly direction: 'ingress' | 'egress';
  readonly peer: Address;
  readonly segment: number;
}

const MAX_HOPS = 8;

/** From a subnet on, by its route table. */
function travel(walk: Walk, subnet: Subnet, source: Address, hops: number): Trace {
  const { destination } = walk.attempt;
  if (hops > MAX_HOPS) return blocked(walk, 'the routes lead in a circle');
  const routes = bestRoutes(subnet, destination);
  if (routes === 'local') return arriveLocally(walk, subnet, source);
  if (routes.length === 0) return blocked(walk, `${subnet.name} has no route to ${formatAddress(destination)}`);
  // Where several tables could be the subnet's, the one that leads further counts.
  let last: Trace | undefined;
  for (const { target, destination: written } of routes) {
    last = follow(target.kind === 'node' ? walk : step(walk, `route ${written} of ${subnet.name} to ${targetName(target)}`), target, subnet, source, hops);
    if (last.delivered) return last;
  }
  return last!;
}

function bestRoutes({ vpc, routeTable }: Subnet, destination: Address): readonly Route[] | 'local' {
  const local = Math.max(-1, ...vpc.ranges.filter((range) => contains(range, destination)).map(prefixLength));
  let best = local;
  let found: Route[] = [];
  for (const route of routeTable.routes) {
    for (const range of route.ranges) {
      if (!contains(range, destination)) continue;
      const length = prefixLength(range);
      if (length > best) {
        best = length;
        found = [route];
      } else if (length === best && length > local) found.push(route);
    }
  }
  return found.length === 0 && local >= 0 ? 'local' : found;
}

function follow(walk: Walk, target: RouteTarget, subnet: Subnet, source: Address, hops: number): Trace {
  const { attempt, network } = walk;
  const left = leave(walk, subnet);
  if ('delivered' in left) return left;
  switch (target.kind) {
    case 'internet-gateway':
      if (source.family === 4 && !hasPublicAddress(attempt, source)) return blocked(left, 'it has no public address, which an internet gateway needs');
      return deliver(left, 'internet');
    case 'egress-only-gateway':
      return attempt.destination.family === 6 ? deliver(left, 'internet over IPv6') : blocked(left, 'an egress-only gateway carries no IPv4');
    case 'nat-gateway': {
      const nat = network.subnets.find(({ id }) => id === target.subnet);
      if (!nat) return deliver({ ...left, certain: false }, `whatever lies behind ${target.id}`);
      const entered = enter(left, nat, source);
      if ('delivered' in entered) return entered;
      const range = nat.ranges.find(({ family }) => family === 4);
      const address: Address = { family: 4, value: (range?.first ?? 0n) + 5n };
      // The NAT gateway has a public address of its own, and chooses a port of its own.
      const beyond = { ...entered, segment: entered.segment + 1 };
      return travel(target.private ? beyond : { ...beyond, attempt: withPublicAddress(attempt, address) }, nat, address, hops + 1);
    }
    case 'firewall': {
      const firewall = network.firewalls.find(({ id }) => id === target.firewall);
      const next = network.subnets.find(({ id }) => id === target.subnet);
      if (!firewall || !next) return deliver({ ...left, certain: false }, `whatever lies behind ${target.firewall}`);
      const entered = enter(left, next, source);
      if ('delivered' in entered) return entered;
      const decision = decideFlow(firewall.policy, { source, destination: attempt.destination, protocol: attempt.protocol, port: attempt.port, application: attempt.application, resolved: attempt.resolved });
      const inspected: Walk = { ...step(entered, `firewall ${firewall.name}: ${decision.why}`), inspected: true, certain: entered.certain && decision.certain };
      return decision.passes ? travel(inspected, next, source, hops + 1) : blocked(entered, `firewall ${firewall.name}: ${decision.why}`);
    }
    case 'peering':
    case 'transit-gateway':
      return crossOver(left, target, source);
    case 'gateway-endpoint':
      return { ...deliver(left, `endpoint ${target.id}`), endpoint: target.id };
    case 'node':
      return attempt.to ? arriveAt(left, attempt.to, source) : deliver(left, 'out of the cluster');
    case 'unknown':
      return deliver({ ...left, certain: false }, target.why);
  }
}

/** The other VPCs of a peering connection or a transit gateway; what no template holds is reached. */
function crossOver(walk: Walk, target: RouteTarget & { readonly kind: 'peering' | 'transit-gateway' }, source: Address): Trace {
  const { network, attempt } = walk;
  const known = target.kind === 'peering' ? network.peerings.find(({ id }) => id === target.id)?.vpcs : network.transitGateways.find(({ id }) => id === target.id)?.vpcs;
  const vpc = network.vpcs.find(({ id, ranges }) => (known ?? []).includes(id) && ranges.some((range) => contains(range, attempt.destination)));
  if (!vpc) {
    const elsewhere = target.kind === 'transit-gateway' || known === undefined || known.includes(undefined);
    return elsewhere ? deliver({ ...walk, certain: walk.certain && target.kind === 'peering' }, `beyond ${target.id}`) : blocked(walk, `${target.id} leads to no network with ${formatAddress(attempt.destination)}`);
  }
  if (!attempt.to) return blocked(walk, `nobody has ${formatAddress(attempt.destination)}`);
  const back = bestRoutes(attempt.to.subnet, source);
  const returns = back !== 'local' && back.some((route) => route.target.kind === target.kind && 'id' in route.target && route.target.id === target.id);
  return returns || attempt.protocol !== TCP ? arriveAt(walk, attempt.to, source) : blocked(walk, `${attempt.to.subnet.name} has no route back`);
}

function arriveLocally(walk: Walk, subnet: Subnet, source: Address): Trace {
  const { to, destination } = walk.attempt;
  if (!to) return blocked(walk, `nobody has ${formatAddress(destination)}`);
  // Within a subnet no network ACL is asked.
  if (to.subnet.id === subnet.id) return arriveAtInterface(walk, to.placement, source);
  const left = leave(walk, subnet);
  return 'delivered' in left ? left : arriveAt(left, to, source);
}

function arriveAt(walk: Walk, to: NonNullable<Attempt['to']>, source: Address): Trace {
  const entered = enter(walk, to.subnet, source);
  return 'delivered' in entered ? entered : arriveAtInterface(entered, to.placement, source);
}

function arriveAtInterface(walk: Walk, placement: Placement, source: Address): Trace {
  const sender = walk.attempt.from.kind === 'interface' ? walk.attempt.from.placement : undefined;
  const ingress = groupAllows(placement, 'ingress', source, sender, walk.attempt);
  if (!ingress) return blocked(walk, `no ${rulesOf(placement)} of the destination lets ${describe(walk.attempt)} in`);
  return deliver({ ...step(walk, ingress.text), certain: walk.certain && ingress.certain }, undefined);
}

function arriveFromInternet(walk: Walk, source: Address): Trace {
  const { to, destination } = walk.attempt;
  if (!to) return blocked(walk, 'nobody has this address');
  const reachable = destination.family === 6 ? to.placement.ipv6 : to.placement.publicAddress;
  if (!reachable) return blocked(walk, 'it has no public address');
  const { published } = to.placement;
  if (published && !published.some(({ protocol, port }) => protocol === walk.attempt.protocol && port === walk.attempt.port)) return blocked(walk, `no Service publishes its ${describe(walk.attempt)}`);
  const back = bestRoutes(to.subnet, source);
  if (back === 'local' || !back.some(({ target }) => target.kind === 'internet-gateway' || target.kind === 'unknown' || target.kind === 'firewall' || target.kind === 'node')) return blocked(walk, `${to.subnet.name} has no route to an internet gateway`);
  return arriveAt(step(walk, published ? 'a Service, or a port of the node' : `internet gateway of ${to.subnet.vpc.name}`), to, source);
}

/** Out of a subnet: its network ACL, and the same for the answer. */
function leave(walk: Walk, subnet: Subnet): Walk | Trace {
  return passAcl(walk, subnet, 'egress', walk.attempt.destination);
}

/** Into a subnet. */
function enter(walk: Walk, subnet: Subnet, source: Address): Walk | Trace {
  return passAcl(walk, subnet, 'ingress', source);
}

function passAcl(walk: Walk, { acl }: Subnet, direction: 'ingress' | 'egress', peer: Address): Walk | Trace {
  if (!acl) return walk;
  const { protocol, port } = walk.attempt;
  if (!aclAllows(acl[direction], peer, protocol, port)) return blocked(walk, `network ACL ${acl.name} lets no ${describe(walk.attempt)} ${direction === 'egress' ? 'out' : 'in'}`);
  const reply: Reply = { acl, direction: direction === 'egress' ? 'ingress' : 'egress', peer, segment: walk.segment };
  return { ...walk, replies: [...walk.replies, reply] };
}

/** The first rule that matches decides, and none is a refusal. */
function aclAllows(rules: readonly AclRule[], peer: Address, protocol: number, port: number): boolean {
  for (const rule of rules) {
    if (!contains(rule.range, peer) || (rule.protocol !== 'any' && rule.protocol !== protocol)) continue;
    if (rule.ports && (port < rule.ports.from || port > rule.ports.to)) continue;
    if (!rule.allow && rule.icmpCode !== undefined) continue;
    return rule.allow;
  }
  return false;
}

/** Ports that systems choose for connections that they open. */
const EPHEMERAL_PORTS = [32_768, 49_152, 60_999];

/** The port of the sender for which all network ACLs let the answers through; the one that stops them where there is none. */
function findReplyPort({ attempt, replies }: Walk): { readonly sourcePort?: number } | { readonly stuck: Reply } {
  // A datagram has arrived before anything is answered.
  if (attempt.protocol !== TCP) return {};
  let sourcePort: number | undefined;
  for (const segment of new Set(replies.map((reply) => reply.segment))) {
    const checks = replies.filter((reply) => reply.segment === segment);
    const named = checks.flatMap(({ acl, direction }) => acl[direction].flatMap(({ ports }) => (ports ? [ports.from, ports.to, ports.to + 1] : [])));
    const found = [...EPHEMERAL_PORTS, 1_024, 65_535, ...named].find((port) => port >= 1 && port <= 65_535 && checks.every(({ acl, direction, peer }) => aclAllows(acl[direction], peer, TCP, port)));
    if (found === undefined) return { stuck: checks[0]! };
    // Behind a NAT gateway, it is the gateway that chooses.
    if (segment === 0 && !EPHEMERAL_PORTS.includes(found)) sourcePort = found;
  }
  return sourcePort === undefined ? {} : { sourcePort };
}

interface GroupAnswer {
  readonly text: string;
  readonly certain: boolean;
}

/** The rule that lets it through, one that is certain before one that is not. */
function groupAllows(placement: Placement, direction: 'ingress' | 'egress', peer: Address, other: Placement | undefined, { protocol, port }: Attempt): GroupAnswer | undefined {
  if (placement.unfiltered) return { text: `no ${rulesOf(placement)}`, certain: true };
  let uncertain: GroupAnswer | undefined;
  for (const group of placement.groups) {
    for (const rule of group[direction]) {
      if (rule.protocol !== 'any' && rule.protocol !== protocol) continue;
      if (rule.ports && (port < rule.ports.from || port > rule.ports.to)) continue;
      const answer = { text: `${rulesOf(placement)} ${group.name}: ${rule.text}`, certain: rule.peer.kind !== 'unknown' };
      if (rule.peer.kind === 'unknown') uncertain ??= answer;
      else if (rule.peer.kind === 'group' ? isMember(other, rule.peer.group) : rule.peer.ranges.some((range) => contains(range, peer))) return answer;
    }
  }
  return uncertain;
}

function rulesOf({ rules }: Placement): string {
  return rules ?? 'security group';
}

function isMember(placement: Placement | undefined, group: string): boolean {
  return placement?.groups.some(({ id }: SecurityGroup) => id === group) ?? false;
}

function hasPublicAddress({ from }: Attempt, source: Address): boolean {
  return from.kind === 'interface' && from.placement.publicAddress && from.address.value === source.value;
}

function withPublicAddress(attempt: Attempt, address: Address): Attempt {
  return attempt.from.kind === 'interface' ? { ...attempt, from: { ...attempt.from, address, placement: { ...attempt.from.placement, publicAddress: true } } } : attempt;
}

function step(walk: Walk, hop: string): Walk {
  return { ...walk, path: [...walk.path, hop] };
}

function deliver(walk: Walk, where: string | undefined): Trace {
  const reply = findReplyPort(walk);
  if ('stuck' in reply) return blocked(walk, `network ACL ${reply.stuck.acl.name} lets no answer ${reply.stuck.direction === 'egress' ? 'out' : 'in'}`);
  const { sourcePort } = reply;
  const path = [...walk.path, ...(where === undefined ? [] : [where]), ...(sourcePort === undefined ? [] : [`from port ${sourcePort}, which its answers can come back to`])];
  return { delivered: true, certain: walk.certain, path, inspected: walk.inspected, ...(sourcePort !== undefined && { sourcePort }) };
}

function blocked({ path, certain, inspected }: Walk, why: string): Trace {
  return { delivered: false, certain, path: [...path, why], inspected };
}

function targetName(target: RouteTarget): string {
  if (target.kind === 'firewall') return `firewall ${target.firewall}`;
  return `${target.kind.replaceAll('-', ' ')} ${target.id}`;
}

function describe({ protocol, port }: Attempt): string {
  return hasPorts(protocol) ? `${protocolName(protocol)} ${port}` : protocolName(protocol);
}
