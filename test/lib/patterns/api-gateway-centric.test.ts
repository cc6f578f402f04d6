import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { ApiGatewayCentric, McpPrincipal, ToolRegistry } from '../../../lib';
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

describe('the eyes of the model', () => {
  const tokenIssuers = [ISSUER];

  test('LOG-4 LOG-3 are open unless somebody closes them, as they are told', () => {
    const stack = new Stack(new App(), 'Stack');
    const model = new ApiGatewayCentric(stack, 'Mcp', { tokenIssuers, observability: { auditTrail: { retention: Duration.days(30) }, monitoring: { failedSignInThreshold: 7 }, threatDetection: { securityHub: false } } });
    expect(model.observability!.auditTrail.bucket).toBeDefined();
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::S3::Bucket', { ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 30 } } } });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmDescription: Match.stringLikeRegexp('from one address'), Threshold: 7 });
    template.hasResourceProperties('Custom::McpThreatServices', { Wanted: Match.stringLikeRegexp('"securityHub":false') });
  });

  test('LOG-4 can be closed, which is warned of', () => {
    const stack = new Stack(new App(), 'Stack');
    const model = new ApiGatewayCentric(stack, 'Mcp', { tokenIssuers, unsafeUnobserved: true });
    expect(model.observability).toBeUndefined();
    Template.fromStack(stack).resourceCountIs('AWS::CloudWatch::Alarm', 0);
    Annotations.fromStack(stack).hasWarning('/Stack/Mcp', Match.stringLikeRegexp('nobody watches this gateway'));
  });

  test('LOG-4 a registry in another stack has a trail there, which is warned of, and synthesis does not go in circles', () => {
    const app = new App();
    const registry = new ToolRegistry(new Stack(app, 'Registry'), 'Tools');
    const stack = new Stack(app, 'Stack');
    new ApiGatewayCentric(stack, 'Mcp', { tokenIssuers, registry });
    expect(() => app.synth()).not.toThrow();
    Annotations.fromStack(stack).hasWarning('/Stack/Mcp/Observability', Match.stringLikeRegexp('"Registry/Tools" is in another stack'));
  });
});
