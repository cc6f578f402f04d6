import { BlockList, isIP } from 'node:net';
import type { EgressRule, TrafficSource } from './workload-props';

/** Addresses on the node that hand out credentials, and all others that a packet reaches without a router. */
const NEVER_DECLARED = [['169.254.169.254', 'ipv4'], ['169.254.170.2', 'ipv4'], ['169.254.170.23', 'ipv4'], ['fd00:ec2::254', 'ipv6'], ['fd00:ec2::23', 'ipv6']] as const;
/** Bits of the widest range that may be declared. Admission refuses wider ones too. */
const WIDEST = 8;
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** @throws Error when a rule is open to everything, to the metadata service, or names what cannot be enforced (NET-1, MUL-5) */
export function checkEgress(what: string, rules: readonly EgressRule[] = [], byName: boolean): void {
  for (const { cidrs = [], domains = [], ports = [443] } of rules) {
    if (cidrs.length + domains.length === 0) throw new Error(`a rule of egress of ${what} has neither cidrs nor domains, and would be open to everything`);
    for (const cidr of cidrs) checkCidr(`egress of ${what}`, cidr);
    for (const domain of domains) if (!DOMAIN.test(domain)) throw new Error(`egress of ${what} names ${JSON.stringify(domain)}, expected an exact domain name in lower case, such as "api.example.com"`);
    if (domains.length > 0 && !byName) throw new Error(`egress of ${what} names the domain ${JSON.stringify(domains[0])}, which no NetworkPolicy can enforce: give cidrs, or say with domainPolicies what enforces names`);
    for (const port of ports) if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`egress of ${what} has the port ${port}, expected 1 to 65535`);
    if (ports.length === 0) throw new Error(`a rule of egress of ${what} has no ports, and would be open on all of them`);
  }
}

/** @throws Error when it is not a namespace or a range of addresses */
export function checkSource(what: string, { namespace, cidr, podLabels }: TrafficSource): void {
  if ((namespace === undefined) === (cidr === undefined) || (cidr !== undefined && podLabels !== undefined)) throw new Error(`a source of ${what} must have either a namespace, with or without podLabels, or a cidr`);
  if (cidr !== undefined) checkCidr(`a source of ${what}`, cidr);
  if (namespace !== undefined && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)) throw new Error(`a source of ${what} is the namespace ${JSON.stringify(namespace)}, expected the name of a namespace`);
}

/** A token of the AWS CDK: which range it is, is known when it is deployed. */
function isUnresolved(text: string): boolean {
  return text.includes('${Token[');
}

/** @throws Error when it is not a range of addresses, is wider than any one network, or holds an address that hands out credentials */
export function checkCidr(what: string, cidr: string): void {
  if (isUnresolved(cidr)) return;
  const [address = '', length = '', ...more] = cidr.split('/');
  const version = isIP(address);
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (version === 0 || more.length > 0 || bits < 0 || bits > (version === 4 ? 32 : 128)) throw new Error(`${what} has the address range ${JSON.stringify(cidr)}, expected CIDR notation such as "10.1.0.0/16"`);
  if (bits < WIDEST) throw new Error(`${what} has the address range ${JSON.stringify(cidr)}, which is every address or a great part of them`);
  const range = new BlockList();
  range.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  if (NEVER_DECLARED.some(([forbidden, family]) => range.check(forbidden, family))) throw new Error(`${what} has the address range ${JSON.stringify(cidr)}, which holds the address of a service that hands out credentials`);
}
