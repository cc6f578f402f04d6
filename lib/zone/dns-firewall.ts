import { Lazy, Names } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as route53resolver from 'aws-cdk-lib/aws-route53resolver';
import { Construct } from 'constructs';

/** Who answers DNS over HTTPS: a lookup there would go around this firewall, as one TLS connection among others. */
const DOH_RESOLVERS = [
  'use-application-dns.net', 'dns.google', 'dns.google.com', 'dns64.dns.google', 'cloudflare-dns.com', '*.cloudflare-dns.com', 'one.one.one.one', '1dot1dot1dot1.cloudflare-dns.com',
  '*.cloudflare-gateway.com', 'dns.quad9.net', 'dns9.quad9.net', 'dns10.quad9.net', 'dns11.quad9.net', 'doh.opendns.com', 'dns.opendns.com', 'doh.umbrella.com', '*.nextdns.io',
  'dns.adguard.com', 'dns.adguard-dns.com', '*.adguard-dns.com', 'doh.cleanbrowsing.org', 'dns.controld.com', '*.controld.com', 'doh.mullvad.net', 'dns.mullvad.net',
  'doh.libredns.gr', 'doh.dns.sb', 'dns.alidns.com', 'doh.pub', 'doh.360.cn', 'dns.twnic.tw', 'ordns.he.net', 'dns0.eu', '*.dns0.eu', 'doh.applied-privacy.net',
  'doh.la.ahadns.net', 'dns.switch.ch', 'odvr.nic.cz', 'public.dns.iij.jp', 'doh.xfinity.com', 'mask.icloud.com', 'mask-h2.icloud.com', 'doh.dns.apple.com',
];

/** What an allowed name may be asked for: its addresses. Not TXT or NULL, which carry data, nor HTTPS, which carries keys of encrypted ClientHellos. */
const ALLOWED_TYPES = ['A', 'AAAA'];

/** Names that may be looked up. */
interface AllowedNames {
  readonly id: string;
  readonly names: Set<string>;
  /** Whether a redirection (CNAME) of an allowed name is followed wherever it leads, or each name on its way must be allowed too. */
  readonly redirection: 'TRUST_REDIRECTION_DOMAIN' | 'INSPECT_REDIRECTION_DOMAIN';
}

/**
 * Route 53 Resolver DNS Firewall of a VPC: the names that somebody declared can be looked up, by their addresses only, and no
 * other name exists (NET-1). When the firewall does not answer, neither does the resolver.
 */
export class ZoneDnsFirewall extends Construct {
  /** The rule group by which the resolver of the VPC answers. */
  readonly ruleGroupId: string;

  /** Names of AWS services and of the zone itself, which redirect nowhere else. */
  private readonly inside: AllowedNames = { id: 'Inside', names: new Set(), redirection: 'INSPECT_REDIRECTION_DOMAIN' };
  /** Names outside: a content delivery network behind one is its owner's choice. The connection is decided on by its name. */
  private readonly outside: AllowedNames = { id: 'Outside', names: new Set(), redirection: 'TRUST_REDIRECTION_DOMAIN' };

  constructor(scope: Construct, id: string, vpc: ec2.IVpc) {
    super(scope, id);
    const doh = this.domainList('DohResolvers', () => DOH_RESOLVERS);
    const everything = this.domainList('Everything', () => ['*']);
    const allowed = [this.inside, this.outside].map((names) => ({ ...names, list: this.domainList(names.id, () => [...names.names].sort()) }));

    const group = new route53resolver.CfnFirewallRuleGroup(this, 'Resource', {
      name: this.uniqueName(this),
      firewallRules: [
        { priority: 100, action: 'BLOCK', blockResponse: 'NXDOMAIN', firewallDomainListId: doh.attrId },
        ...allowed.flatMap(({ list, redirection }, index) => allowRules(200 + 100 * index, list.attrId, redirection)),
        { priority: 900, action: 'BLOCK', blockResponse: 'NXDOMAIN', firewallDomainListId: everything.attrId },
      ],
    });
    this.ruleGroupId = group.attrId;
    new route53resolver.CfnFirewallRuleGroupAssociation(this, 'Association', {
      firewallRuleGroupId: group.attrId,
      vpcId: vpc.vpcId,
      priority: 101,
      mutationProtection: 'ENABLED',
    });
    new route53resolver.CfnFirewallConfig(this, 'Config', { resourceId: vpc.vpcId, firewallFailOpen: 'DISABLED' });
  }

  /** Lets names of AWS services or of the zone itself be looked up. */
  allowInside(...names: readonly string[]): void {
    names.forEach((name) => this.inside.names.add(name));
  }

  /** Lets names of declared egress be looked up. */
  allowOutside(...names: readonly string[]): void {
    names.forEach((name) => this.outside.names.add(name));
  }

  /** Whether a name can be looked up. */
  knows(name: string): boolean {
    const listed = (candidate: string) => this.inside.names.has(candidate) || this.outside.names.has(candidate);
    const labels = name.split('.');
    return listed(name) || labels.some((_, index) => index > 0 && listed(`*.${labels.slice(index).join('.')}`));
  }

  private domainList(id: string, domains: () => string[]): route53resolver.CfnFirewallDomainList {
    const list = new route53resolver.CfnFirewallDomainList(this, id, { domains: Lazy.list({ produce: domains }) });
    list.name = this.uniqueName(list);
    return list;
  }

  private uniqueName(scope: Construct): string {
    return Names.uniqueResourceName(scope, { maxLength: 64, separator: '-' });
  }
}

/** Addresses of the names are answered; of their other records it is said that there are none, since the names do exist. */
function allowRules(priority: number, firewallDomainListId: string, firewallDomainRedirectionAction: string): route53resolver.CfnFirewallRuleGroup.FirewallRuleProperty[] {
  return [
    ...ALLOWED_TYPES.map((qtype, index) => ({ priority: priority + index, action: 'ALLOW', qtype, firewallDomainListId, firewallDomainRedirectionAction })),
    { priority: priority + ALLOWED_TYPES.length, action: 'BLOCK', blockResponse: 'NODATA', firewallDomainListId },
  ];
}
