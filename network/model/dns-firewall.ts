import { referenceIn, type Resource } from '../template';
import { isTrue, listOf, numberOf, recordsOf, textOf } from './property';

/** What Route 53 Resolver DNS Firewall answers in one VPC. */
export interface DnsFirewall {
  /** In the order in which they are tried. */
  readonly rules: readonly DnsRule[];
  /** Whether queries are answered while the firewall cannot decide. */
  readonly failsOpen: boolean;
}

export interface DnsRule {
  readonly action: 'ALLOW' | 'ALERT' | 'BLOCK';
  /** Undefined where nobody but AWS knows them. */
  readonly domains?: readonly string[];
  /** The one type of query that it is about. @default - every type */
  readonly queryType?: string;
  /** Whether names that an allowed name redirects to are allowed with it. */
  readonly trustsRedirection: boolean;
  readonly group: string;
}

export const NO_DNS_FIREWALL: DnsFirewall = { rules: [], failsOpen: false };

export function readDnsFirewall(vpcId: string, resources: readonly Resource[]): DnsFirewall {
  const ofType = (type: string) => resources.filter((resource) => resource.type === `AWS::Route53Resolver::${type}`);
  const lists = new Map(ofType('FirewallDomainList').map(({ id, properties }) => [id, properties.DomainFileUrl === undefined ? listOf(properties.Domains).map((domain) => normalName(String(domain))) : undefined]));
  const rules = ofType('FirewallRuleGroupAssociation')
    .filter(({ properties }) => referenceIn(properties.VpcId)?.resourceId === vpcId)
    .sort((a, b) => (numberOf(a.properties.Priority) ?? 0) - (numberOf(b.properties.Priority) ?? 0))
    .flatMap(({ properties }) => {
      const group = resources.find(({ id }) => id === referenceIn(properties.FirewallRuleGroupId)?.resourceId);
      // A group of somebody else, shared with the account: what it allows is not known.
      if (!group) return [{ action: 'ALLOW' as const, trustsRedirection: false, group: textOf(properties.FirewallRuleGroupId) ?? '?' }];
      return recordsOf(group.properties.FirewallRules)
        .map((rule) => ({ priority: numberOf(rule.Priority) ?? 0, rule }))
        .sort((a, b) => a.priority - b.priority)
        .map(({ rule }): DnsRule => {
          const domains = lists.get(referenceIn(rule.FirewallDomainListId)?.resourceId ?? '');
          return {
            action: rule.Action === 'BLOCK' || rule.Action === 'ALERT' ? rule.Action : 'ALLOW',
            ...(domains && { domains }),
            ...(rule.Qtype !== undefined && { queryType: String(rule.Qtype) }),
            trustsRedirection: rule.FirewallDomainRedirectionAction === 'TRUST_REDIRECTION_DOMAIN',
            group: group.id,
          };
        });
    });
  const failsOpen = ofType('FirewallConfig').some(({ properties }) => {
    const mode = textOf(properties.FirewallFailOpen);
    return referenceIn(properties.ResourceId)?.resourceId === vpcId && (mode === 'ENABLED' || isTrue(properties.FirewallFailOpen));
  });
  return { rules, failsOpen };
}

/**
 * Whether a query is answered. A rule whose names only AWS knows blocks nothing for certain and allows everything.
 *
 * @param name without a dot at its end
 */
export function resolves({ rules, failsOpen }: DnsFirewall, name: string, queryType: string): { readonly answered: boolean; readonly why: string } {
  if (failsOpen && rules.length > 0) return { answered: true, why: 'the DNS firewall fails open' };
  for (const { action, domains, queryType: only, group } of rules) {
    if (only !== undefined && only.toUpperCase() !== queryType) continue;
    if (action === 'ALERT') continue;
    if (domains === undefined ? action === 'BLOCK' : !domains.some((domain) => matchesDomain(domain, name))) continue;
    return { answered: action === 'ALLOW', why: `DNS firewall ${group}: ${action}` };
  }
  return { answered: true, why: rules.length === 0 ? 'no DNS firewall' : 'no rule of the DNS firewall is about it' };
}

/** `*` is every name, `*.example.com` every name below it, anything else is itself. */
function matchesDomain(pattern: string, name: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*') ? name.endsWith(pattern.slice(1)) : pattern === name;
}

/** In lower case, but for references to what the deployment knows. */
function normalName(domain: string): string {
  return domain.replace(/\$\{[^}]*\}|[A-Z]/g, (part) => (part.length > 1 ? part : part.toLowerCase())).replace(/\.$/, '');
}
