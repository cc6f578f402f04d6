import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NestedStack, Stack } from 'aws-cdk-lib';
import type { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { addModel } from '../../bin/models';
import { ContainerizedMicroservices, SenderConstraint, ToolRegistry, UpstreamCredentials } from '../../lib';
import { appliedObjects, publishedObjects } from '../lib/cluster/delivered';
import type { Manifest } from '../lib/cluster/delivered';
import { propertiesOf } from '../lib/zone/zone-stack';
import { posture } from './posture';
import { keysOf, testReferenceStack, validatedApp, validateTemplates } from './validated-app';

validateTemplates();

const KEYS = JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] });
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

/** How many rules AWS WAF has in front of it. */
function rulesOf(stack: Stack): number {
  const front = stack.node.findAll().find((construct) => construct instanceof NestedStack && construct.node.id === 'Front') as NestedStack;
  return propertiesOf(Template.fromStack(front), 'AWS::WAFv2::WebACL')[0]!.Rules.length;
}

const placeOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;

describe.each<[string, Record<string, string>]>([
  ['with declared egress', {}],
  ['without egress, manifests applied', { egress: 'none', ...KUBECTL }],
])('the reference stack of the cluster, %s,', (_, context) => {
  const app: App = validatedApp(addModel, { model: 'cluster', ...context });
  const stack = app.node.findChild('McpClusterModel') as Stack;

  testReferenceStack(app, stack);

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

test('what can be told otherwise is as clean: Istio, a registry, secrets, credentials, bound tokens, a stage', () => {
  const app = validatedApp((scope) => {
    const stack = new Stack(scope, 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
    const repository = (name: string) => ecr.Repository.fromRepositoryName(stack, `Repository-${name}`, `mcp/${name}`);
    const secret = (name: string) => secretsmanager.Secret.fromSecretCompleteArn(stack, `Secret-${name}`, `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`);
    const imageDigest = `sha256:${'a'.repeat(64)}`;
    const model = new ContainerizedMicroservices(stack, 'Mcp', {
      tokenIssuers: [{ issuer: 'https://login.example.com', jwks: KEYS }],
      gatewayImage: { repository: repository('gateway'), imageDigest },
      domainName: 'mcp.internal.example.com',
      certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555'),
      kubectlLayer: lambda.LayerVersion.fromLayerVersionArn(stack, 'Kubectl', KUBECTL.kubectlLayer),
      istio: { version: '1.28.1' },
      registry: new ToolRegistry(stack, 'Tools'),
      runtimeMonitoring: false,
      stage: 'prod',
    });
    model.addServer('crm', { repository: repository('crm'), imageDigest, secrets: { token: secret('crm') }, credentials: UpstreamCredentials.secret(secret('lake')), senderConstraint: SenderConstraint.REQUIRED });
  });
  expect(() => app.synth()).not.toThrow();
});

test('in a cluster that is there already, it is as clean', () => {
  const app = validatedApp((scope) => {
    const stack = new Stack(scope, 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
    const image = { repository: ecr.Repository.fromRepositoryName(stack, 'Repository', 'mcp/gateway'), imageDigest: `sha256:${'a'.repeat(64)}` };
    new ContainerizedMicroservices(stack, 'Mcp', {
      tokenIssuers: [{ issuer: 'https://login.example.com', jwks: KEYS }],
      gatewayImage: image,
      runtimeMonitoring: true,
      givenCluster: {
        cluster: eks.Cluster.fromClusterAttributes(stack, 'Given', { clusterName: 'platform' }),
        publicUrl: 'https://mcp.example.com',
        gatewaySources: [{ cidr: '10.1.0.0/20' }],
        gatewayEgress: [{ cidrs: ['10.1.64.0/24'] }],
      },
    }).addServer('crm', image);
  });
  expect(() => app.synth()).not.toThrow();
});

test('the costs of the documentation, and how much fits, count what the reference stack has', () => {
  const counted = Object.fromEntries(['api.example.com', 'none'].map((egress) => {
    const stack = validatedApp(addModel, { model: 'cluster', egress }).node.findChild('McpClusterModel') as Stack;
    const template = Template.fromStack(stack);
    const nodes = propertiesOf(template, 'AWS::EKS::Nodegroup').reduce((sum, { ScalingConfig }) => sum + ScalingConfig.DesiredSize, 0);
    return [egress, {
      endpoints: propertiesOf(template, 'AWS::EC2::VPCEndpoint').length, nodes, keys: keysOf(stack), rules: rulesOf(stack), resources: Object.keys(template.toJSON().Resources).length,
      firewalls: propertiesOf(template, 'AWS::NetworkFirewall::Firewall').length, nats: propertiesOf(template, 'AWS::EC2::NatGateway').length,
    }];
  }));
  const costs = readFileSync(join(__dirname, '..', '..', 'docs', 'cluster.md'), 'utf8');
  const said = (pattern: RegExp) => Number(pattern.exec(costs)![1]);
  const atRest = { endpoints: said(/(\d+) interface endpoints/), keys: said(/(\d+) keys, secret/), rules: said(/each of (\d+) rules/) };
  expect(counted.none).toEqual({ ...atRest, resources: said(/; without egress (\d+)\./), nodes: said(/(\d+) nodes, m7g\.large/), firewalls: 0, nats: 0 });
  expect(counted['api.example.com']).toEqual({ ...atRest, resources: said(/The reference stack has (\d+),/), nodes: said(/(\d+) nodes, m7g\.large/) + said(/(\d+) nodes more/), firewalls: said(/(\d+) firewall endpoints/), nats: said(/(\d+) NAT gateways/) });
});
