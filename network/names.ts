import type { Network, Vpc } from './model';
import { referenceTo } from './template';

/** A name that nobody allows, which stands for every server of an attacker. */
export const FOREIGN_NAME = 'c2.attacker.example';

/** Addresses of documentation (RFC 5737, RFC 3849), which stand for the internet: nobody has them. */
export const FOREIGN_ADDRESS = '198.51.100.10';
export const FOREIGN_ADDRESS_V6 = '2001:db8:ffff::10';
/** A server that only has an address, and no name. */
export const NAMELESS_ADDRESS = '198.51.100.20';
/** Allowed names have addresses from here on. */
const NAMED_BLOCK = '203.0.113';

/** A name that a firewall of the VPC passes, and the address that stands for its server. */
export interface AllowedName {
  readonly name: string;
  /** The names that it stands for, e.g. `*.example.com`. */
  readonly pattern: string;
  readonly address: string;
}

/** Names that firewalls pass; where a rule passes every name below another one, one that stands for them. */
export function allowedNames({ firewalls }: Network): readonly AllowedName[] {
  const names = new Map<string, string>();
  for (const { policy } of firewalls) {
    for (const { action, conditions } of policy.stateful) {
      if (action !== 'pass') continue;
      for (const condition of conditions) {
        if (condition.kind !== 'name' || condition.negated || condition.match.kind === 'pattern') continue;
        const { kind, text } = condition.match;
        if (kind === 'exact') names.set(text, text);
        else if (kind === 'suffix') names.set(`below.${text.replace(/^\./, '')}`, `*${text}`);
        else names.set(`${text}.example`, kind === 'prefix' ? `${text}*` : `*${text}*`);
      }
    }
  }
  return [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, pattern], index) => ({ name, pattern, address: `${NAMED_BLOCK}.${(index % 200) + 10}` }));
}

/** Names that the resolver of a VPC answers for by a rule of their own. */
export function lookedUpNames({ dnsFirewall }: Vpc): readonly { readonly name: string; readonly pattern: string }[] {
  const names = dnsFirewall.rules.filter(({ action }) => action === 'ALLOW').flatMap(({ domains }) => domains ?? []);
  return [...new Set(names)].filter((name) => name !== '*').map((pattern) => ({ pattern, name: pattern.replace(/^\*\.?/, 'below.') }));
}

/** The name of a service of AWS in the region that the templates do not name. */
export function serviceName(service: string): string {
  return `${service}.${referenceTo('AWS/Region')}.amazonaws.com`;
}
