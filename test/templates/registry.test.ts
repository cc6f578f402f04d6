import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as events from 'aws-cdk-lib/aws-events';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { McpSecurityChecks, SecondOpinion, ToolDescriptionValidator, ToolRegistry } from '../../lib';

/** The registry as the reference stack does not have it; what that has, its own test checks. */
beforeAll(() => {
  process.env.CDK_VALIDATION = 'true';
});
jest.setTimeout(180_000);

const { context } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cdk.json'), 'utf8')) as { context: Record<string, unknown> };

test('a registry in a network with a second opinion and a bus of its own, and a validator, are clean under all rules, without a warning', () => {
  const app = new App({ context, outdir: mkdtempSync(join(tmpdir(), 'template-')), analyticsReporting: false });
  const stack = new Stack(app, 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
  const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-11111111', availabilityZones: ['eu-west-1a'], privateSubnetIds: ['subnet-11111111'], privateSubnetRouteTableIds: ['rtb-11111111'] });
  const headersSecret = secretsmanager.Secret.fromSecretCompleteArn(stack, 'Headers', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:headers-AbCdEf');
  const registry = new ToolRegistry(stack, 'Tools', {
    vpc,
    eventBus: events.EventBus.fromEventBusName(stack, 'Bus', 'security'),
    secondOpinion: SecondOpinion.bedrockGuardrail({ guardrailId: 'abcdefghijkl', guardrailVersion: '1' }),
  });
  registry.addServer('files', { url: 'https://files.example.com/mcp', headersSecret });
  new ToolDescriptionValidator(stack, 'Validator', { vpc }).validateServer('files', { url: 'https://files.example.com/mcp', headersSecret });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app), new McpSecurityChecks());
  expect(() => app.synth()).not.toThrow();
  Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  Annotations.fromStack(stack).hasNoError('*', Match.anyValue());
});
