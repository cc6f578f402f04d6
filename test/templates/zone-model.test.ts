import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Fn, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { addModel } from '../../bin/models';
import { DedicatedSecurityZone, ToolRegistry, TraceExport } from '../../lib';
import { propertiesOf } from '../lib/zone/zone-stack';
import { posture } from './posture';
import { expectNoFinding, keysOf, testReferenceStack, validatedApp, validateTemplates } from './validated-app';

validateTemplates();

describe.each([['with declared egress', 'api.example.com'], ['without egress', 'none']])('the reference stack of the zone, %s,', (_, egress) => {
  const app = validatedApp(addModel, { model: 'zone', egress });
  const stack = app.node.findChild('McpZoneModel') as Stack;

  testReferenceStack(app, stack);

  test('NET-1 MUL-5 does not change in what it lets through unnoticed', () => {
    expect(posture(Template.fromStack(stack))).toMatchSnapshot();
  });
});

describe('the reference stack of the zone, whose tasks GuardDuty watches,', () => {
  const app = validatedApp(addModel, { model: 'zone', egress: 'none', guardDutyAgent: '694911143906.dkr.ecr.eu-west-1.amazonaws.com/aws-guardduty-agent-fargate:v1' });
  const stack = app.node.findChild('McpZoneModel') as Stack;

  test('HOST-0 asks for runtime monitoring, and lets tasks get the agent and send what it sees', () => {
    const templates = stack.node.findAll().filter((construct) => construct instanceof Stack).map((each) => Template.fromStack(each));
    const [services] = templates.flatMap((template) => propertiesOf(template, 'Custom::McpThreatServices'));
    expect(JSON.parse(services!.Wanted).guardDuty.features).toContainEqual({ name: 'RUNTIME_MONITORING', additionalConfiguration: ['ECS_FARGATE_AGENT_MANAGEMENT'] });
    const policies = JSON.stringify(propertiesOf(Template.fromStack(stack), 'AWS::EC2::VPCEndpoint'));
    expect(policies).toContain('guardduty:SendSecurityTelemetry');
    expect(policies).toContain('arn:aws:ecr:eu-west-1:694911143906:repository/aws-guardduty-agent-fargate');
  });

  test('HOST-0 is as clean', () => {
    expectNoFinding(app, stack);
  });

  test('fails with a sentence where the image is none', () => {
    expect(() => addModel(new App({ context: { model: 'zone', guardDutyAgent: 'guardduty' } }))).toThrow('guardDutyAgent is "guardduty", expected an image in a registry of Amazon ECR');
  });
});

test('what can be told otherwise is as clean: a registry, a container gateway, VPC Lattice, TLS inspection, managed rules, secrets, a third availability zone, clients elsewhere', () => {
  class ThreeZones extends Stack {
    override get availabilityZones(): string[] {
      return [0, 1, 2].map((index) => Fn.select(index, Fn.getAzs()));
    }
  }
  const app = validatedApp((scope) => {
    const stack = new ThreeZones(scope, 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
    const certificate = (id: string) => acm.Certificate.fromCertificateArn(stack, id, 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555');
    const image = (name: string) => ({ repository: ecr.Repository.fromRepositoryName(stack, `Repository-${name}`, `mcp/${name}`), imageDigest: `sha256:${'a'.repeat(64)}` });
    const model = new DedicatedSecurityZone(stack, 'Mcp', {
      tokenIssuers: [{ issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' }],
      domainName: 'mcp.internal.example.com',
      certificate: certificate('Certificate'),
      maxAzs: 3,
      registry: new ToolRegistry(stack, 'Tools', { nested: true }),
      stage: 'prod',
      traceExport: TraceExport.xRay(),
      guardDutyAgent: ecr.Repository.fromRepositoryArn(stack, 'Agent', 'arn:aws:ecr:eu-west-1:694911143906:repository/aws-guardduty-agent-fargate'),
      clientEndpoints: [ec2.InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(stack, 'Clients', { vpcEndpointId: 'vpce-11111111', port: 443 })],
      egress: { tlsInspectionAuthority: certificate('Authority'), managedRuleGroups: ['ThreatSignaturesBotnetStrictOrder', 'ThreatSignaturesMalwareStrictOrder'] },
    });
    model.zone.allowEgress(model.gatewayWorkload, { domains: ['login.example.com'] });
    model.addContainerGateway({ ...image('gateway'), clientCidrs: ['10.20.0.0/16'] }).addLatticeService({ sourceAccounts: ['123456789012'] });
    const secret = secretsmanager.Secret.fromSecretCompleteArn(stack, 'Secret', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:crm-AbCdEf');
    const crm = model.addServer('crm', { ...image('crm'), secrets: { API_KEY: secret }, writablePaths: ['/tmp'], egress: { domains: ['api.example.com'], ports: [443, 8443] } });
    model.zone.connectServers(crm.workload, model.addServer('search', image('search')).workload, 8443);
  });
  expect(() => app.synth()).not.toThrow();
});

test('the costs of the documentation, and how much fits, count what the reference stack has', () => {
  const counted = Object.fromEntries(['api.example.com', 'none'].map((egress) => {
    const stack = validatedApp(addModel, { model: 'zone', egress }).node.findChild('McpZoneModel') as Stack;
    const template = Template.fromStack(stack);
    const tasks = propertiesOf(template, 'AWS::ECS::Service').reduce((sum, { DesiredCount }) => sum + DesiredCount, 0);
    return [egress, {
      endpoints: propertiesOf(template, 'AWS::EC2::VPCEndpoint').length, tasks, rules: propertiesOf(template, 'AWS::WAFv2::WebACL')[0]!.Rules.length, keys: keysOf(stack),
      resources: Object.keys(template.toJSON().Resources).length,
      firewalls: propertiesOf(template, 'AWS::NetworkFirewall::Firewall').length, nats: propertiesOf(template, 'AWS::EC2::NatGateway').length,
    }];
  }));
  const costs = readFileSync(join(__dirname, '..', '..', 'docs', 'zone.md'), 'utf8');
  const said = (pattern: RegExp) => Number(pattern.exec(costs)![1]);
  const atRest = { endpoints: said(/(\d+) interface endpoints/), tasks: said(/(\d+) Fargate tasks/), rules: said(/each of (\d+) rules/), keys: said(/(\d+) keys, secret/) };
  expect(counted.none).toEqual({ ...atRest, resources: expect.any(Number), firewalls: 0, nats: 0 });
  expect(counted['api.example.com']).toEqual({ ...atRest, resources: said(/has (\d+) of the 500 resources/), firewalls: said(/(\d+) firewall endpoints/), nats: said(/(\d+) NAT gateways/) });
});
