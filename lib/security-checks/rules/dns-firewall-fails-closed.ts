import { compliantIf, type SecurityRule } from '../rule';

export const dnsFirewallFailsClosed: SecurityRule = {
  id: 'DnsFirewallFailsClosed',
  controls: ['NET-1'],
  finding: 'When the DNS firewall of a VPC does not answer, every name is looked up.',
  fix: 'Set FirewallFailOpen to DISABLED.',
  resourceTypes: ['AWS::Route53Resolver::FirewallConfig'],
  property: 'Properties.FirewallFailOpen',
  check: ({ properties }) => compliantIf(properties.FirewallFailOpen === 'DISABLED'),
};
