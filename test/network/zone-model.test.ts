import { compareMatrices, type Matrix } from '../../network';
import type { TemplateFile } from '../../network/template';
import { breaks, matrixOf, templatesOfModel, type Resources } from './load';

/** The reference zone. */
let files: readonly TemplateFile[];
let before: Matrix;
beforeAll(() => {
  files = templatesOfModel('zone');
  before = matrixOf(files);
});

type Found = { readonly id: string; readonly properties: Record<string, any> };

/** Resources of a type whose logical id has a text in it. */
function all(resources: Resources, type: string, text = ''): Found[] {
  return Object.entries(resources)
    .filter(([id, resource]) => resource.Type === type && id.toLowerCase().includes(text.toLowerCase()))
    .map(([id, resource]) => ({ id, properties: (resource.Properties ??= {}) }));
}

function one(resources: Resources, type: string, text = ''): Found {
  const [found] = all(resources, type, text);
  if (!found) throw new Error(`the zone has no ${type} ${text}`);
  return found;
}

const statement = (resources: Resources, service: string) => one(resources, 'AWS::EC2::VPCEndpoint', service).properties.PolicyDocument.Statement as Record<string, any>[];
const policy = (resources: Resources) => one(resources, 'AWS::NetworkFirewall::FirewallPolicy').properties.FirewallPolicy;
const source = (resources: Resources) => one(resources, 'AWS::NetworkFirewall::RuleGroup').properties.RuleGroup.RulesSource;
const dns = (resources: Resources): Record<string, any>[] => one(resources, 'AWS::Route53Resolver::FirewallRuleGroup').properties.FirewallRules;
const task = (resources: Resources, name: string) => one(resources, 'AWS::ECS::Service', name).properties.NetworkConfiguration.AwsvpcConfiguration;
const natRoute = (resources: Resources, text: string, index: number) => {
  const route = all(resources, 'AWS::EC2::Route', text).filter(({ properties }) => properties.VpcEndpointId !== undefined && properties.DestinationCidrBlock === '0.0.0.0/0')[index]!;
  delete route.properties.VpcEndpointId;
  route.properties.NatGatewayId = { Ref: one(resources, 'AWS::EC2::NatGateway').id };
};
const egress = (resources: Resources, group: string, rule: Record<string, unknown>) => {
  resources[`Extra${group}`] = { Type: 'AWS::EC2::SecurityGroupEgress', Properties: { GroupId: { 'Fn::GetAtt': [one(resources, 'AWS::EC2::SecurityGroup', group).id, 'GroupId'] }, ...rule } };
};
const withoutAcls = (resources: Resources) => {
  for (const { id } of all(resources, 'AWS::EC2::SubnetNetworkAclAssociation')) delete resources[id];
};
const subnetOf = (resources: Resources, name: string) => task(resources, name).Subnets[0] as { Ref: string };
const moveTo = (resources: Resources, name: string, subnet: string) => void (task(resources, name).Subnets = all(resources, 'AWS::EC2::Subnet', subnet).map(({ id }) => ({ Ref: id })));
const addRoute = (resources: Resources, name: string, more: Record<string, unknown>) => {
  const subnet = subnetOf(resources, name).Ref;
  const table = all(resources, 'AWS::EC2::SubnetRouteTableAssociation').find(({ properties }) => properties.SubnetId.Ref === subnet)!.properties.RouteTableId;
  resources.ExtraRoute = { Type: 'AWS::EC2::Route', Properties: { RouteTableId: table, ...more } };
};
const OPEN = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' };
const ENDPOINTS = ['ecrapi', 'ecrdkr', 'logs', 's3', 'secretsmanager', 'verifiedpermissions'];

const WEAKENINGS: readonly (readonly [string, (resources: Resources) => unknown])[] = [
  ...ENDPOINTS.map((name) => [`the endpoint ${name} without a policy`, (r: Resources) => delete one(r, 'AWS::EC2::VPCEndpoint', name).properties.PolicyDocument] as const),
  ...ENDPOINTS.map((name) => [`the endpoint ${name} with one open statement more`, (r: Resources) => statement(r, name).push(OPEN)] as const),
  ['no rule that blocks other names', (r) => dns(r).splice(dns(r).findIndex(({ Priority }) => Priority === 900), 1)],
  ['every name is allowed first', (r) => dns(r).unshift({ ...dns(r).find(({ Priority }) => Priority === 900), Priority: 1, Action: 'ALLOW' })],
  ['other names only alert', (r) => (dns(r).find(({ Priority }) => Priority === 900)!.Action = 'ALERT')],
  ['other names are blocked for one type', (r) => (dns(r).find(({ Priority }) => Priority === 900)!.Qtype = 'A')],
  ['the DNS firewall fails open', (r) => (one(r, 'AWS::Route53Resolver::FirewallConfig').properties.FirewallFailOpen = 'ENABLED')],
  ['the DNS firewall is not associated', (r) => delete r[one(r, 'AWS::Route53Resolver::FirewallRuleGroupAssociation').id]],
  ['a resolver rule to elsewhere', (r) => ((r.Rule = { Type: 'AWS::Route53Resolver::ResolverRule', Properties: { RuleType: 'FORWARD', DomainName: 'example.com', TargetIps: [{ Ip: '198.51.100.53' }] } }), (r.Use = { Type: 'AWS::Route53Resolver::ResolverRuleAssociation', Properties: { VPCId: { Ref: one(r, 'AWS::EC2::VPC').id }, ResolverRuleId: { Ref: 'Rule' } } }))],
  ['names of others in the list of allowed names', (r) => one(r, 'AWS::Route53Resolver::FirewallDomainList', 'Outside').properties.Domains.push('*.attacker.example')],
  ['the firewall passes what no rule decides', (r) => (policy(r).StatefulDefaultActions = ['aws:alert_established'])],
  ['the firewall is not in strict order', (r) => (policy(r).StatefulEngineOptions = { RuleOrder: 'DEFAULT_ACTION_ORDER' })],
  ['the firewall passes without a look', (r) => (policy(r).StatelessDefaultActions = ['aws:pass'])],
  ['addresses are not validated', (r) => delete policy(r).Route53ResolvedIPValidation],
  ['addresses are validated, and only alerted', (r) => (policy(r).Route53ResolvedIPValidation.Action = 'ALERT')],
  ['addresses are validated for nobody', (r) => (policy(r).Route53ResolvedIPValidation.SourceIPRanges = [])],
  ['addresses are validated, but for half of the internet', (r) => (policy(r).Route53ResolvedIPValidation.BypassDestinationValidationIPRanges = [{ AddressDefinition: '128.0.0.0/1' }])],
  ['a rule group of somebody else', (r) => policy(r).StatefulRuleGroupReferences.push({ Priority: 1, ResourceArn: 'arn:aws:network-firewall:eu-west-1:111122223333:stateful-rulegroup/theirs' })],
  ['a rule that nobody can read', (r) => (source(r).RulesString += '\npass everything please')],
  ['one declared name more', (r) => (source(r).RulesString = `${source(r).RulesString}\n${source(r).RulesString.split('\n').at(-1).replaceAll('api.example.com', 'new.example.com')}`) && one(r, 'AWS::Route53Resolver::FirewallDomainList', 'Outside').properties.Domains.push('new.example.com')],
  ['a server goes around the firewall, first zone', (r) => natRoute(r, 'Egresseverything', 0)],
  ['a server goes around the firewall, second zone', (r) => natRoute(r, 'Egresseverything', 1)],
  ['the gateway goes around the firewall', (r) => natRoute(r, 'Egressgateway', 0)],
  ['a server moves into the subnets of the NAT gateways, with a public address and open groups', (r) => (moveTo(r, 'everything', 'NatSubnet'), (task(r, 'everything').AssignPublicIp = 'ENABLED'), egress(r, 'everything', { IpProtocol: '-1', CidrIp: '0.0.0.0/0' }))],
  ['a server without egress moves to the subnets of one with egress, and may go out', (r) => (moveTo(r, 'files', 'Egresseverything'), egress(r, 'files', { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' }))],
  ['two servers in one security group that trusts itself, and no network ACLs', (r) => {
    const group = { 'Fn::GetAtt': [one(r, 'AWS::EC2::SecurityGroup', 'files').id, 'GroupId'] };
    egress(r, 'files', { IpProtocol: '-1', DestinationSecurityGroupId: group });
    r.ExtraIn = { Type: 'AWS::EC2::SecurityGroupIngress', Properties: { GroupId: group, IpProtocol: '-1', SourceSecurityGroupId: group } };
    task(r, 'memory').SecurityGroups.push(group);
    withoutAcls(r);
  }],
  ['a server may call the load balancer, and no network ACLs', (r) => {
    const balancer = { 'Fn::GetAtt': [one(r, 'AWS::EC2::SecurityGroup', 'balancer').id, 'GroupId'] };
    egress(r, 'files', { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, DestinationSecurityGroupId: balancer });
    r.ExtraIn = { Type: 'AWS::EC2::SecurityGroupIngress', Properties: { GroupId: balancer, IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '10.0.0.0/8' } };
    withoutAcls(r);
  }],
  ['a transit gateway, open groups and no network ACLs', (r) => (addRoute(r, 'files', { DestinationCidrBlock: '10.0.0.0/8', TransitGatewayId: 'tgw-1' }), egress(r, 'files', { IpProtocol: '-1', CidrIp: '10.0.0.0/8' }), withoutAcls(r))],
  ['a peering, open groups and no network ACLs', (r) => ((r.Peer = { Type: 'AWS::EC2::VPCPeeringConnection', Properties: { VpcId: { Ref: one(r, 'AWS::EC2::VPC').id }, PeerVpcId: 'vpc-1' } }), addRoute(r, 'files', { DestinationCidrBlock: '172.16.0.0/12', VpcPeeringConnectionId: { Ref: 'Peer' } }), egress(r, 'files', { IpProtocol: '-1', CidrIp: '0.0.0.0/0' }), withoutAcls(r))],
  ['a VPN', (r) => (r.Vpn = { Type: 'AWS::EC2::VPNConnection', Properties: {} })],
  ['traffic mirroring', (r) => (r.Mirror = { Type: 'AWS::EC2::TrafficMirrorSession', Properties: {} })],
  ['the function that asks the servers leaves the VPC', (r) => delete one(r, 'AWS::Lambda::Function', 'Discover').properties.VpcConfig],
  ['the function that asks the servers may go out, from the subnets of one with egress', (r) => {
    one(r, 'AWS::Lambda::Function', 'Discover').properties.VpcConfig.SubnetIds = all(r, 'AWS::EC2::Subnet', 'Egresseverything').map(({ id }) => ({ Ref: id }));
    egress(r, 'discovery', { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' });
  }],
  ['a function leaves the VPC', (r) => delete one(r, 'AWS::Lambda::Function', 'Proxy').properties.VpcConfig],
  ['a new function outside of the VPC', (r) => (r.Helper = { Type: 'AWS::Lambda::Function', Properties: {} })],
  ['a new instance in the subnets of the servers, with the endpoints\' group', (r) => (r.Bastion = { Type: 'AWS::EC2::Instance', Properties: { SubnetId: subnetOf(r, 'files'), SecurityGroupIds: [{ 'Fn::GetAtt': [one(r, 'AWS::EC2::SecurityGroup', 'files').id, 'GroupId'] }] } })],
  ['a server in a security group of elsewhere', (r) => task(r, 'files').SecurityGroups.push('sg-0123456789')],
];

describe('NET-1 every weakening of the reference zone shows', () => {
  test('there are at least forty of them', () => expect(WEAKENINGS.length).toBeGreaterThanOrEqual(40));

  test.each(WEAKENINGS)('%s', (_, weaken) => {
    const changed = structuredClone(files);
    weaken(changed[0]!.body.Resources as Resources);
    expect(compareMatrices(before, matrixOf(changed)).filter(({ opens }) => opens)).not.toEqual([]);
  });
});

describe('NET-1 the reference zone', () => {
  test.each([
    ['ecs-service -> internet'],
    ['ecs-service -> dns'],
    ['ecs-service -> foreign-accounts'],
    ['ecs-service -> ecs-service'],
    ['ecs-service -> load-balancers'],
    ['internet -> *'],
    ['load-balancer -> internet'],
  ])('%s is closed', (denial) => expect(breaks(before, denial)).toBe(false));

  test('TD-4 what asks the servers reaches their load balancer, the table of the registry and declared names, and nothing reaches it', () => {
    const reached = before.cells.filter(({ from, verdict }) => from.name.endsWith('Tools/Discover/Function') && verdict !== 'closed').map(({ to: { label }, verdict }) => `${label}: ${verdict}`);
    expect(reached).toEqual([expect.stringMatching(/^DNS, allowed names.*: limited$/), 'dynamodb, own resources: limited', 'Mcp/Balancer: limited']);
    expect(before.cells.filter(({ to: { label }, verdict }) => label.endsWith('Tools/Discover/Function') && verdict !== 'closed')).toEqual([]);
  });
});
