import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { SecurityZone, ZoneService, ZoneTier } from '../../../lib';
import type { SecurityZoneProps } from '../../../lib';

type Subnets = ec2.SubnetConfiguration[];
const ISOLATED: Subnets = [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }];

function zoneIn(vpc: (stack: Stack) => ec2.IVpc, props: SecurityZoneProps = {}) {
  const stack = new Stack(new App(), 'Stack');
  return { stack, zone: new SecurityZone(stack, 'Zone', { vpc: vpc(stack), ...props }), template: () => Template.fromStack(stack) };
}

const vpcWith = (subnetConfiguration: Subnets, props: ec2.VpcProps = {}) => (stack: Stack) => new ec2.Vpc(stack, 'Vpc', { subnetConfiguration, natGateways: 0, restrictDefaultSecurityGroup: true, ...props });

const imported = (stack: Stack) => ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
  vpcId: 'vpc-11111111', availabilityZones: ['eu-west-1a', 'eu-west-1b'], isolatedSubnetIds: ['subnet-11111111', 'subnet-22222222'], isolatedSubnetRouteTableIds: ['rtb-1', 'rtb-2'],
});

function warnings(stack: Stack): string[] {
  return Annotations.fromStack(stack).findWarning('*', Match.anyValue()).map(({ entry }) => /cdk-mcp-zero-trust:([\w-]+)/.exec(String(entry.data))?.[1] ?? '').filter((id) => id !== '');
}

test('NET-1 a VPC that is given gets the logs, the DNS firewall, endpoints and security groups of a zone', () => {
  const { zone, template: synthesize } = zoneIn(imported);
  zone.allowService(zone.addServer('crm'), ZoneService.KMS, { actions: ['kms:Decrypt'], resources: ['arn:aws:kms:eu-west-1:123456789012:key/k'] });
  const template = synthesize();
  for (const type of ['AWS::EC2::FlowLog', 'AWS::Route53Resolver::FirewallRuleGroupAssociation', 'AWS::Route53Resolver::FirewallConfig', 'AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation', 'AWS::EC2::VPCEndpoint']) template.resourceCountIs(type, 1);
  template.resourceCountIs('AWS::EC2::VPC', 0);
  template.resourceCountIs('AWS::EC2::NetworkAcl', 0);
  template.hasResourceProperties('AWS::EC2::VPCEndpoint', { SubnetIds: ['subnet-11111111', 'subnet-22222222'] });
});

test('what cannot be known of a VPC from elsewhere is said', () => {
  expect(warnings(zoneIn(imported).stack)).toEqual(['vpc-imported']);
});

test('what a VPC of the same app lacks is said', () => {
  expect(warnings(zoneIn(vpcWith(ISOLATED)).stack)).toEqual(['vpc-noNetworkAcl']);
  expect(warnings(zoneIn(vpcWith(ISOLATED, { restrictDefaultSecurityGroup: false })).stack)).toEqual(['vpc-noNetworkAcl', 'vpc-defaultSecurityGroup']);
  expect(warnings(zoneIn(vpcWith(ISOLATED, { ipProtocol: ec2.IpProtocol.DUAL_STACK })).stack)).toContain('vpc-ipv6');
});

test('NET-1 a default route that somebody added to an isolated subnet is found', () => {
  const routed = (stack: Stack) => {
    const vpc = vpcWith(ISOLATED)(stack);
    (vpc.isolatedSubnets[0] as ec2.PrivateSubnet).addRoute('Out', { routerType: ec2.RouterType.TRANSIT_GATEWAY, routerId: 'tgw-1' });
    return vpc;
  };
  expect(() => zoneIn(routed)).toThrow('1 default routes are in the zone\'s subnets, expected none');
  expect(warnings(zoneIn(routed, { unsafeRoutesOut: true }).stack)).toContain('vpc-routesOut');
});

describe('NET-1 what is no zone is refused', () => {
  const EGRESS: Subnets = [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }, { name: 'Private', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS }];

  test('public subnets, whatever is called unsafe', () => {
    const props = { vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC }, unsafeRoutesOut: true };
    expect(() => zoneIn(vpcWith(EGRESS, { natGateways: 1 }), props)).toThrow(/subnets are public, expected isolated ones: choose others with vpcSubnets/);
  });

  test('subnets with NAT, unless somebody calls them unsafe', () => {
    const props = { vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS } };
    expect(() => zoneIn(vpcWith(EGRESS, { natGateways: 1 }), props)).toThrow(/subnets have a route out, expected isolated ones/);
    expect(warnings(zoneIn(vpcWith(EGRESS, { natGateways: 1 }), { ...props, unsafeRoutesOut: true }).stack)).toContain('vpc-routesOut');
  });

  test('one availability zone', () => {
    expect(() => zoneIn(vpcWith(ISOLATED, { maxAzs: 1 }))).toThrow('the zone\'s subnets are in 1 availability zone, expected two or more');
  });

  test('egress, whose routes and walls are not the zone\'s to make', () => {
    const { zone } = zoneIn(imported);
    expect(() => zone.allowEgress(zone.addServer('crm'), { domains: ['api.example.com'] })).toThrow('the zone is in a VPC that was given, and "crm" shall have egress: let the zone make its own VPC');
  });

  test('addresses of a part, which it does not divide into parts', () => {
    expect(() => zoneIn(imported).zone.cidrOf(ZoneTier.FRONT)).toThrow('the zone is in a VPC that was given, and has no addresses for "front" alone: let the zone make its own VPC');
  });

  test.each([[{ cidr: '10.0.0.0/16' }], [{ maxAzs: 2 }]])('%j of a VPC that is there already', (props) => {
    expect(() => zoneIn(imported, props)).toThrow('vpc excludes cidr and maxAzs');
  });

  test('subnets without their VPC', () => {
    expect(() => new SecurityZone(new Stack(new App(), 'Stack'), 'Zone', { vpcSubnets: {} })).toThrow('vpcSubnets is given, and vpc is missing');
  });
});
