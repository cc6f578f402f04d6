import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import type { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { addModel } from '../../bin/models';
import { logicalId, propertiesOf, securityGroupRules, walls } from '../lib/zone/zone-stack';
import { validatedApp, validateTemplates } from './validated-app';

validateTemplates();

/** What a reviewer asks of a zone's template: who may talk to whom, and what leaves it. */
function posture(template: Template): object {
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

describe.each([['with declared egress', 'api.example.com'], ['without egress', 'none']])('the reference stack of the zone, %s,', (_, egress) => {
  const app = validatedApp(addModel, { model: 'zone', egress });
  const stack = app.node.findChild('McpZoneModel') as Stack;

  test('is clean under the rules of the CDK, AWS Solutions, NIST 800-53 R5 and our own, without a warning', () => {
    expect(() => app.synth()).not.toThrow();
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
    Annotations.fromStack(stack).hasNoError('*', Match.anyValue());
  });

  test('says why, for every finding that is acknowledged', () => {
    const acknowledged = stack.node.findAll().flatMap(({ node }) => node.metadata)
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Record<string, string>));
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.filter(([, reason]) => reason.split(' ').length < 8)).toEqual([]);
  });

  test('fits into one template of AWS CloudFormation', () => {
    const { Resources } = Template.fromStack(stack).toJSON();
    expect(Object.keys(Resources).length).toBeLessThan(500);
    expect(JSON.stringify(Template.fromStack(stack).toJSON()).length).toBeLessThan(1_000_000);
  });

  test('NET-1 MUL-5 does not change in what it lets through unnoticed', () => {
    expect(posture(Template.fromStack(stack))).toMatchSnapshot();
  });
});

test('the costs of the documentation count what the reference stack has', () => {
  const counted = Object.fromEntries(['api.example.com', 'none'].map((egress) => {
    const template = Template.fromStack(validatedApp(addModel, { model: 'zone', egress }).node.findChild('McpZoneModel') as Stack);
    const tasks = propertiesOf(template, 'AWS::ECS::Service').reduce((sum, { DesiredCount }) => sum + DesiredCount, 0);
    return [egress, {
      endpoints: propertiesOf(template, 'AWS::EC2::VPCEndpoint').length, tasks, rules: propertiesOf(template, 'AWS::WAFv2::WebACL')[0]!.Rules.length,
      firewalls: propertiesOf(template, 'AWS::NetworkFirewall::Firewall').length, nats: propertiesOf(template, 'AWS::EC2::NatGateway').length,
    }];
  }));
  const costs = readFileSync(join(__dirname, '..', '..', 'docs', 'zone.md'), 'utf8');
  const said = (pattern: RegExp) => Number(pattern.exec(costs)![1]);
  const atRest = { endpoints: said(/(\d+) interface endpoints/), tasks: said(/(\d+) Fargate tasks/), rules: said(/each of (\d+) rules/) };
  expect(counted.none).toEqual({ ...atRest, firewalls: 0, nats: 0 });
  expect(counted['api.example.com']).toEqual({ ...atRest, firewalls: said(/(\d+) firewall endpoints/), nats: said(/(\d+) NAT gateways/) });
});
