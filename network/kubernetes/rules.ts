import { cidr, type AddressRange } from '../address';
import type { GroupRule, PortRange, RulePeer, SecurityGroup } from '../model';
import { protocolName } from '../model/protocol';
import type { Peer, Policy, PolicyPort, PolicyRule } from './policy';
import { labelsFor, selects, type Labels, type Selector } from './selector';
import type { PodGroup } from './pods';

type Direction = 'ingress' | 'egress';

/** Everybody who could be a peer, and the labels of their namespaces. */
export interface Population {
  readonly pods: readonly PodGroup[];
  readonly namespaces: ReadonlyMap<string, Labels>;
}

const EVERYWHERE: readonly AddressRange[] = [cidr('0.0.0.0/0'), cidr('::/0')];

/**
 * The policies of a pod as rules of the engine: each policy that selects it is a group with its rules, and a direction that no policy
 * selects it for is open. Selectors of peers are groups without rules, of which whoever is selected is a member.
 */
export function groupsOf(pod: PodGroup, policies: readonly Policy[], population: Population): readonly SecurityGroup[] {
  const own = pod.outside ? [] : policies.filter(({ namespace, pods }) => namespace === pod.namespace && selectsPod(pods, pod));
  const groups = own.map((policy): SecurityGroup => ({
    id: `${policy.namespace}/${policy.name}#${pod.id}`,
    name: `${policy.namespace}/${policy.name}`,
    ingress: (policy.ingress ?? []).flatMap((rule) => rulesOf(rule, 'ingress', policy, pod, population)),
    egress: (policy.egress ?? []).flatMap((rule) => rulesOf(rule, 'egress', policy, pod, population)),
  }));
  const open = (['ingress', 'egress'] as const).filter((direction) => own.every((policy) => policy[direction] === undefined));
  return [...groups, ...open.map(openGroup), ...memberships(pod, policies, population), membership(selfGroup(pod))];
}

function openGroup(direction: Direction): SecurityGroup {
  const rule: GroupRule = { protocol: 'any', peer: { kind: 'ranges', ranges: EVERYWHERE }, text: `everything ${direction === 'ingress' ? 'in' : 'out'}, as no policy selects it for ${direction}` };
  return { id: `none#${direction}`, name: '(none)', ingress: direction === 'ingress' ? [rule] : [], egress: direction === 'egress' ? [rule] : [] };
}

function rulesOf(rule: PolicyRule, direction: Direction, policy: Policy, pod: PodGroup, population: Population): readonly GroupRule[] {
  const peers: readonly (Peer | undefined)[] = rule.peers ?? [undefined];
  const ports: readonly (PolicyPort | undefined)[] = rule.ports ?? [undefined];
  return peers.flatMap((peer) => ports.flatMap((port) => ruleOf(peer, port, direction, policy, pod, population)));
}

function ruleOf(peer: Peer | undefined, port: PolicyPort | undefined, direction: Direction, policy: Policy, pod: PodGroup, population: Population): readonly GroupRule[] {
  const side = direction === 'ingress' ? 'from' : 'to';
  const who = `${side} ${peer === undefined ? 'anybody' : peer.text}`;
  const target = peerOf(peer, policy);
  if (typeof port?.port !== 'string') {
    const ports = port?.port as PortRange | undefined;
    return [{ protocol: port?.protocol ?? 'any', peer: target, ...(ports && { ports }), text: `${port ? portText(port.protocol, ports) : 'everything'} ${who}` }];
  }
  // The pod that is connected to says which port has the name: for ingress this one, for egress each of those that the rule means.
  const named = port.port;
  const rule = (ports: PortRange | undefined, of: RulePeer): GroupRule => ({ protocol: port.protocol, peer: of, ...(ports && { ports }), text: `${portText(port.protocol, ports)} (${named}) ${who}` });
  if (direction === 'ingress') return portsNamed(pod, port.protocol, named).map((ports) => rule(ports, target));
  return population.pods.filter((other) => peer === undefined || isPeer(other, peer, policy, population)).flatMap((other) => portsNamed(other, port.protocol, named).map((ports) => rule(ports, { kind: 'group', group: selfGroup(other) })));
}

function portText(protocol: number, ports: PortRange | undefined): string {
  return `${protocolName(protocol)}${ports ? ` ${ports.from === ports.to ? ports.from : `${ports.from}-${ports.to}`}` : ''}`;
}

function portsNamed({ ports }: PodGroup, protocol: number, name: string): readonly (PortRange | undefined)[] {
  if (ports === 'any') return [undefined];
  return ports.filter((port) => port.name === name && port.protocol === protocol).map(({ port }) => ({ from: port, to: port }));
}

function peerOf(peer: Peer | undefined, policy: Policy): RulePeer {
  if (peer === undefined) return { kind: 'ranges', ranges: EVERYWHERE };
  return peer.kind === 'block' ? { kind: 'ranges', ranges: peer.ranges } : { kind: 'group', group: selectorGroup(peer, policy) };
}

/** Policies of one namespace may mean the same pods. */
function selectorGroup(peer: Peer & { readonly kind: 'pods' }, { namespace }: Policy): string {
  return `selector ${JSON.stringify([peer.namespaces ?? namespace, peer.pods])}`;
}

function selfGroup({ id }: PodGroup): string {
  return `pod ${id}`;
}

function membership(id: string): SecurityGroup {
  return { id, name: id, ingress: [], egress: [] };
}

function memberships(pod: PodGroup, policies: readonly Policy[], population: Population): readonly SecurityGroup[] {
  const ids = policies.flatMap((policy) =>
    [...(policy.ingress ?? []), ...(policy.egress ?? [])].flatMap(({ peers }) =>
      (peers ?? []).flatMap((peer) => (peer.kind === 'pods' && isPeer(pod, peer, policy, population) ? [selectorGroup(peer, policy)] : [])),
    ),
  );
  return [...new Set(ids)].map(membership);
}

/** Whether a peer of a policy means a pod. A block of addresses may mean any pod, for all that manifests say of addresses. */
function isPeer(pod: PodGroup, peer: Peer, { namespace }: Policy, { namespaces }: Population): boolean {
  if (peer.kind === 'block') return true;
  if (peer.namespaces === undefined ? pod.namespace !== namespace : !selects(peer.namespaces, namespaces.get(pod.namespace) ?? {})) return false;
  return selectsPod(peer.pods, pod);
}

function selectsPod(selector: Selector, { labels }: PodGroup): boolean {
  return labels === 'any' ? labelsFor(selector) !== undefined : selects(selector, labels);
}
