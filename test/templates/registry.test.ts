import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as events from 'aws-cdk-lib/aws-events';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { SecondOpinion, ToolDescriptionValidator, ToolRegistry } from '../../lib';
import { expectNoFinding, validatedApp, validateTemplates } from './validated-app';

validateTemplates();

/** The registry as the reference stack does not have it; what that has, its own test checks. */
test('a registry in a network with a second opinion and a bus of its own, and a validator, are clean under all rules, without a warning', () => {
  const app = validatedApp((scope) => {
    const stack = new Stack(scope, 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-11111111', availabilityZones: ['eu-west-1a'], privateSubnetIds: ['subnet-11111111'], privateSubnetRouteTableIds: ['rtb-11111111'] });
    const headersSecret = secretsmanager.Secret.fromSecretCompleteArn(stack, 'Headers', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:headers-AbCdEf');
    const registry = new ToolRegistry(stack, 'Tools', {
      vpc,
      eventBus: events.EventBus.fromEventBusName(stack, 'Bus', 'security'),
      secondOpinion: SecondOpinion.bedrockGuardrail({ guardrailId: 'abcdefghijkl', guardrailVersion: '1' }),
    });
    registry.addServer('files', { url: 'https://files.example.com/mcp', headersSecret });
    new ToolDescriptionValidator(stack, 'Validator', { vpc }).validateServer('files', { url: 'https://files.example.com/mcp', headersSecret });
  });
  expectNoFinding(app, app.node.findChild('Stack') as Stack);
});
