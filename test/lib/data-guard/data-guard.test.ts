import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Duration, Size } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { Match } from 'aws-cdk-lib/assertions';
import * as events from 'aws-cdk-lib/aws-events';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { ArgumentRules, DataAction, DataClass, DataGuard, DlpService, InstructionAction, Recognisers, type DataGuardProps } from '../../../lib';
import { environmentOf, gatewayStack, PROXY } from '../gateway/gateway-stack';

const URL = 'https://crm.internal.example.com/mcp';

function guarded(props: DataGuardProps | ((stack: any) => DataGuardProps) = {}) {
  const made = gatewayStack();
  const dataGuard = new DataGuard(made.stack, 'Guard', typeof props === 'function' ? props(made.stack) : props);
  made.gateway.addServer('crm', { url: URL, dataGuard });
  return { ...made, dataGuard };
}

/** The rules as the proxy reads them, out of the assembly, and nothing of them elsewhere. */
function rulesOf({ app }: ReturnType<typeof guarded>): any {
  const { directory } = app.synth();
  const manifest = readdirSync(directory).find((name) => name.endsWith('.assets.json'))!;
  const { files } = JSON.parse(readFileSync(join(directory, manifest), 'utf8')) as { files: Record<string, { source: { path: string } }> };
  const rules = Object.values(files).find(({ source }) => source.path.endsWith('.json') && !source.path.endsWith('.template.json'))!;
  expect(dirname(resolve(directory, rules.source.path))).toBe(directory);
  return JSON.parse(readFileSync(resolve(directory, rules.source.path), 'utf8'));
}

/** The server's entry in the environment, with tokens as they are. */
function serverIn(template: Template): string {
  return JSON.stringify(environmentOf(template, PROXY).MCP_SERVERS);
}

const file = (content: unknown) => {
  const path = join(mkdtempSync(join(tmpdir(), 'recognisers-')), 'own.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
};

describe('DataGuard', () => {
  it('DLP-2 writes its rules into an asset that the proxy may read, and names it in the environment', () => {
    const made = guarded({ dataActions: { [DataClass.PAYMENT]: DataAction.BLOCK }, instructions: InstructionAction.BLOCK, maxResultSize: Size.mebibytes(1), linkHosts: ['*.example.com'] });
    const template = made.template();
    expect(serverIn(template)).toContain('dataGuard');
    template.hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 's3:GetObject' })]) } });
    expect(rulesOf(guarded({ dataActions: { [DataClass.PAYMENT]: DataAction.BLOCK }, instructions: InstructionAction.BLOCK, maxResultSize: Size.mebibytes(1), linkHosts: ['*.example.com'] }))).toEqual({
      results: { dataClasses: { payment: 'block' }, instructions: 'block', linkHosts: ['*.example.com'], limits: { maxBytes: 1_048_576 } },
    });
  });

  it('takes recognisers and argument rules, checked in synthesis', () => {
    const recognisers = [Recognisers.fromFile(file({ recognisers: [{ id: 'employee-id', anchors: ['EMP-'], pattern: 'EMP-\\d{6}' }] }))];
    const argumentRules = ArgumentRules.of({ tools: { refund: { schema: { properties: { amount: { maximum: 100 } } } } } });
    const rules = rulesOf(guarded({ recognisers, argumentRules }));
    expect(rules.recognisers[0].recognisers[0].id).toBe('employee-id');
    expect(rules.arguments.tools.refund.schema.properties.amount.maximum).toBe(100);
    expect(() => Recognisers.fromFile(file({ recognisers: [{ id: 'x', anchors: ['a'], pattern: 'a+' }] }))).toThrow(/bound every repetition/);
    expect(() => guarded({ argumentRules: ArgumentRules.of({ schema: { $ref: 'https://example.com/' } }) })).toThrow(/the argument rules cannot be used/);
  });

  it('refuses what would do nothing', () => {
    expect(() => guarded({ recogniserActions: { 'AWS Key': DataAction.ALLOW } })).toThrow(/expected the id of a recogniser/);
    expect(() => guarded({ principals: [{ groups: ['support'], reveal: true }] })).toThrow(/reversible is not set/);
    expect(() => guarded({ principals: [{ groups: [] }] })).toThrow(/names no group/);
  });

  it('is not there for a server that has none', () => {
    const { gateway, template } = gatewayStack();
    gateway.addServer('crm', { url: URL });
    expect(serverIn(template())).not.toContain('dataGuard');
  });

  it('DLP-1 lets the proxy ask a DLP service, that one and no other', () => {
    const made = guarded((stack) => ({ dlp: DlpService.lambda(lambda.Function.fromFunctionArn(stack, 'Own', 'arn:aws:lambda:eu-west-1:123456789012:function:own'), { timeout: Duration.seconds(1) }) }));
    const template = made.template();
    template.hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'lambda:InvokeFunction', Resource: 'arn:aws:lambda:eu-west-1:123456789012:function:own' })]) } });
    expect(serverIn(template)).toMatch(/timeoutMs\\+":1000/);
    const guardrail = guarded({ dlp: DlpService.bedrockGuardrail({ guardrailId: 'abc', guardrailVersion: '2', unsafeAllowOnFailure: true }) }).template();
    guardrail.hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'bedrock:ApplyGuardrail' })]) } });
    expect(serverIn(guardrail)).toMatch(/onFailure\\+":\\+"allow/);
    guarded({ dlp: DlpService.comprehend() }).template().hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'comprehend:DetectPiiEntities' })]) } });
    expect(serverIn(guarded({ dlp: DlpService.icap('icap://dlp.example.com:1344/respmod') }).template())).toContain('icap://dlp.example.com:1344/respmod');
    expect(() => DlpService.icap('https://x')).toThrow(/expected icap/);
  });

  it('sends findings to a bus', () => {
    const template = guarded((stack) => ({ eventBus: events.EventBus.fromEventBusName(stack, 'Bus', 'security') })).template();
    template.hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'events:PutEvents' })]) } });
    expect(serverIn(template)).toContain('security');
  });

  it('has a metric of its findings', () => {
    expect(guarded().dataGuard.metricFindings('crm', 'secret', 'redacted')).toMatchObject({ namespace: 'McpZeroTrust/Guard', metricName: 'Findings', dimensions: { service: 'gateway', server: 'crm', category: 'secret', action: 'redacted' } });
  });
});

describe('rules in Cedar', () => {
  const policy = (rules: string) => ArgumentRules.of({ tools: { refund: { rules } } });
  const refund = { name: 'refund', inputSchema: { type: 'object', properties: { amount: { type: 'integer' } }, required: ['amount'] } };

  it('IOV-8 reach the proxy', () => {
    const rules = 'forbid (principal, action, resource) when { context.arguments.amount > 100 };';
    expect(rulesOf(guarded({ argumentRules: policy(rules), toolDefinitions: [refund] }))).toMatchObject({ arguments: { tools: { refund: { rules } } } });
  });

  it('IOV-8 are refused at synthesis where they are none, or do not fit the tool', () => {
    expect(() => guarded({ argumentRules: policy('permit (principal, action, resource);') })).toThrow(/argument rules cannot be used: .*a rule forbids/);
    expect(() => guarded({ argumentRules: policy('forbid (principal, action, resource) when { context.arguments.amuont > 100 };'), toolDefinitions: [refund] })).toThrow(/amuont/);
  });
});
