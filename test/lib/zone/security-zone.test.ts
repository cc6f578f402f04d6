import { Match } from 'aws-cdk-lib/assertions';
import { Annotations } from 'aws-cdk-lib/assertions';
import { ZoneService, ZoneTier } from '../../../lib';
import { propertiesOf, securityGroupRules, walls, zoneStack } from './zone-stack';

const USE = { actions: ['secretsmanager:GetSecretValue'], resources: ['arn:aws:secretsmanager:eu-west-1:123456789012:secret:crm'] };

describe('a zone in which nothing was declared', () => {
  const { zone, template: synthesize } = zoneStack();
  zone.addServer('files');
  zone.addServer('memory');
  const template = synthesize();

  test.each([
    'AWS::EC2::InternetGateway', 'AWS::EC2::EgressOnlyInternetGateway', 'AWS::EC2::NatGateway', 'AWS::EC2::TransitGatewayAttachment', 'AWS::EC2::VPCPeeringConnection', 'AWS::EC2::VPNGateway',
    'AWS::EC2::Route', 'AWS::EC2::VPCEndpoint', 'AWS::EC2::NetworkAclEntry', 'AWS::EC2::VPCCidrBlock', 'AWS::NetworkFirewall::Firewall', 'AWS::Route53Resolver::ResolverRule',
  ])('NET-1 has no %s', (type) => {
    template.resourceCountIs(type, 0);
  });

  test('NET-1 has a subnet for each part in each availability zone, none of which gives out public or IPv6 addresses', () => {
    const subnets = propertiesOf(template, 'AWS::EC2::Subnet');
    expect(subnets.map(({ CidrBlock }) => CidrBlock).sort()).toEqual(['10.80.0.0/24', '10.80.1.0/24', '10.80.4.0/26', '10.80.4.64/26', '10.80.5.0/26', '10.80.5.64/26']);
    expect(subnets.filter(({ MapPublicIpOnLaunch, Ipv6CidrBlock, AssignIpv6AddressOnCreation }) => MapPublicIpOnLaunch || Ipv6CidrBlock || AssignIpv6AddressOnCreation)).toEqual([]);
  });

  test('NET-1 every subnet has a network ACL of the zone', () => {
    const walled = propertiesOf(template, 'AWS::EC2::SubnetNetworkAclAssociation').map(({ SubnetId }) => SubnetId.Ref);
    expect(walled.sort()).toEqual(Object.keys(template.findResources('AWS::EC2::Subnet')).sort());
  });

  test('MUL-5 PUB-6 each server has a security group of its own, without a rule', () => {
    expect(securityGroupRules(template)).toEqual([]);
    template.resourceCountIs('AWS::EC2::SecurityGroup', 2);
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    expect(propertiesOf(template, 'AWS::EC2::SecurityGroup').filter(({ SecurityGroupIngress }) => SecurityGroupIngress)).toEqual([]);
  });

  test('the default security group is emptied', () => {
    template.resourceCountIs('Custom::VpcRestrictDefaultSG', 1);
  });

  test('PUB-7 every flow is logged within a minute, with its task, its way and its addresses before translation', () => {
    template.hasResourceProperties('AWS::EC2::FlowLog', { TrafficType: 'ALL', ResourceType: 'VPC', MaxAggregationInterval: 60, LogDestinationType: 'cloud-watch-logs' });
    const [{ LogFormat }] = propertiesOf(template, 'AWS::EC2::FlowLog') as [{ LogFormat: string }];
    for (const field of ['pkt-srcaddr', 'pkt-dstaddr', 'flow-direction', 'traffic-path', 'ecs-task-id', 'action']) expect(LogFormat).toContain(`\${${field}}`);
  });

  test('LOG-2 every lookup is logged, and the services may deliver', () => {
    template.resourceCountIs('AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation', 1);
    const [{ PolicyDocument }] = propertiesOf(template, 'AWS::Logs::ResourcePolicy') as [{ PolicyDocument: unknown }];
    expect(JSON.stringify(PolicyDocument)).toContain('delivery.logs.amazonaws.com');
  });

  test('logs are encrypted with a key of the zone, kept for a year, and outlive it', () => {
    const groups = Object.values(template.findResources('AWS::Logs::LogGroup'));
    expect(groups.filter(({ Properties, DeletionPolicy }) => Properties.KmsKeyId && Properties.RetentionInDays === 365 && DeletionPolicy === 'Retain')).toHaveLength(2);
    template.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
  });
});

describe('DNS Firewall', () => {
  test('NET-1 nothing can be looked up, resolvers that would do it elsewhere do not exist, and a firewall that fails answers nothing', () => {
    const template = zoneStack().template();
    const lists = template.findResources('AWS::Route53Resolver::FirewallDomainList');
    const domains = ({ FirewallDomainListId }: any): string[] => lists[FirewallDomainListId['Fn::GetAtt'][0]]!.Properties.Domains;
    const [{ FirewallRules }] = propertiesOf(template, 'AWS::Route53Resolver::FirewallRuleGroup') as [{ FirewallRules: any[] }];
    expect(FirewallRules[0]).toMatchObject({ Action: 'BLOCK', BlockResponse: 'NXDOMAIN' });
    expect(domains(FirewallRules[0])).toEqual(expect.arrayContaining(['dns.google', 'cloudflare-dns.com', 'use-application-dns.net']));
    const last = FirewallRules.at(-1);
    expect(last).toMatchObject({ Action: 'BLOCK', BlockResponse: 'NXDOMAIN' });
    expect(domains(last)).toEqual(['*']);
    expect(Math.max(...FirewallRules.map(({ Priority }) => Priority))).toBe(last.Priority);
    expect(FirewallRules.filter(({ Action }) => Action === 'ALLOW').flatMap(domains)).toEqual([]);
    template.hasResourceProperties('AWS::Route53Resolver::FirewallConfig', { FirewallFailOpen: 'DISABLED' });
    template.hasResourceProperties('AWS::Route53Resolver::FirewallRuleGroupAssociation', { MutationProtection: 'ENABLED' });
  });

  test('what is declared can be looked up by its addresses only, because other records carry data or keys of encrypted ClientHellos', () => {
    const { zone, template: synthesize } = zoneStack();
    zone.allowEgress(zone.addServer('crm'), { domains: ['api.example.com'] });
    zone.allowNames('files.mcp.internal.example.com');
    const template = synthesize();
    const listed = (name: string) => Object.entries(template.findResources('AWS::Route53Resolver::FirewallDomainList')).find(([, { Properties }]) => Properties.Domains.includes(name))![0];
    const [{ FirewallRules }] = propertiesOf(template, 'AWS::Route53Resolver::FirewallRuleGroup') as [{ FirewallRules: any[] }];
    const rulesOf = (name: string) => FirewallRules.filter(({ FirewallDomainListId }) => FirewallDomainListId['Fn::GetAtt'][0] === listed(name))
      .map(({ Action, Qtype, BlockResponse, FirewallDomainRedirectionAction }) => [Action, Qtype ?? BlockResponse, FirewallDomainRedirectionAction]);
    expect(rulesOf('api.example.com')).toEqual([['ALLOW', 'A', 'TRUST_REDIRECTION_DOMAIN'], ['ALLOW', 'AAAA', 'TRUST_REDIRECTION_DOMAIN'], ['BLOCK', 'NODATA', undefined]]);
    expect(rulesOf('files.mcp.internal.example.com')).toEqual([['ALLOW', 'A', 'INSPECT_REDIRECTION_DOMAIN'], ['ALLOW', 'AAAA', 'INSPECT_REDIRECTION_DOMAIN'], ['BLOCK', 'NODATA', undefined]]);
  });

  test('a zone says what it knows', () => {
    const { zone } = zoneStack();
    zone.allowEgress(zone.addServer('crm'), { domains: ['api.example.com'], unsafeDomainsWithSubdomains: ['example.org'] });
    expect(['api.example.com', 'example.org', 'a.b.example.org', 'www.example.com', 'badexample.org', 'org'].map((name) => zone.knowsName(name))).toEqual([true, true, true, false, false, false]);
  });
});

describe('servers that are connected', () => {
  test('MUL-5 one way, on one port, through both walls', () => {
    const { zone, template: synthesize } = zoneStack();
    const [gateway, files] = [zone.addServer('gateway', { tier: ZoneTier.FRONT }), zone.addServer('files')];
    zone.connectServers(gateway, files, 8443);
    const template = synthesize();
    expect(securityGroupRules(template)).toEqual(['gateway -> files:8443']);
    expect(walls(template)).toEqual({
      '10.80.0.0/24': ['in allow tcp 8443-8443 10.80.4.0/24', 'out allow tcp 1024-65535 10.80.4.0/24'],
      '10.80.4.0/26': ['in allow tcp 1024-65535 10.80.0.0/22', 'out allow tcp 8443-8443 10.80.0.0/22'],
      '10.80.5.0/26': [],
    });
  });

  test('MUL-5 for names alone, over UDP and TCP, through both walls, and answers come back', () => {
    const { zone, template: synthesize } = zoneStack();
    const [nodes, resolver] = [zone.addServer('nodes'), zone.addServer('resolver', { tier: ZoneTier.FRONT })];
    zone.connectLookups(nodes, resolver);
    const template = synthesize();
    expect(securityGroupRules(template)).toEqual(['nodes -> resolver:53', 'nodes -> resolver:53']);
    expect(walls(template)).toEqual({
      '10.80.0.0/24': ['in allow tcp 1024-65535 10.80.4.0/24', 'in allow udp 1024-65535 10.80.4.0/24', 'out allow tcp 53-53 10.80.4.0/24', 'out allow udp 53-53 10.80.4.0/24'],
      '10.80.4.0/26': ['in allow tcp 53-53 10.80.0.0/22', 'in allow udp 53-53 10.80.0.0/22', 'out allow tcp 1024-65535 10.80.0.0/22', 'out allow udp 1024-65535 10.80.0.0/22'],
      '10.80.5.0/26': [],
    });
  });

  test('are IConnectable, with the port that they were given', () => {
    const { zone, template } = zoneStack();
    const [files, crm] = [zone.addServer('files'), zone.addServer('crm', { port: 9443 })];
    files.connections.allowToDefaultPort(crm);
    expect(securityGroupRules(template())).toEqual(['files -> crm:9443']);
  });

  test('the numbers of network ACL rules depend on nothing but what they say', () => {
    const numbers = (names: string[]) => {
      const { zone, template } = zoneStack();
      const gateway = zone.addServer('gateway', { tier: ZoneTier.FRONT });
      for (const name of names) zone.connectServers(gateway, zone.addServer(name), 8000 + name.length);
      return Object.fromEntries(propertiesOf(template(), 'AWS::EC2::NetworkAclEntry').map(({ Egress, CidrBlock, PortRange, RuleNumber }) => [`${Egress}${CidrBlock}${PortRange.From}`, RuleNumber]));
    };
    expect(numbers(['a', 'bb', 'ccc'])).toMatchObject(numbers(['ccc', 'a']));
  });

  test('of another zone are refused', () => {
    const [one, other] = [zoneStack().zone, zoneStack().zone];
    expect(() => one.connectServers(one.addServer('files'), other.addServer('crm'), 443)).toThrow('the workload "crm" is of another zone');
  });

  test.each(['Files', 'a b', '', 'x'.repeat(26), 'a"; drop'])('the name %j is refused', (name) => {
    expect(() => zoneStack().zone.addServer(name)).toThrow('expected lower-case letters, digits, _ and -, at most 25');
  });
});

describe('a service that a workload uses', () => {
  function used(organizationId?: string) {
    const { stack, zone, template } = zoneStack({ organizationId });
    const crm = zone.addServer('crm');
    zone.allowService(crm, ZoneService.SECRETS_MANAGER, USE);
    return { stack, zone, crm, template };
  }

  test('NET-1 has an endpoint that lets principals of this account do what was declared with what was declared, and nothing else', () => {
    const template = used().template();
    const [{ PolicyDocument, PrivateDnsEnabled, VpcEndpointType }] = propertiesOf(template, 'AWS::EC2::VPCEndpoint') as [any];
    expect(PolicyDocument.Statement).toEqual([{
      Effect: 'Allow', Principal: { AWS: '*' }, Action: 'secretsmanager:GetSecretValue', Resource: USE.resources[0],
      Condition: { StringEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } } },
    }]);
    expect({ PrivateDnsEnabled, VpcEndpointType }).toEqual({ PrivateDnsEnabled: true, VpcEndpointType: 'Interface' });
  });

  test('is bound to the organization where there is one', () => {
    const [{ PolicyDocument }] = propertiesOf(used('o-abc').template(), 'AWS::EC2::VPCEndpoint') as [any];
    expect(PolicyDocument.Statement[0].Condition).toEqual({ StringEquals: { 'aws:PrincipalOrgID': 'o-abc' } });
  });

  test('is reached by that workload only, on 443, through both walls', () => {
    const { zone, template: synthesize } = used();
    zone.addServer('files');
    const template = synthesize();
    expect(securityGroupRules(template)).toEqual(['crm -> Endpoint of secretsmanager:443']);
    expect(walls(template)).toMatchObject({
      '10.80.0.0/24': ['in allow tcp 1024-65535 10.80.5.0/24', 'out allow tcp 443-443 10.80.5.0/24'],
      '10.80.5.0/26': ['in allow tcp 443-443 10.80.0.0/22', 'out allow tcp 1024-65535 10.80.0.0/22'],
    });
  });

  test('is one endpoint for all that use it', () => {
    const { zone, template } = used();
    zone.allowService(zone.addServer('files'), ZoneService.SECRETS_MANAGER, USE);
    template().resourceCountIs('AWS::EC2::VPCEndpoint', 1);
  });

  test('is looked up in the zone', () => {
    const lists = propertiesOf(used().template(), 'AWS::Route53Resolver::FirewallDomainList').map(({ Domains }) => JSON.stringify(Domains));
    expect(lists).toContainEqual(JSON.stringify([{ 'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]] }]));
  });
});

describe('a task', () => {
  test('NET-1 gets its image and writes its log through endpoints that know its repository and its log group only', () => {
    const { zone, template: synthesize } = zoneStack();
    zone.allowTaskStart(zone.addServer('crm'), 'arn:aws:ecr:eu-west-1:123456789012:repository/crm', 'arn:aws:logs:eu-west-1:123456789012:log-group:crm');
    const endpoints = propertiesOf(synthesize(), 'AWS::EC2::VPCEndpoint');
    expect(endpoints).toHaveLength(4);
    const statements = endpoints.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    expect(statements.filter(({ Resource }) => Resource === '*').map(({ Action }) => Action)).toEqual(['ecr:GetAuthorizationToken']);
    // The service signs the links to image layers itself, so that no account can be asked for: the bucket is its own.
    expect(statements.filter(({ Condition }) => Condition === undefined)).toEqual([{
      Effect: 'Allow', Principal: { AWS: '*' }, Action: 's3:GetObject',
      Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':s3:::prod-', { Ref: 'AWS::Region' }, '-starport-layer-bucket/*']] },
    }]);
  });
});

test('an endpoint for clients of private APIs takes those of this account only, from the clients only', () => {
  const { zone, template: synthesize } = zoneStack();
  zone.addApiEndpoint('arn:aws:execute-api:eu-west-1:123456789012:*', ['10.20.0.0/16']);
  const template = synthesize();
  template.hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: [Match.objectLike({ CidrIp: '10.20.0.0/16', FromPort: 443, ToPort: 443 })] });
  expect(walls(template)['10.80.5.0/26']).toEqual(['in allow tcp 443-443 10.20.0.0/16', 'out allow tcp 1024-65535 10.20.0.0/16']);
  expect(() => zoneStack().zone.addApiEndpoint('arn', ['10.80.5.0/24'])).toThrow('the client addresses 10.80.5.0/24 are the zone\'s own');
});

test('three availability zones where they are known', () => {
  expect(() => zoneStack({ maxAzs: 4 })).toThrow('maxAzs is 4, expected 2 or 3');
});

test('nothing is said in a synthesis of what is as it should be', () => {
  const { stack, zone } = zoneStack();
  zone.allowEgress(zone.addServer('crm'), { domains: ['api.example.com'] });
  Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
});
