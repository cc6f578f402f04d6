import { contains, type Address, type AddressRange } from '../address';
import { TCP, UDP } from '../model/protocol';
import { shownName, type Flow } from './flow';
import type { FirewallPolicy, StatelessAction } from './policy';
import type { AddressSet, Condition, NameMatch, PortSet, StatefulRule } from './suricata';

export interface FirewallDecision {
  readonly passes: boolean;
  /** False where a rule that is not fully modelled decided, for the open side. */
  readonly certain: boolean;
  readonly why: string;
}

/**
 * What a firewall does with a connection. A connection over TCP is opened before it says what it is, so its handshake and its
 * first data are decided one after the other, and both have to pass.
 */
export function decideFlow(policy: FirewallPolicy, flow: Flow): FirewallDecision {
  const stateless = decideStateless(policy, flow);
  if (stateless !== 'inspect') return { passes: stateless === 'pass', certain: true, why: `stateless rules ${stateless} it uninspected` };
  if (policy.unread.length > 0) return { passes: true, certain: false, why: policy.unread[0]! };
  const handshake = flow.protocol === TCP ? decidePhase(policy, flow, false) : undefined;
  if (handshake && !handshake.passes) return handshake;
  const data = decidePhase(policy, flow, true);
  if (!data.passes) return data;
  if (mustBeResolved(policy, flow)) return { passes: false, certain: true, why: 'the resolver never answered with this address' };
  const name = shownName(flow.application);
  if (policy.inspectsTls && !flow.resolved && flow.application.kind === 'tls') return { passes: false, certain: true, why: `TLS inspection finds no certificate for ${name ?? 'it'}` };
  return { ...data, certain: data.certain && (handshake?.certain ?? true) };
}

function mustBeResolved({ resolvedAddressesOnly: only }: FirewallPolicy, { source, destination, resolved }: Flow): boolean {
  if (!only || resolved) return false;
  return only.sources.some((range) => contains(range, source)) && !only.exempt.some((range) => contains(range, destination));
}

function decideStateless({ stateless, statelessDefault }: FirewallPolicy, { source, destination, protocol, port }: Flow): StatelessAction {
  const within = (ranges: readonly AddressRange[], address: Address) => ranges.length === 0 || ranges.some((range) => contains(range, address));
  for (const rule of stateless) {
    if (rule.protocols.length > 0 && !rule.protocols.includes(protocol)) continue;
    if (!within(rule.sources, source) || !within(rule.destinations, destination)) continue;
    // A rule on source ports may match a port that the workload chooses; that matters where it passes.
    if (!rule.sourcePorts.any && rule.action !== 'pass') continue;
    if (hasPorts(protocol) && !inPorts(rule.destinationPorts, port)) continue;
    return rule.action;
  }
  return statelessDefault;
}

const ORDER: Readonly<Record<StatefulRule['action'], number>> = { pass: 0, drop: 1, reject: 2, alert: 3 };

function decidePhase(policy: FirewallPolicy, flow: Flow, established: boolean): FirewallDecision {
  const rules = policy.strictOrder ? policy.stateful : [...policy.stateful].sort((a, b) => ORDER[a.action] - ORDER[b.action]);
  for (const rule of rules) {
    if (rule.action === 'alert') continue;
    const certain = rule.unknownKeywords.length === 0 && !rule.source.unknown && !rule.destination.unknown;
    if (!certain && rule.action !== 'pass') continue;
    if (!matches(rule, flow, established)) continue;
    return { passes: rule.action === 'pass', certain, why: rule.text };
  }
  const passes = policy.statefulDefault === 'pass' || (policy.statefulDefault === 'drop-established' && flow.protocol === TCP && !established);
  return { passes, certain: true, why: passes ? 'no rule decides and the default lets it pass' : 'no rule passes it' };
}

function matches(rule: StatefulRule, flow: Flow, established: boolean): boolean {
  const application = established ? flow.application.kind : undefined;
  return (
    isProtocol(rule.protocol, flow.protocol, application) &&
    inAddresses(rule.source, flow.source) &&
    inAddresses(rule.destination, flow.destination) &&
    // The workload chooses its port, so a rule on it matches where that suits it.
    (rule.sourcePorts.any || rule.action === 'pass') &&
    (!hasPorts(flow.protocol) || inPorts(rule.destinationPorts, flow.port)) &&
    rule.conditions.every((condition) => holds(condition, flow, established, application))
  );
}

const NETWORK_PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1, gre: 47 };

function isProtocol(protocol: string, number: number, application: Flow['application']['kind'] | undefined): boolean {
  if (protocol === 'ip' || protocol === 'any') return true;
  if (protocol === 'icmp') return number === 1 || number === 58;
  const network = NETWORK_PROTOCOLS[protocol];
  return network === undefined ? protocol === application : network === number;
}

function holds(condition: Condition, flow: Flow, established: boolean, application: Flow['application']['kind'] | undefined): boolean {
  switch (condition.kind) {
    case 'established':
      // Of what is not TCP, the first packet makes no established connection.
      return condition.value === (flow.protocol === TCP ? established : false);
    case 'direction':
      return condition.toServer;
    case 'application':
      // Before the first data nobody knows; Suricata then matches neither the protocol nor its absence.
      if (application === undefined) return false;
      return (application === condition.protocol || (condition.protocol === 'failed' && application === 'raw')) !== condition.negated;
    case 'name': {
      const kind = condition.buffer;
      if (application !== kind) return false;
      const name = shownName(flow.application)?.toLowerCase();
      return name !== undefined && matchesName(condition.match, name) !== condition.negated;
    }
    case 'ip-protocol':
      return (flow.protocol === condition.protocol) !== condition.negated;
  }
}

/** A suffix that starts with a dot is about the name itself too: Suricata puts a dot in front of what it compares. */
export function matchesName(match: NameMatch, name: string): boolean {
  switch (match.kind) {
    case 'exact':
      return name === match.text;
    case 'suffix':
      return match.text.startsWith('.') ? `.${name}`.endsWith(match.text) : name.endsWith(match.text);
    case 'prefix':
      return name.startsWith(match.text);
    case 'contains':
      return name.includes(match.text);
    case 'pattern':
      return match.pattern.test(name);
  }
}

function inAddresses({ any, include, exclude, unknown }: AddressSet, address: Address): boolean {
  if (exclude.some((range) => contains(range, address))) return false;
  return any || unknown || include.some((range) => contains(range, address));
}

function inPorts({ any, include, exclude }: PortSet, port: number): boolean {
  const within = (ranges: PortSet['include']) => ranges.some(({ from, to }) => from <= port && port <= to);
  return !within(exclude) && (any || within(include));
}

function hasPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP;
}
