import type { Resources } from './load';

/** A weakening of the zone, as a careless change would make it. */
export interface Mutation {
  readonly name: string;
  apply(resources: Resources): void;
}

const properties = (resources: Resources, id: string) => resources[id]!.Properties;
const route = (resources: Resources, name: string, table: string, more: Record<string, unknown>) => {
  resources[name] = { Type: 'AWS::EC2::Route', Properties: { RouteTableId: { Ref: table }, DestinationCidrBlock: '0.0.0.0/0', ...more } };
};
const egress = (resources: Resources, group: string, rule: Record<string, unknown>) => {
  resources[`Extra${group}Egress`] = { Type: 'AWS::EC2::SecurityGroupEgress', Properties: { GroupId: { 'Fn::GetAtt': [group, 'GroupId'] }, ...rule } };
};
const ingress = (resources: Resources, group: string, rule: Record<string, unknown>) => {
  resources[`Extra${group}Ingress`] = { Type: 'AWS::EC2::SecurityGroupIngress', Properties: { GroupId: { 'Fn::GetAtt': [group, 'GroupId'] }, ...rule } };
};
const ALL = { IpProtocol: '-1', CidrIp: '0.0.0.0/0' };
const rulesOf = (resources: Resources) => properties(resources, 'FirewallRules').RuleGroup.RulesSource;
const policyOf = (resources: Resources) => properties(resources, 'FirewallPolicy').FirewallPolicy;
const dnsRules = (resources: Resources): Record<string, unknown>[] => properties(resources, 'NameRules').FirewallRules;
const openServerAcl = (resources: Resources) => {
  delete resources.ServerAclUse;
};

/** Some come with a second change, without which the other walls of the zone would still hold: they are marked with "and". */
export const MUTATIONS: readonly Mutation[] = [
  { name: 'egress rule 0.0.0.0/0 and a route to the NAT gateway', apply: (r) => (egress(r, 'FilesGroup', ALL), openServerAcl(r), route(r, 'Extra', 'ServerTable', { NatGatewayId: { Ref: 'Nat' } })) },
  { name: 'security group without any egress rule and a route to the NAT gateway', apply: (r) => (delete properties(r, 'FilesGroup').SecurityGroupEgress, delete r.FilesToLogs, openServerAcl(r), route(r, 'Extra', 'ServerTable', { NatGatewayId: { Ref: 'Nat' } })) },
  { name: 'the route of a server goes to the NAT gateway, around the firewall', apply: (r) => ((properties(r, 'EgressRoute').NatGatewayId = { Ref: 'Nat' }), delete properties(r, 'EgressRoute').VpcEndpointId) },
  { name: 'a more specific route around the firewall', apply: (r) => route(r, 'Extra', 'EgressTable', { DestinationCidrBlock: '128.0.0.0/1', NatGatewayId: { Ref: 'Nat' } }) },
  { name: 'the subnet of a server has the route table of the NAT gateway, and a public address', apply: (r) => ((properties(r, 'EgressTableUse').RouteTableId = { Ref: 'NatTable' }), (properties(r, 'Web').NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp = 'ENABLED')) },
  { name: 'a second route table for the subnet', apply: (r) => void (r.Extra = { Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: { SubnetId: { Ref: 'EgressSubnet' }, RouteTableId: { Ref: 'FirewallTable' } } }) },
  { name: 'public address and route to the internet gateway', apply: (r) => ((properties(r, 'Web').NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp = 'ENABLED'), (properties(r, 'EgressRoute').GatewayId = { Ref: 'Internet' }), delete properties(r, 'EgressRoute').VpcEndpointId) },
  { name: 'ingress from everywhere to a server with a public address', apply: (r) => (ingress(r, 'WebGroup', ALL), (properties(r, 'Web').NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp = 'ENABLED'), (properties(r, 'EgressRoute').GatewayId = { Ref: 'Internet' }), delete properties(r, 'EgressRoute').VpcEndpointId) },
  { name: 'load balancer facing the internet, with ingress and a route', apply: (r) => ((properties(r, 'Balancer').Scheme = 'internet-facing'), ingress(r, 'BalancerGroup', ALL), (r.Extra = { Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: { SubnetId: { Ref: 'FrontSubnet' }, RouteTableId: { Ref: 'NatTable' } } })) },
  { name: 'a server may talk to another server', apply: (r) => (egress(r, 'WebGroup', { IpProtocol: 'tcp', FromPort: 1, ToPort: 65535, CidrIp: '10.0.0.0/8' }), ingress(r, 'FilesGroup', { IpProtocol: 'tcp', FromPort: 8080, ToPort: 8080, CidrIp: '10.20.0.0/16' })) },
  { name: 'both servers in one security group that trusts itself', apply: (r) => (egress(r, 'FilesGroup', { IpProtocol: '-1', DestinationSecurityGroupId: { 'Fn::GetAtt': ['FilesGroup', 'GroupId'] } }), ingress(r, 'FilesGroup', { IpProtocol: '-1', SourceSecurityGroupId: { 'Fn::GetAtt': ['FilesGroup', 'GroupId'] } }), openServerAcl(r), properties(r, 'Web').NetworkConfiguration.AwsvpcConfiguration.SecurityGroups.push({ 'Fn::GetAtt': ['FilesGroup', 'GroupId'] })) },
  { name: 'a server may call the load balancer', apply: (r) => ingress(r, 'BalancerGroup', { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, SourceSecurityGroupId: { 'Fn::GetAtt': ['WebGroup', 'GroupId'] } }) },
  { name: 'endpoint without a policy', apply: (r) => void delete properties(r, 'Storage').PolicyDocument },
  { name: 'endpoint policy with wildcards', apply: (r) => void (properties(r, 'Storage').PolicyDocument = { Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }] }) },
  { name: 'endpoint policy that binds only who calls', apply: (r) => void (properties(r, 'Logs').PolicyDocument.Statement[0].Condition = { StringEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } } }) },
  { name: 'endpoint policy whose condition is a wildcard', apply: (r) => void (properties(r, 'Logs').PolicyDocument.Statement[0].Condition = { StringLike: { 'aws:ResourceAccount': '*' } }) },
  { name: 'endpoint policy with a second, open statement', apply: (r) => void properties(r, 'Logs').PolicyDocument.Statement.push({ Effect: 'Allow', Principal: '*', Action: 'logs:*', Resource: '*' }) },
  { name: 'endpoint policy with NotResource', apply: (r) => void (properties(r, 'Storage').PolicyDocument = { Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:*', NotResource: 'arn:aws:s3:::secret/*' }] }) },
  { name: 'gateway endpoint in another route table, with an open policy', apply: (r) => (properties(r, 'Storage').RouteTableIds.push({ Ref: 'EgressTable' }), delete properties(r, 'Storage').PolicyDocument) },
  { name: 'another interface endpoint, open to a server', apply: (r) => ((r.Extra = { Type: 'AWS::EC2::VPCEndpoint', Properties: { ...properties(r, 'Logs'), ServiceName: 'com.amazonaws.eu-west-1.execute-api', PolicyDocument: undefined } })) },
  { name: 'no rule that blocks every other name', apply: (r) => void dnsRules(r).pop() },
  { name: 'every name is blocked after every name was allowed', apply: (r) => void dnsRules(r).unshift({ Priority: 50, Action: 'ALLOW', FirewallDomainListId: { 'Fn::GetAtt': ['EveryName', 'Id'] } }) },
  { name: 'the rule against other names is about one type of query', apply: (r) => void (dnsRules(r)[2]!.Qtype = 'A') },
  { name: 'the rule against other names only alerts', apply: (r) => void (dnsRules(r)[2]!.Action = 'ALERT') },
  { name: 'the DNS firewall fails open', apply: (r) => void (properties(r, 'NameRulesConfig').FirewallFailOpen = 'ENABLED') },
  { name: 'the DNS firewall is not associated', apply: (r) => void delete r.NameRulesUse },
  { name: 'a resolver rule to a resolver outside', apply: (r) => ((r.Rule = { Type: 'AWS::Route53Resolver::ResolverRule', Properties: { RuleType: 'FORWARD', DomainName: '.', TargetIps: [{ Ip: '198.51.100.53' }] } }), (r.RuleUse = { Type: 'AWS::Route53Resolver::ResolverRuleAssociation', Properties: { VPCId: { Ref: 'Vpc' }, ResolverRuleId: { Ref: 'Rule' } } })) },
  { name: 'allowed names may be asked for anything', apply: (r) => void delete dnsRules(r)[0]!.Qtype },
  { name: 'one more allowed name', apply: (r) => (properties(r, 'AllowedNames').Domains.push('*.attacker.example')) },
  { name: 'the firewall passes what no rule decides', apply: (r) => void (policyOf(r).StatefulDefaultActions = ['aws:alert_strict']) },
  { name: 'the firewall is not in strict order', apply: (r) => void (policyOf(r).StatefulEngineOptions = { RuleOrder: 'DEFAULT_ACTION_ORDER' }) },
  { name: 'the firewall passes without a look', apply: (r) => void (policyOf(r).StatelessDefaultActions = ['aws:pass']) },
  { name: 'a stateless rule passes a port', apply: (r) => ((r.Stateless = { Type: 'AWS::NetworkFirewall::RuleGroup', Properties: { Type: 'STATELESS', RuleGroup: { RulesSource: { StatelessRulesAndCustomActions: { StatelessRules: [{ Priority: 1, RuleDefinition: { Actions: ['aws:pass'], MatchAttributes: { Protocols: [6], DestinationPorts: [{ FromPort: 443, ToPort: 443 }] } } }] } } } } }), (policyOf(r).StatelessRuleGroupReferences = [{ Priority: 1, ResourceArn: { Ref: 'Stateless' } }])) },
  { name: 'a rule that passes TCP on 443 whatever it is', apply: (r) => (rulesOf(r).RulesString = `pass tcp any any -> any 443 (sid:99; rev:1;)\n${rulesOf(r).RulesString}`) },
  { name: 'a whole top-level domain, in the rules and in the DNS list', apply: (r) => ((rulesOf(r).RulesString = rulesOf(r).RulesString.replace('content:"api.example.com"; startswith;', 'content:".example";')), properties(r, 'AllowedNames').Domains.push('*.example')) },
  { name: 'a rule with a keyword that nobody models', apply: (r) => (rulesOf(r).RulesString += '\npass tcp any any -> any 443 (flow:established; luajit:decide.lua; sid:98; rev:1;)\n') },
  { name: 'TLS to any name', apply: (r) => (rulesOf(r).RulesString = rulesOf(r).RulesString.replace(/tls\.sni;.*nocase; /, '')) },
  { name: 'connections under an allowed name to any address', apply: (r) => void delete policyOf(r).Route53ResolvedIPValidation },
  { name: 'addresses are validated, and only alerted', apply: (r) => void (policyOf(r).Route53ResolvedIPValidation.Action = 'ALERT') },
  { name: 'a rule group that no template holds', apply: (r) => void policyOf(r).StatefulRuleGroupReferences.push({ Priority: 2, ResourceArn: 'arn:aws:network-firewall:eu-west-1:111122223333:stateful-rulegroup/theirs' }) },
  { name: 'another port in the rules and the security group', apply: (r) => (egress(r, 'WebGroup', { IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, CidrIp: '0.0.0.0/0' }), (rulesOf(r).RulesString = rulesOf(r).RulesString.replaceAll('[443]', '[443,8443]'))) },
  { name: 'UDP out, in the security group and the firewall', apply: (r) => (egress(r, 'WebGroup', { IpProtocol: 'udp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' }), (rulesOf(r).RulesString = rulesOf(r).RulesString.replace('drop udp', 'pass udp'))) },
  { name: 'ICMP out, in the security group and the firewall', apply: (r) => (egress(r, 'WebGroup', { IpProtocol: 'icmp', FromPort: -1, ToPort: -1, CidrIp: '0.0.0.0/0' }), (rulesOf(r).RulesString = rulesOf(r).RulesString.replace('drop icmp', 'pass icmp'))) },
  { name: 'peering with a VPC elsewhere', apply: (r) => ((r.Peering = { Type: 'AWS::EC2::VPCPeeringConnection', Properties: { VpcId: { Ref: 'Vpc' }, PeerVpcId: 'vpc-0123', PeerOwnerId: '999988887777' } }), route(r, 'Extra', 'EgressTable', { DestinationCidrBlock: '10.99.0.0/16', VpcPeeringConnectionId: { Ref: 'Peering' } })) },
  { name: 'a transit gateway', apply: (r) => route(r, 'Extra', 'EgressTable', { DestinationCidrBlock: '10.0.0.0/8', TransitGatewayId: 'tgw-0123' }) },
  { name: 'a VPN whose routes are taken over', apply: (r) => ((r.Vpn = { Type: 'AWS::EC2::VPNGateway', Properties: { Type: 'ipsec.1' } }), (r.Propagation = { Type: 'AWS::EC2::VPNGatewayRoutePropagation', Properties: { RouteTableIds: [{ Ref: 'EgressTable' }], VpnGatewayId: { Ref: 'Vpn' } } })) },
  { name: 'IPv6 with an egress-only gateway', apply: (r) => ((r.Six = { Type: 'AWS::EC2::VPCCidrBlock', Properties: { VpcId: { Ref: 'Vpc' }, AmazonProvidedIpv6CidrBlock: true } }), (properties(r, 'EgressSubnet').Ipv6CidrBlock = { 'Fn::Select': [0, { 'Fn::Cidr': [{ 'Fn::Select': [0, { 'Fn::GetAtt': ['Vpc', 'Ipv6CidrBlocks'] }] }, 4, '64'] }] }), egress(r, 'WebGroup', { IpProtocol: '-1', CidrIpv6: '::/0' }), (r.SixRoute = { Type: 'AWS::EC2::Route', Properties: { RouteTableId: { Ref: 'EgressTable' }, DestinationIpv6CidrBlock: '::/0', EgressOnlyInternetGatewayId: { Ref: 'Only' } } }), (r.Only = { Type: 'AWS::EC2::EgressOnlyInternetGateway', Properties: { VpcId: { Ref: 'Vpc' } } })) },
  { name: 'a new function outside of the VPC', apply: (r) => void (r.Helper = { Type: 'AWS::Lambda::Function', Properties: { Tags: [{ Key: 'mcp-zero-trust:role', Value: 'server' }] } }) },
  { name: 'a new instance with the default group, in the subnet of the NAT gateway', apply: (r) => void (r.Bastion = { Type: 'AWS::EC2::Instance', Properties: { NetworkInterfaces: [{ SubnetId: { Ref: 'NatSubnet' }, AssociatePublicIpAddress: true }], MetadataOptions: { HttpTokens: 'optional' } } }) },
  { name: 'traffic mirroring', apply: (r) => void (r.Mirror = { Type: 'AWS::EC2::TrafficMirrorSession', Properties: {} }) },
];
