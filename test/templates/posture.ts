import type { Template } from 'aws-cdk-lib/assertions';
import { logicalId, propertiesOf, securityGroupRules, walls } from '../lib/zone/zone-stack';

/** What a reviewer asks of a zone's template: who may talk to whom, and what leaves it. */
export function posture(template: Template): object {
  const subnets = template.findResources('AWS::EC2::Subnet');
  const cidrOf = (routeTable: string) => {
    const { SubnetId } = propertiesOf(template, 'AWS::EC2::SubnetRouteTableAssociation').find(({ RouteTableId }) => logicalId(RouteTableId) === routeTable)!;
    return subnets[logicalId(SubnetId)]!.Properties.CidrBlock as string;
  };
  return {
    securityGroups: securityGroupRules(template),
    networkAcls: walls(template),
    routes: propertiesOf(template, 'AWS::EC2::Route').map((route) => `${cidrOf(logicalId(route.RouteTableId))}: ${route.DestinationCidrBlock} -> ${['GatewayId', 'NatGatewayId', 'VpcEndpointId'].find((target) => route[target])}`).sort(),
    firewallRules: propertiesOf(template, 'AWS::NetworkFirewall::RuleGroup').flatMap(({ RuleGroup }) => RuleGroup.RulesSource.RulesString.split('\n')),
    endpointActions: Object.fromEntries(Object.entries(template.findResources('AWS::EC2::VPCEndpoint')).map(([id, { Properties }]) => [
      /Endpoints([a-z0-9]+?)[0-9A-F]{8}$/.exec(id)?.[1] ?? id, [...new Set(Properties.PolicyDocument.Statement.flatMap(({ Action }: any) => Action))].sort(),
    ])),
  };
}
