import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import type { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { addModel } from '../../bin/models';
import { appliedObjects, publishedObjects } from '../lib/cluster/delivered';
import type { Manifest } from '../lib/cluster/delivered';
import { propertiesOf } from '../lib/zone/zone-stack';
import { posture } from './posture';
import { validatedApp, validateTemplates } from './validated-app';

validateTemplates();

const KUBECTL = { kubectlLayer: 'arn:aws:lambda:eu-west-1:123456789012:layer:kubectl:1' };

/** What every role may do, without what it may do it to. */
function actionsOfRoles(template: Template): Record<string, string[]> {
  const roles = Object.entries(template.findResources('AWS::IAM::Role')).filter(([, { Properties }]) => /^(Nodes of|Pods of) /.test(Properties.Description ?? ''));
  const policies = propertiesOf(template, 'AWS::IAM::Policy');
  return Object.fromEntries(roles.map(([id, { Properties }]) => [
    Properties.Description,
    policies.filter(({ Roles }) => Roles.some(({ Ref }: any) => Ref === id)).flatMap(({ PolicyDocument }) => PolicyDocument.Statement.flatMap(({ Action }: any) => Action)).sort(),
  ]));
}

const placeOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;

describe.each<[string, Record<string, string>]>([
  ['with declared egress', {}],
  ['without egress, manifests applied', { egress: 'none', ...KUBECTL }],
])('the reference stack of the cluster, %s,', (_, context) => {
  const app: App = validatedApp(addModel, { model: 'cluster', ...context });
  const stack = app.node.findChild('McpClusterModel') as Stack;

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

  test('each of its custom resources is small enough for AWS CloudFormation to hand on, with what it was before', () => {
    for (const type of ['Custom::AWS', 'Custom::AWSCDK-EKS-KubernetesResource']) {
      for (const properties of propertiesOf(Template.fromStack(stack), type)) expect(JSON.stringify(properties).length * 2).toBeLessThan(256 * 1024);
    }
  });

  test('NET-1 MUL-5 does not change in what it lets through, and in what its roles may do, unnoticed', () => {
    const template = Template.fromStack(stack);
    const objects = [...appliedObjects(template), ...Object.values(publishedObjects(template)).flat()];
    expect({ ...posture(template), roles: actionsOfRoles(template), objects: objects.map(placeOf).sort() }).toMatchSnapshot();
  });
});

test('the costs of the documentation count what the reference stack has', () => {
  const counted = Object.fromEntries(['api.example.com', 'none'].map((egress) => {
    const template = Template.fromStack(validatedApp(addModel, { model: 'cluster', egress }).node.findChild('McpClusterModel') as Stack);
    const nodes = propertiesOf(template, 'AWS::EKS::Nodegroup').reduce((sum, { ScalingConfig }) => sum + ScalingConfig.DesiredSize, 0);
    const customerKeys = propertiesOf(template, 'AWS::KMS::Key').length;
    return [egress, {
      endpoints: propertiesOf(template, 'AWS::EC2::VPCEndpoint').length, nodes, keys: customerKeys,
      firewalls: propertiesOf(template, 'AWS::NetworkFirewall::Firewall').length, nats: propertiesOf(template, 'AWS::EC2::NatGateway').length,
    }];
  }));
  const costs = readFileSync(join(__dirname, '..', '..', 'docs', 'cluster.md'), 'utf8');
  const said = (pattern: RegExp) => Number(pattern.exec(costs)![1]);
  const atRest = { endpoints: said(/(\d+) interface endpoints/), keys: said(/(\d+) keys/) };
  expect(counted.none).toEqual({ ...atRest, nodes: said(/(\d+) nodes, m7g\.large/), firewalls: 0, nats: 0 });
  expect(counted['api.example.com']).toEqual({ ...atRest, nodes: said(/(\d+) nodes, m7g\.large/) + said(/(\d+) nodes more/), firewalls: said(/(\d+) firewall endpoints/), nats: said(/(\d+) NAT gateways/) });
});
