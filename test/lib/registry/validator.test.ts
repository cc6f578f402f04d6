import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { FailDeploymentOn, ToolDescriptionValidator } from '../../../lib';
import type { ToolDescriptionValidatorProps } from '../../../lib';

function validatorStack(props: (stack: Stack) => ToolDescriptionValidatorProps = () => ({})) {
  const stack = new Stack(new App(), 'Stack');
  return { stack, validator: new ToolDescriptionValidator(stack, 'Validator', props(stack)) };
}

describe('a validator of tool descriptions', () => {
  test('TD-2 stands in the deployment as a resource that a poisoned server fails', () => {
    const { stack, validator } = validatorStack();
    validator.validateServer('files', { url: 'https://files.example.com/mcp', revision: 'abc' });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('Custom::McpToolValidation', {
      ServiceToken: { 'Fn::GetAtt': [Match.stringLikeRegexp('ValidatorFunction'), 'Arn'] },
      ServerName: 'files', Url: 'https://files.example.com/mcp', FailOn: 'reject', Revision: 'abc', ServiceTimeout: '360',
    });
    template.resourceCountIs('AWS::Lambda::Function', 1);
  });

  test('IAM-3 reads the credential of the server, before the server is asked', () => {
    const { stack, validator } = validatorStack();
    validator.validateServer('files', { url: 'https://files.example.com/mcp', headersSecret: new secretsmanager.Secret(stack, 'Headers'), failOn: FailDeploymentOn.REVIEW });
    const template = Template.fromStack(stack);
    template.hasResource('Custom::McpToolValidation', {
      Properties: { HeadersSecretArn: { Ref: Match.stringLikeRegexp('Headers') }, FailOn: 'review' },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('Policy')]),
    });
  });

  test('is in a network where it is told to be', () => {
    const { stack } = validatorStack((scope) => ({ vpc: new ec2.Vpc(scope, 'Vpc') }));
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', { VpcConfig: Match.anyValue() });
  });

  test('NET-4 fails for a server without TLS, unless that is wanted', () => {
    const { validator } = validatorStack();
    expect(() => validator.validateServer('files', { url: 'http://files.example.com/mcp' })).toThrow('the url of the MCP server "files" is "http://files.example.com/mcp", expected an https URL');
    expect(() => validator.validateServer('files', { url: 'http://files.internal/mcp', unsafeAllowPlainHttp: true })).not.toThrow();
  });
});
