import { Duration } from 'aws-cdk-lib';
import type { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AccessGrants, McpGateway, McpPrincipal } from '../../../lib';
import type { AccessGrantsProps } from '../../../lib';
import { environmentOf, gatewayStack, ISSUER, PROXY, statementsIn } from '../gateway/gateway-stack';

const SIGN_IN = { authorizationEndpoint: 'https://login.example.com/authorize', tokenEndpoint: 'https://login.example.com/token', clientId: 'approvals' };

function start(props: Partial<AccessGrantsProps> = {}) {
  let accessGrants!: AccessGrants;
  const { gateway, ...rest } = gatewayStack((stack) => ({ accessGrants: (accessGrants = new AccessGrants(stack, 'Grants', { signIn: SIGN_IN, ...props })) }));
  gateway.addServer('files', { url: 'https://files.internal.example.com/mcp' });
  return { ...rest, gateway, accessGrants };
}

describe('AccessGrants', () => {
  test('keeps grants in a table that is encrypted, recoverable, protected, and cleaned up by its TTL', () => {
    start().template().hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [{ AttributeName: 'collection', KeyType: 'HASH' }, { AttributeName: 'id', KeyType: 'RANGE' }],
      TimeToLiveSpecification: { AttributeName: 'removeAfter', Enabled: true },
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
    });
  });

  test('lets the proxy use and request grants, and not set a revocation', () => {
    const template = start().template();
    expect(environmentOf(template, PROXY)).toMatchObject({ MCP_GRANTS_TABLE: expect.anything(), MCP_GRANTS_MAX_LIFETIME_SECONDS: '3600', MCP_GRANTS_MAX_USES: '20', MCP_GRANTS_DECIDE_SECONDS: '900' });
    const writes = Object.entries(template.findResources('AWS::IAM::Policy')).flatMap(([id, { Properties }]) =>
      Properties.PolicyDocument.Statement.filter(({ Action }: { Action: unknown }) => Action === 'dynamodb:PutItem').map((statement: any) => [id, statement.Condition['ForAllValues:StringEquals']['dynamodb:LeadingKeys']]),
    );
    const ofFunction = (name: RegExp) => writes.filter(([id]) => name.test(id)).map(([, keys]) => keys);
    expect(ofFunction(/Proxy/)).toEqual([['grants']]);
    expect(ofFunction(/Site/)).toEqual([['grants', 'revocations']]);
    expect(ofFunction(/Wait/)).toEqual([['waits']]);
    expect(ofFunction(/Announce/)).toEqual([]);
  });

  test('has an API behind an authorizer of its own, and pages that bring their own sessions', () => {
    const template = start().template();
    const methods = Object.values(template.findResources('AWS::ApiGateway::Method')).map(({ Properties }) => Properties);
    const authorizers = template.findResources('AWS::ApiGateway::Authorizer');
    const own = Object.keys(authorizers).find((id) => /^Grants/.test(id));
    const open = methods.filter(({ AuthorizationType }) => AuthorizationType === 'NONE');
    expect(methods.filter(({ AuthorizerId }) => AuthorizerId?.Ref === own)).toHaveLength(5);
    expect(authorizers[own!]!.Properties.AuthorizerResultTtlInSeconds).toBe(0);
    expect(open.length).toBeGreaterThanOrEqual(4);
    template.hasResourceProperties('AWS::WAFv2::WebACL', { Rules: Match.arrayWith([Match.objectLike({ Name: 'Grants-Approvals' })]) });
  });

  test('announces every step from the stream, tells approvers by SNS, and waits for them in a workflow with an end', () => {
    const template = start().template();
    template.hasResourceProperties('AWS::Events::Rule', { EventPattern: { source: ['mcp-zero-trust.grants'], 'detail-type': ['MCP Grant State Change'], detail: { state: ['requested'] } } });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { FunctionResponseTypes: ['ReportBatchItemFailures'], BisectBatchOnFunctionError: true });
    const [machine] = Object.values(template.findResources('AWS::StepFunctions::StateMachine'));
    const definition = JSON.stringify(machine!.Properties.DefinitionString);
    expect(definition).toContain('waitForTaskToken');
    expect(definition).toContain('TimeoutSeconds\\":900');
    template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
  });

  test('LOG-1 nested, all that waits for approvers is in a stack of its own, and what people decide stays where the audit trail is', () => {
    const { stack, template } = start({ nested: true });
    const outer = template();
    const inner = Template.fromStack(stack.node.findChild('Grants').node.findChild('Waiting') as Stack);
    for (const type of ['AWS::StepFunctions::StateMachine', 'AWS::Lambda::EventSourceMapping', 'AWS::CloudWatch::Alarm', 'AWS::SQS::Queue']) {
      expect([type, Object.keys(outer.findResources(type)).filter((id) => id.startsWith('Grants')).length]).toEqual([type, 0]);
      expect(Object.keys(inner.findResources(type)).length).toBeGreaterThan(0);
    }
    const described = (of: Template) => Object.values(of.findResources('AWS::Lambda::Function')).map(({ Properties }) => Properties.Description).filter((description) => /^Just-in-time/.test(description ?? '')).sort();
    expect(described(outer)).toEqual(['Just-in-time grants: is there a token for their API', 'Just-in-time grants: the API and the approval page']);
    expect(described(inner)).toEqual(['Just-in-time grants: announces every step', 'Just-in-time grants: tells the approvers of a request']);
  });

  test('raises the alarm about refused approvals and the kill switch', () => {
    const template = start().template();
    for (const metric of ['RefusedApprovals', 'KillSwitch']) {
      template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: metric, Threshold: 1, TreatMissingData: 'notBreaching', AlarmActions: [Match.anyValue()] });
      template.hasResourceProperties('AWS::Logs::MetricFilter', { MetricTransformations: [Match.objectLike({ MetricName: metric })] });
    }
    template.hasResourceProperties('AWS::Logs::MetricFilter', { FilterPattern: '{ $.action = "approval_refused" }' });
  });

  test('grants by policies that fit the schema', () => {
    const { accessGrants, template } = start();
    accessGrants.grants.request(McpPrincipal.group('operators'), 'files');
    accessGrants.grants.approve(McpPrincipal.group('leads'), 'files');
    accessGrants.grants.approveWithAnother(McpPrincipal.group('approvers'), 'files');
    accessGrants.grants.useKillSwitch(McpPrincipal.user('erin'), 'files');
    const statements = statementsIn(template()).join('\n');
    expect(statements).toContain('action in [Mcp::Action::"requestGrant"],\n  resource in Mcp::Server::"files"');
    expect(statements).toContain('action in [Mcp::Action::"seeGrants", Mcp::Action::"approveGrant", Mcp::Action::"revokeGrant", Mcp::Action::"approveGrantAlone"],\n  resource in Mcp::ServerGrants::"files"');
    expect(statements).toContain('principal == Mcp::User::"erin"');
  });

  test.each([
    [{ maxLifetime: Duration.hours(13) }, /maxLifetime is 13 hours, expected at most 12 hours/],
    [{ signIn: { ...SIGN_IN, tokenEndpoint: 'http://login.example.com/token' } }, /signIn.tokenEndpoint is "http:/],
  ] as const)('refuses what is too long or not encrypted', (props, message) => {
    expect(() => start(props)).toThrow(message);
  });

  test('serves one gateway, and grants nothing before', () => {
    const { stack, accessGrants, policyStore } = start();
    expect(() => new AccessGrants(stack, 'Other', { signIn: SIGN_IN }).grants).toThrow('no gateway serves these grants yet');
    expect(() => new McpGateway(stack, 'Second', { policyStore, tokenIssuers: [ISSUER], accessGrants })).toThrow('another gateway already');
  });
});
