import type { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import { ZoneTier, type EgressOptions, type ZoneEgressProps } from '../../../lib';
import { logicalId, propertiesOf, securityGroupRules, walls, zoneStack } from './zone-stack';

function declared(egress: ZoneEgressProps | ((stack: Stack) => ZoneEgressProps) = {}, options: EgressOptions = { domains: ['api.example.com'] }) {
  const made = zoneStack((stack) => ({ egress: typeof egress === 'function' ? egress(stack) : egress }));
  const crm = made.zone.addServer('crm');
  made.zone.addServer('files');
  made.zone.allowEgress(crm, options);
  return { ...made, crm };
}

function rulesIn(template: ReturnType<ReturnType<typeof declared>['template']>): string {
  return propertiesOf(template, 'AWS::NetworkFirewall::RuleGroup')[0]!.RuleGroup.RulesSource.RulesString;
}

describe('declared egress', () => {
  const template = declared().template();
  const subnets = template.findResources('AWS::EC2::Subnet');
  const firewalls = template.findResources('AWS::NetworkFirewall::Firewall');

  /** Where each route leads, by the CIDR of the subnet that has it. */
  const routes = (() => {
    const associations = propertiesOf(template, 'AWS::EC2::SubnetRouteTableAssociation');
    return propertiesOf(template, 'AWS::EC2::Route').map((route) => {
      const { SubnetId } = associations.find(({ RouteTableId }) => logicalId(RouteTableId) === logicalId(route.RouteTableId))!;
      const endpoint = JSON.stringify(route.VpcEndpointId ?? '');
      const firewall = Object.keys(firewalls).find((id) => endpoint.includes(`"${id}"`));
      const target = route.GatewayId ? 'internet gateway' : route.NatGatewayId ? 'NAT' : `firewall in ${subnets[logicalId(firewalls[firewall!]!.Properties.SubnetMappings[0].SubnetId)]!.Properties.CidrBlock}`;
      return `${subnets[logicalId(SubnetId)]!.Properties.CidrBlock}: ${route.DestinationCidrBlock} -> ${target}`;
    }).sort();
  })();

  test('NET-1 leads through the firewall of its availability zone, then NAT, and back the same way; no other subnet has a route', () => {
    expect(routes).toEqual([
      '10.80.6.0/28: 0.0.0.0/0 -> NAT',
      '10.80.6.16/28: 0.0.0.0/0 -> NAT',
      '10.80.7.0/28: 0.0.0.0/0 -> internet gateway',
      '10.80.7.0/28: 10.80.8.0/28 -> firewall in 10.80.6.0/28',
      '10.80.7.16/28: 0.0.0.0/0 -> internet gateway',
      '10.80.7.16/28: 10.80.8.16/28 -> firewall in 10.80.6.16/28',
      '10.80.8.0/28: 0.0.0.0/0 -> firewall in 10.80.6.0/28',
      '10.80.8.16/28: 0.0.0.0/0 -> firewall in 10.80.6.16/28',
    ]);
  });

  test('NET-1 drops by default, fragments and broken streams too, in strict order', () => {
    template.hasResourceProperties('AWS::NetworkFirewall::FirewallPolicy', {
      FirewallPolicy: {
        StatelessDefaultActions: ['aws:forward_to_sfe'],
        StatelessFragmentDefaultActions: ['aws:drop'],
        StatefulEngineOptions: { RuleOrder: 'STRICT_ORDER', StreamExceptionPolicy: 'DROP' },
        StatefulDefaultActions: ['aws:drop_established_app_layer_to_server', 'aws:alert_established_app_layer_to_server'],
        // A false name in a ClientHello leads to no address that the zone's resolver gave out.
        Route53ResolvedIPValidation: { Action: 'DROP', DNSExpiryExceptionPolicy: 'REJECT', DNSFirewallRuleGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('DnsFirewall'), 'Id'] } },
      },
    });
    template.hasResourceProperties('AWS::NetworkFirewall::RuleGroup', { Type: 'STATEFUL', Capacity: 1000, RuleGroup: { StatefulRuleOptions: { RuleOrder: 'STRICT_ORDER' } } });
  });

  test('NET-1 the firewall knows the workload by the addresses of its own subnets', () => {
    const [{ RuleGroup }] = propertiesOf(template, 'AWS::NetworkFirewall::RuleGroup') as [any];
    expect(RuleGroup.RuleVariables.IPSets).toEqual({ ZONE: { Definition: ['10.80.0.0/20'] }, SERVER_CRM: { Definition: ['10.80.8.0/26'] } });
    expect(RuleGroup.RulesSource.RulesString).toContain('pass tls $SERVER_CRM any -> any [443] (msg:"crm: api.example.com"');
  });

  test('PUB-7 what the firewall drops and what it sees is logged, and it cannot be deleted', () => {
    for (const { LoggingConfiguration } of propertiesOf(template, 'AWS::NetworkFirewall::LoggingConfiguration')) {
      expect(LoggingConfiguration.LogDestinationConfigs.map(({ LogType, LogDestinationType }: any) => `${LogType} ${LogDestinationType}`)).toEqual(['ALERT CloudWatchLogs', 'FLOW CloudWatchLogs']);
    }
    template.resourceCountIs('AWS::NetworkFirewall::LoggingConfiguration', 2);
    template.allResourcesProperties('AWS::NetworkFirewall::Firewall', { DeleteProtection: true, SubnetChangeProtection: true });
  });

  test('only the workload that has it may leave, by its security group', () => {
    expect(securityGroupRules(template)).toEqual(['crm -> 0.0.0.0/0:443']);
  });

  test('NET-1 network ACLs on the way know the workload, the port, and that the rest of the zone is not on it', () => {
    const beyond = ['in allow tcp 1024-65535 0.0.0.0/0', 'in deny all 10.80.0.0/20', 'out allow tcp 443-443 0.0.0.0/0', 'out deny all 10.80.0.0/20'];
    const passage = ['in allow tcp 443-443 10.80.8.0/26', 'out allow tcp 1024-65535 10.80.8.0/26'];
    expect(walls(template)).toEqual({
      '10.80.0.0/24': [], '10.80.4.0/26': [], '10.80.5.0/26': [],
      '10.80.8.0/28': beyond,
      '10.80.6.0/28': [...beyond, ...passage].sort(),
      '10.80.7.0/28': [...beyond, ...passage].sort(),
    });
  });

  test('a denial of the zone comes after what is allowed in it, and before what is allowed beyond it', () => {
    const { zone, crm, template: synthesize } = declared();
    zone.connectServers(zone.addServer('gateway', { tier: ZoneTier.FRONT }), crm, 8443);
    const own = propertiesOf(synthesize(), 'AWS::EC2::NetworkAclEntry').filter(({ NetworkAclId }) => /Egresscrm/.test(logicalId(NetworkAclId)));
    const order = own.filter(({ Egress }) => !Egress).sort((a, b) => a.RuleNumber - b.RuleNumber).map(({ RuleAction, CidrBlock }) => `${RuleAction} ${CidrBlock}`);
    expect(order).toEqual(['allow 10.80.4.0/24', 'deny 10.80.0.0/20', 'allow 0.0.0.0/0']);
  });
});

test('a workload has the subnets of its egress wherever it is asked, also before it was declared', () => {
  const { stack, zone } = zoneStack();
  const crm = zone.addServer('crm');
  const before = zone.vpc.selectSubnets(crm.vpcSubnets).subnetIds;
  zone.allowEgress(crm, { domains: ['api.example.com'] });
  expect(stack.resolve(before)).toEqual([{ Ref: expect.stringContaining('EgresscrmSubnet1') }, { Ref: expect.stringContaining('EgresscrmSubnet2') }]);
});

test('what is connected before egress is declared is connected in the new subnets', () => {
  const { zone, template } = zoneStack();
  const crm = zone.addServer('crm');
  zone.connectServers(zone.addServer('gateway', { tier: ZoneTier.FRONT }), crm, 8443);
  zone.allowEgress(crm, { domains: ['api.example.com'] });
  const all = walls(template());
  expect(all['10.80.0.0/24']).toEqual([]);
  expect(all['10.80.8.0/28']).toContain('in allow tcp 8443-8443 10.80.4.0/24');
});

test('declarations of one workload add up, with one place and one way', () => {
  const { zone, crm, template: synthesize } = declared();
  zone.allowEgress(crm, { domains: ['b.example.com'], ports: [8443] });
  const template = synthesize();
  template.resourceCountIs('AWS::NetworkFirewall::Firewall', 2);
  expect(rulesIn(template).match(/^pass tls .*?\]/gm)).toEqual(['pass tls $SERVER_CRM any -> any [443]', 'pass tls $SERVER_CRM any -> any [8443]']);
  expect(securityGroupRules(template)).toEqual(['crm -> 0.0.0.0/0:443', 'crm -> 0.0.0.0/0:8443']);
});

test('the template does not say in what order a firewall lists its endpoints, so each has one', () => {
  for (const { SubnetMappings } of propertiesOf(declared().template(), 'AWS::NetworkFirewall::Firewall')) expect(SubnetMappings).toHaveLength(1);
});

describe('options', () => {
  test('managed rule groups come before the declared names', () => {
    const [{ FirewallPolicy }] = propertiesOf(declared({ managedRuleGroups: ['ThreatSignaturesBotnetStrictOrder'] }).template(), 'AWS::NetworkFirewall::FirewallPolicy') as [any];
    const references = FirewallPolicy.StatefulRuleGroupReferences;
    expect(references.map(({ Priority }: any) => Priority)).toEqual([10, 100]);
    expect(JSON.stringify(references[0].ResourceArn)).toContain(':aws-managed:stateful-rulegroup/ThreatSignaturesBotnetStrictOrder');
    expect(() => declared({ managedRuleGroups: ['ThreatSignaturesBotnetActionOrder'] })).toThrow('expected one in strict order');
  });

  test('NET-4 TLS inspection decrypts the declared ports only, ends connections to revoked certificates, and holds a connection until its name is known', () => {
    const template = declared((stack) => ({
      tlsInspectionAuthority: acm.Certificate.fromCertificateArn(stack, 'Authority', 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555'),
    })).template();
    template.hasResourceProperties('AWS::NetworkFirewall::FirewallPolicy', { FirewallPolicy: { EnableTLSSessionHolding: true, TLSInspectionConfigurationArn: Match.anyValue() } });
    template.hasResourceProperties('AWS::NetworkFirewall::TLSInspectionConfiguration', {
      TLSInspectionConfiguration: {
        ServerCertificateConfigurations: [{
          CheckCertificateRevocationStatus: { RevokedStatusAction: 'DROP', UnknownStatusAction: 'DROP' },
          Scopes: [Match.objectLike({ DestinationPorts: [{ FromPort: 443, ToPort: 443 }], Sources: [{ AddressDefinition: '10.80.0.0/20' }] })],
        }],
      },
    });
  });

  test('a capacity that is too small is a finding of the synthesis, with the number that is needed', () => {
    const { stack } = declared({ ruleCapacity: 5 });
    expect(() => (stack.node.root as App).synth()).toThrow('the declared egress makes 7 firewall rules, and ruleCapacity is 5: raise it to at least 7');
  });

  test('a capacity is part of the name of the group, because another one replaces it', () => {
    expect(propertiesOf(declared({ ruleCapacity: 50 }).template(), 'AWS::NetworkFirewall::RuleGroup')[0]).toMatchObject({ Capacity: 50, RuleGroupName: expect.stringMatching(/-Rules-50$/) });
  });
});

describe('what weakens the wall', () => {
  test('NET-4 plain HTTP is called unsafe, checked by its host, and warned of', () => {
    const { stack, template } = declared({}, { domains: ['api.example.com'], unsafePlainHttpPorts: [80] });
    Annotations.fromStack(stack).hasWarning('/Stack/Zone', Match.stringLikeRegexp('"crm" may leave the zone without TLS, on port 80'));
    expect(rulesIn(template())).toMatch(/^pass http \$SERVER_CRM any -> any \[80\] .*http\.host/m);
  });

  test('names below a name are called unsafe and warned of', () => {
    const { stack } = declared({}, { unsafeDomainsWithSubdomains: ['example.com'] });
    Annotations.fromStack(stack).hasWarning('/Stack/Zone', Match.stringLikeRegexp('"crm" may reach every name below example.com'));
  });
});

test.each([
  [{}, 'the egress of "crm" names no domain'],
  [{ domains: ['*.example.com'] }, '"*.example.com" is not an exact domain name'],
  [{ domains: ['93.184.216.34'] }, '"93.184.216.34" is not an exact domain name'],
  [{ domains: ['a.example.com'], ports: [0] }, 'the egress port is 0'],
])('refuses %j where it is declared', (options: EgressOptions, message) => {
  expect(() => declared({}, options)).toThrow(message);
});
