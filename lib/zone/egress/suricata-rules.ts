import { parseCidr } from '../address-plan';
import { WORKLOAD_NAME } from '../workload-name';
import { assertDomainName, assertParentDomain } from './domain-name';

/** Names that may be reached, and on which ports. */
export interface EgressDestinations {
  /** Exact names: of TLS servers on `tlsPorts`, of HTTP hosts on `httpPorts`. */
  readonly domains: readonly string[];
  /** Names that may be reached together with every name below them. */
  readonly parentDomains: readonly string[];
  readonly tlsPorts: readonly number[];
  readonly httpPorts: readonly number[];
}

/** What one workload may reach outside of the zone. */
export interface EgressAllowance {
  /** Name of the workload, in messages of the firewall and in the name of its IP set. */
  readonly workload: string;
  /** Its addresses, a CIDR that no other workload has a part in. */
  readonly source: string;
  readonly destinations: readonly EgressDestinations[];
}

/** A rule group of AWS Network Firewall, in strict order. */
export interface GeneratedRules {
  readonly rules: string;
  /** IP sets that the rules refer to, by name. */
  readonly ipSets: Readonly<Record<string, readonly string[]>>;
  /** What the rules take of a rule group's capacity: one for each. */
  readonly capacity: number;
}

/** The most that one rule group may hold, in units of capacity. */
export const MAX_CAPACITY = 30_000;
/** The longest text of all rules of a group that the service takes, in characters. */
export const MAX_RULES_LENGTH = 2_000_000;

/** First `sid`; each rule has one of its own within the group. */
const FIRST_SID = 1_000_000;

/**
 * The Suricata rules that let each workload reach its domains and nothing else (NET-1). In strict order: what is wrong by its
 * protocol or its port is dropped before any name is looked at, names are passed one by one, and what matches nothing is left to
 * the policy's default, which drops.
 *
 * No TLS without a declared server name passes, which excludes connections by address; QUIC and all other UDP, ICMP and
 * tunnels are dropped from the first packet on.
 *
 * @param zone CIDR of the whole zone
 * @throws Error when a name, port, or CIDR is not what it should be, or the service would not take that many rules
 */
export function suricataRules(zone: string, allowances: readonly EgressAllowance[]): GeneratedRules {
  parseCidr(zone);
  allowances.forEach(assertAllowance);
  const variables = allowances.map((allowance) => ({ ...allowance, variable: variableOf(allowance.workload) }));
  const repeated = variables.find(({ variable }, index) => variables.findIndex((other) => other.variable === variable) !== index);
  if (repeated) throw new Error(`two workloads have the firewall variable ${repeated.variable}, expected names that differ in letters or digits`);

  const undeclared = ['$ZONE', ...variables.map(({ variable }) => `!$${variable}`)].join(',');
  const drafts: Draft[] = [
    { action: 'drop', protocol: 'udp', source: '$ZONE', port: 'any', message: 'UDP, which QUIC is', options: [] },
    { action: 'drop', protocol: 'icmp', source: '$ZONE', port: 'any', message: 'ICMP', options: [] },
    { action: 'drop', protocol: 'ip', source: '$ZONE', port: 'any', message: 'a protocol other than TCP', options: ['ip_proto:!TCP'] },
    { action: 'drop', protocol: 'tcp', source: `[${undeclared}]`, port: 'any', message: 'a source without declared egress', options: [] },
    ...variables.flatMap(rulesOf),
  ];
  const rules = drafts.map((draft, index) => ruleText(draft, FIRST_SID + index));
  const text = rules.join('\n');
  if (rules.length > MAX_CAPACITY) throw new Error(`the declared egress makes ${rules.length} firewall rules, and a rule group holds ${MAX_CAPACITY}: declare fewer domains`);
  if (text.length > MAX_RULES_LENGTH) throw new Error(`the declared egress makes ${text.length} characters of firewall rules, and a rule group holds ${MAX_RULES_LENGTH}: declare fewer domains`);
  return {
    rules: text,
    ipSets: { ZONE: [zone], ...Object.fromEntries(variables.map(({ variable, source }) => [variable, [source]])) },
    capacity: rules.length,
  };
}

interface Draft {
  readonly action: 'pass' | 'drop';
  readonly protocol: 'ip' | 'tcp' | 'udp' | 'icmp' | 'tls' | 'http';
  readonly source: string;
  readonly port: string;
  readonly message: string;
  readonly options: readonly string[];
}

function rulesOf({ workload, variable, destinations }: EgressAllowance & { readonly variable: string }): Draft[] {
  const source = `$${variable}`;
  const drop = (port: string, message: string, ...options: string[]): Draft => ({ action: 'drop', protocol: 'tcp', source, port, message: `${workload}: ${message}`, options });
  const { tlsPorts, httpPorts } = portsOf(destinations);
  return [
    drop(`!${list([...tlsPorts, ...httpPorts])}`, 'a port that is not declared'),
    ...(tlsPorts.length > 0 ? [drop(list(tlsPorts), 'no TLS on a port of TLS', 'flow:established', 'app-layer-protocol:!tls')] : []),
    ...(httpPorts.length > 0 ? [drop(list(httpPorts), 'no HTTP on a port of HTTP', 'flow:established', 'app-layer-protocol:!http')] : []),
    ...destinations.flatMap((names) => [...passRules('tls', names.tlsPorts, names), ...passRules('http', names.httpPorts, names)].map((rule) => ({ ...rule, source, message: `${workload}: ${rule.message}` }))),
  ];
}

/** One rule for each name. The engine compares HTTP hosts in lower case by itself, and server names of TLS as they were sent. */
function passRules(protocol: 'tls' | 'http', ports: readonly number[], { domains, parentDomains }: EgressDestinations): Omit<Draft, 'source'>[] {
  if (ports.length === 0) return [];
  const [buffer, nocase] = protocol === 'tls' ? ['tls.sni', ['nocase']] : ['http.host', []];
  const pass = (name: string, match: readonly string[]) => ({
    action: 'pass' as const, protocol, port: list(ports), message: name, options: ['flow:established,to_server', buffer, ...match, ...nocase],
  });
  return [
    ...domains.map((name) => pass(name, [`content:"${name}"`, 'startswith', 'endswith'])),
    ...parentDomains.map((name) => pass(`.${name}`, ['dotprefix', `content:".${name}"`, 'endswith'])),
  ];
}

function portsOf(destinations: readonly EgressDestinations[]): Pick<EgressDestinations, 'tlsPorts' | 'httpPorts'> {
  return {
    tlsPorts: [...new Set(destinations.flatMap(({ tlsPorts }) => tlsPorts))],
    httpPorts: [...new Set(destinations.flatMap(({ httpPorts }) => httpPorts))],
  };
}

function ruleText({ action, protocol, source, port, message, options }: Draft, sid: number): string {
  return `${action} ${protocol} ${source} any -> any ${port} (${[`msg:"${message}"`, ...options, `sid:${sid}`, 'rev:1'].join('; ')};)`;
}

function list(ports: readonly number[]): string {
  return `[${[...ports].sort((a, b) => a - b).join(',')}]`;
}

/** Name of an IP set: letters, digits and underscores, beginning with a letter. */
function variableOf(workload: string): string {
  return `SERVER_${workload.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}

function assertAllowance({ workload, source, destinations }: EgressAllowance): void {
  if (!WORKLOAD_NAME.test(workload)) throw new Error(`the workload ${JSON.stringify(workload)} has a name that firewall rules cannot carry, expected at most 25 lower-case letters, digits, _ and -`);
  parseCidr(source);
  destinations.forEach((names) => assertDestinations(workload, names));
  const { tlsPorts, httpPorts } = portsOf(destinations);
  const both = tlsPorts.find((port) => httpPorts.includes(port));
  if (both !== undefined) throw new Error(`the egress of ${JSON.stringify(workload)} has port ${both} for TLS and for HTTP, expected one protocol for a port`);
}

/** @throws Error when it names no port or no name, or one that is not what it should be */
export function assertDestinations(workload: string, { domains, parentDomains, tlsPorts, httpPorts }: EgressDestinations): void {
  domains.forEach(assertDomainName);
  parentDomains.forEach(assertParentDomain);
  [...tlsPorts, ...httpPorts].forEach(assertPort);
  if (domains.length + parentDomains.length === 0) throw new Error(`the egress of ${JSON.stringify(workload)} names no domain, expected at least one`);
  if (tlsPorts.length + httpPorts.length === 0) throw new Error(`the egress of ${JSON.stringify(workload)} names no port, expected at least one`);
}

function assertPort(port: number): void {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`the egress port is ${JSON.stringify(port)}, expected a whole number from 1 to 65535`);
}
