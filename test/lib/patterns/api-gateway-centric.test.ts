import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ApiGatewayCentric, McpPrincipal } from '../../../lib';
import { ISSUER, statementsIn } from '../gateway/gateway-stack';

test('composes a gateway and its policies', () => {
  const stack = new Stack(new App(), 'Stack');
  const model = new ApiGatewayCentric(stack, 'Mcp', { tokenIssuers: [ISSUER] });
  model.addServer('files', { url: 'https://files.example.com/mcp' }).grants.callTool(McpPrincipal.group('analysts'), 'read_file');
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::ApiGateway::RestApi', 1);
  template.resourceCountIs('AWS::VerifiedPermissions::PolicyStore', 1);
  expect(statementsIn(template)).toHaveLength(1);
});

test('takes policies from a folder, which are about the servers that are added', () => {
  const app = new App();
  const model = new ApiGatewayCentric(new Stack(app, 'Stack'), 'Mcp', { tokenIssuers: [ISSUER], policiesFolder: join(__dirname, '..', '..', '..', 'policies') });
  model.addServer('files', { url: 'https://files.example.com/mcp' });
  expect(() => app.synth()).toThrow(/00-base\.cedar:\d+:\d+: .*files\/write_file/);
});
