import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { SecondOpinion, ToolRegistry, TwoPersonRule } from '../../../lib';
import type { ToolRegistryProps } from '../../../lib';
import { environmentOf, gatewayStack, PROXY } from '../gateway/gateway-stack';

/** A registry that has a server to ask, unless it is told otherwise. */
function registryStack(props: ToolRegistryProps | ((stack: Stack) => ToolRegistryProps) = {}, servers = ['files']) {
  const stack = new Stack(new App(), 'Stack');
  const registry = new ToolRegistry(stack, 'Tools', typeof props === 'function' ? props(stack) : props);
  for (const name of servers) registry.addServer(name, { url: `https://${name}.example.com/mcp` });
  return { stack, registry, template: () => Template.fromStack(stack) };
}

/** Statements of the policies that a role has, found by a part of its logical id. */
function statementsOf(template: Template, role: string): any[] {
  return Object.values(template.findResources('AWS::IAM::Policy'))
    .filter(({ Properties }) => Properties.Roles.some(({ Ref }: any) => Ref.includes(role)))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
}

const actionsOf = (statements: any[]) => statements.flatMap(({ Action }) => Action);
const partitionsOf = (statements: any[], action: string): string[] =>
  statements.filter(({ Action }) => [Action].flat().includes(action)).flatMap(({ Condition }) => Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys']);

describe('what is kept', () => {
  const template = registryStack().template();

  test('SC-2 is in a table with recovery, a key of its own, and protection from deletion', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: Match.anyValue() },
        StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
        TimeToLiveSpecification: { AttributeName: 'removeAfter', Enabled: true },
      },
    });
  });

  test('SC-2 is signed with a key for signatures that nobody but one function may use', () => {
    template.hasResource('AWS::KMS::Key', {
      DeletionPolicy: 'Retain',
      Properties: {
        KeySpec: 'ECC_NIST_P256',
        KeyUsage: 'SIGN_VERIFY',
        KeyPolicy: {
          Statement: Match.arrayWith([{
            Effect: 'Deny', Action: 'kms:Sign', Principal: { AWS: '*' }, Resource: '*',
            Condition: { ArnNotEquals: { 'aws:PrincipalArn': { 'Fn::GetAtt': [Match.stringLikeRegexp('Sign.*Role'), 'Arn'] } } },
          }]),
        },
      },
    });
    const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter((policy) => JSON.stringify(policy).includes('kms:Sign'));
    expect(policies.map(({ Properties }) => Properties.Roles)).toEqual([[{ Ref: expect.stringMatching(/Sign.*Role/) }]]);
  });

  test('SC-2 only the function with the key writes to the log', () => {
    for (const role of ['Discover', 'Scan', 'Rescan', 'RequestDecision', 'Decide', 'Announce']) {
      const written = partitionsOf(statementsOf(template, `${role}FunctionRole`), 'dynamodb:PutItem');
      expect(written.filter((partition) => partition === 'log' || partition === 'heads' || partition === '*')).toEqual([]);
    }
    expect(partitionsOf(statementsOf(template, 'SignFunctionRole'), 'dynamodb:PutItem')).toEqual(expect.arrayContaining(['log', 'heads']));
  });

  test('SC-2 nobody deletes, updates in place or scans', () => {
    const all = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(({ Properties }) => actionsOf(Properties.PolicyDocument.Statement));
    expect(all.filter((action) => /^dynamodb:(Delete|Update|Scan|Batch|PartiQL|\*)/.test(action))).toEqual([]);
  });

  test('the function that talks to the servers writes what they offer, and reaches nothing else', () => {
    const statements = statementsOf(template, 'DiscoverFunctionRole');
    expect(partitionsOf(statements, 'dynamodb:PutItem')).toEqual(['offers/*']);
    expect(partitionsOf(statements, 'dynamodb:GetItem')).toEqual(['offers/*']);
    expect(actionsOf(statements).filter((action) => /^(kms:Sign|states|sns|events|lambda):?/.test(action))).toEqual([]);
  });
});

describe('the onboarding', () => {
  const template = registryStack().template();

  test('TV-3 waits for people with a task token, and asks again after a week', () => {
    const machines = Object.values(template.findResources('AWS::StepFunctions::StateMachine')).map(({ Properties }) => JSON.stringify(Properties.DefinitionString));
    expect(machines).toHaveLength(2);
    expect(machines.find((text) => text.includes('waitForTaskToken'))).toMatch(/TimeoutSeconds\\+":604800/);
  });

  test('TV-4 without a server to ask has no function that asks or scans what is new, and scans again what is known', () => {
    const found = registryStack({}, []).template();
    const descriptions = Object.values(found.findResources('AWS::Lambda::Function')).map(({ Properties }) => Properties.Description);
    expect(descriptions.filter((text) => /^(Asks MCP servers|Scans MCP tools that are new)/.test(text))).toEqual([]);
    const machines = Object.values(found.findResources('AWS::StepFunctions::StateMachine')).map(({ Properties }) => JSON.stringify(Properties.DefinitionString));
    expect(machines.find((text) => text.includes('Scan again'))).toMatch(/^{"Fn::Join":\["",\["{\\"StartAt\\":\\"Scan again\\"/);
    const invoked = Object.entries(found.findResources('AWS::IAM::Role')).find(([id]) => id.startsWith('ToolsDiscoveryWorkflowRole'))![1].Properties.Policies.find(({ PolicyName }: any) => PolicyName === 'Invoke');
    expect(JSON.stringify(invoked)).toContain('ToolsRescanFunction');
    expect(Object.keys(template.toJSON().Resources).length - Object.keys(found.toJSON().Resources).length).toBe(9);
  });

  test('LOG-1 keeps task tokens out of the logs', () => {
    template.allResourcesProperties('AWS::StepFunctions::StateMachine', { LoggingConfiguration: { IncludeExecutionData: false, Level: 'ALL' }, TracingConfiguration: { Enabled: true } });
  });

  test('begins by itself for what waits for review or went into quarantine, with the event and no template of it', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['mcp-zero-trust.registry'], 'detail-type': ['MCP Tool State Change'], detail: { action: ['submit', 'change', 'quarantine'], to: ['review', 'quarantined'] } },
      Targets: [Match.objectLike({ InputPath: '$.detail', DeadLetterConfig: Match.anyValue() })],
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({ detail: { from: ['approved'], to: ['quarantined', 'revoked'] } }),
      Targets: [{ Arn: Match.anyValue(), Id: Match.anyValue(), DeadLetterConfig: Match.anyValue() }],
    });
    expect(JSON.stringify(template.findResources('AWS::Events::Rule'))).not.toContain('InputTransformer');
  });

  test('TV-4 scans again every hour and signs the head again every quarter of one', () => {
    template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(1 hour)' });
    template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(15 minutes)', Targets: [Match.objectLike({ Input: '{"action":"renew"}' })] });
    expect(environmentOf(template, /^Signs and publishes/)).toMatchObject({ MCP_REGISTRY_MAX_HEAD_AGE_SECONDS: '3600', MCP_REGISTRY_POLICY: '{"twoPersons":"sensitive","sensitiveTools":[],"approvalDays":90}' });
  });

  test('LOG-1 announces every change of a record from the table\'s own stream', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FilterCriteria: { Filters: [{ Pattern: '{"dynamodb":{"Keys":{"collection":{"S":["tools"]}}}}' }] },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      StartingPosition: 'TRIM_HORIZON',
    });
  });

  test('IAM-1 takes decisions at a URL that asks for AWS credentials', () => {
    template.allResourcesProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM' });
    template.resourcePropertiesCountIs('AWS::Lambda::Permission', { Principal: '*' }, 0);
  });

  test('tells people over an encrypted topic, and raises the alarm there', () => {
    template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
    expect(alarms).toHaveLength(6);
    for (const { Properties } of alarms) expect(Properties).toMatchObject({ Threshold: 1, TreatMissingData: 'notBreaching', AlarmActions: [{ Ref: expect.stringContaining('ReviewTopic') }] });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'Quarantined', Statistic: 'Sum' });
    template.hasResourceProperties('AWS::SNS::TopicPolicy', { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Principal: { Service: 'cloudwatch.amazonaws.com' }, Action: 'sns:Publish' })]) } });
  });

  test('counts what happens', () => {
    const filters = Object.values(template.findResources('AWS::Logs::MetricFilter')).map(({ Properties }) => [Properties.MetricTransformations[0].MetricName, Properties.FilterPattern]);
    expect(Object.fromEntries(filters)).toEqual({
      Submitted: '{ $.action = "submit" }',
      Approved: '{ $.action = "approve" }',
      Quarantined: '{ ($.action = "quarantine") || (($.action = "change") && ($.to = "quarantined")) }',
      Revoked: '{ ($.action = "reject") || ($.action = "revoke") }',
      Unreachable: '{ ($.kind = "discovery") && ($.failure = "*") }',
    });
  });
});

describe('what is told otherwise', () => {
  test('reaches functions, rules and keys', () => {
    const { template, registry } = registryStack((stack) => ({
      twoPersons: TwoPersonRule.ALWAYS,
      sensitiveTools: ['files/*'],
      approvalPeriod: Duration.days(30),
      renewalNotice: Duration.days(7),
      reminderInterval: Duration.days(1),
      rescanInterval: Duration.minutes(10),
      headRenewalInterval: Duration.minutes(5),
      encryptionKey: new kms.Key(stack, 'Own'),
      eventBus: new events.EventBus(stack, 'Bus'),
      deletionProtection: false,
      removalPolicy: RemovalPolicy.DESTROY,
    }));
    const found = template();
    expect(registry.headMaxAge.toMinutes()).toBe(20);
    expect(environmentOf(found, /^Asks people/)).toMatchObject({ MCP_REGISTRY_POLICY: '{"twoPersons":"always","sensitiveTools":["files/*"],"approvalDays":30}', MCP_REGISTRY_RENEWAL_NOTICE_DAYS: '7', MCP_REGISTRY_MAX_HEAD_AGE_SECONDS: '1200' });
    expect(environmentOf(found, /^Announces/)).toEqual({ MCP_REGISTRY_EVENT_BUS: { Ref: expect.stringContaining('Bus') } });
    found.hasResource('AWS::DynamoDB::Table', { DeletionPolicy: 'Delete', Properties: { DeletionProtectionEnabled: false } });
    found.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(10 minutes)' });
    found.hasResourceProperties('AWS::Events::Rule', { EventBusName: { Ref: Match.stringLikeRegexp('Bus') } });
    found.resourceCountIs('AWS::KMS::Key', 2);
  });

  test('TB-3 a guardrail is asked by the functions that scan, and by no other', () => {
    const found = registryStack({ secondOpinion: SecondOpinion.bedrockGuardrail({ guardrailId: 'abc', guardrailVersion: '3', encryptionKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/x' }) }).template();
    for (const description of [/^Scans MCP tools that are new/, /^Scans all known/]) expect(environmentOf(found, description)).toMatchObject({ MCP_REGISTRY_GUARDRAIL: '{"id":"abc","version":"3"}' });
    expect(environmentOf(found, /^Signs and publishes/)).not.toHaveProperty('MCP_REGISTRY_GUARDRAIL');
    for (const [role, isAllowed] of [['ScanFunction', true], ['RescanFunction', true], ['DecideFunction', false], ['SignFunction', false]] as const) {
      expect(actionsOf(statementsOf(found, `Tools${role}Role`)).includes('bedrock:ApplyGuardrail')).toBe(isAllowed);
    }
  });

  test('a network is that of the function which asks the servers', () => {
    const found = registryStack((stack) => ({ vpc: new ec2.Vpc(stack, 'Vpc', { natGateways: 0 }), vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } })).template();
    const inVpc = Object.values(found.findResources('AWS::Lambda::Function')).filter(({ Properties }) => Properties.VpcConfig);
    expect(inVpc.map(({ Properties }) => Properties.Description)).toEqual(['Asks MCP servers what they offer']);
  });

  test.each([
    [{ approvalPeriod: Duration.days(10) }, 'approvalPeriod is 10 days, expected more than renewalNotice, 14 days'],
    [{ headRenewalInterval: Duration.seconds(30) }, 'headRenewalInterval is 30 seconds, expected at least a minute'],
    [{ rescanInterval: Duration.seconds(1) }, 'rescanInterval is 1 seconds, expected at least a minute'],
  ])('fails for %j', (props, message) => expect(() => registryStack(props)).toThrow(message));

  test('fails for a score that is none', () => expect(() => SecondOpinion.bedrockGuardrail({ guardrailId: 'a', guardrailVersion: '1', fromScore: 2 })).toThrow('fromScore is 2, expected 0 to 1'));
});

describe('grants', () => {
  test('TV-3 who reviews decides over the URL alone, and reads', () => {
    const { stack, registry, template } = registryStack();
    registry.grants.review(new iam.Role(stack, 'Reviewer', { assumedBy: new iam.AccountRootPrincipal() }));
    const statements = statementsOf(template(), 'Reviewer');
    expect(statements.filter(({ Action }) => [Action].flat().some((action: string) => action.startsWith('lambda:'))).map(({ Action, Condition }) => [Action, Condition])).toEqual([
      ['lambda:InvokeFunctionUrl', { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } }],
      ['lambda:InvokeFunction', { Bool: { 'lambda:InvokedViaFunctionUrl': true } }],
    ]);
    expect(actionsOf(statements)).not.toContain('dynamodb:PutItem');
    expect(actionsOf(statements)).not.toContain('kms:Sign');
    expect(actionsOf(statements)).toContain('kms:GetPublicKey');
  });

  test('who reads sees neither task tokens nor what servers offer right now', () => {
    const { stack, registry, template } = registryStack();
    registry.grants.read(new iam.Role(stack, 'Reader', { assumedBy: new iam.AccountRootPrincipal() }));
    const read = partitionsOf(statementsOf(template(), 'Reader'), 'dynamodb:Query');
    expect(read).toEqual(expect.arrayContaining(['tools', 'definitions', 'log', 'heads', 'history/*']));
    expect(read.filter((partition) => /^(reviews|offers)/.test(partition))).toEqual([]);
  });
});

describe('a gateway with a registry', () => {
  test('SC-2 knows the log and its key, can quarantine, and cannot approve', () => {
    const { template } = gatewayStack((stack) => ({ registry: new ToolRegistry(stack, 'Tools') }));
    const found = template();
    expect(environmentOf(found, PROXY)).toMatchObject({ MCP_REGISTRY_TABLE: { Ref: expect.stringContaining('ToolsTable') }, MCP_REGISTRY_KEY: { 'Fn::GetAtt': [expect.stringContaining('SigningKey'), 'Arn'] }, MCP_REGISTRY_MAX_HEAD_AGE_SECONDS: '3600' });
    const statements = statementsOf(found, 'GatewayProxyRole');
    expect(partitionsOf(statements, 'dynamodb:PutItem')).toEqual(['tools', 'definitions', 'changes', 'history/*', 'bodies/*']);
    expect(actionsOf(statements)).not.toContain('kms:Sign');
    expect(actionsOf(statements)).toContain('kms:GetPublicKey');
  });

  test('has the registry ask its servers, with their credentials', () => {
    const { gateway, stack, template } = gatewayStack((scope) => ({ registry: new ToolRegistry(scope, 'Tools') }));
    const headersSecret = new secretsmanager.Secret(stack, 'Headers');
    gateway.addServer('files', { url: 'https://files.example.com/mcp', headersSecret });
    const found = template();
    const { MCP_SERVERS } = environmentOf(found, /^Asks MCP servers/) as { MCP_SERVERS: { 'Fn::Join': [string, unknown[]] } };
    expect(MCP_SERVERS['Fn::Join'][1]).toEqual(['[{"name":"files","url":"https://files.example.com/mcp","headersSecretArn":"', { Ref: expect.stringContaining('Headers') }, '"}]']);
    expect(actionsOf(statementsOf(found, 'DiscoverFunctionRole'))).toContain('secretsmanager:GetSecretValue');
    expect(() => gateway.addServer('files', { url: 'https://files.example.com/mcp' })).toThrow();
  });

  test('may have one of another app', () => {
    const { template } = gatewayStack((stack) => ({
      registry: ToolRegistry.fromToolRegistryAttributes(stack, 'Tools', {
        tableName: 'tools',
        signingKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/sign',
        encryptionKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/encrypt',
        decideFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:decide',
        metricNamespace: 'McpZeroTrust/Other',
      }),
    }));
    expect(environmentOf(template(), PROXY)).toMatchObject({ MCP_REGISTRY_TABLE: 'tools', MCP_REGISTRY_KEY: 'arn:aws:kms:eu-west-1:123456789012:key/sign', MCP_REGISTRY_MAX_HEAD_AGE_SECONDS: '3600' });
  });

  test('without one is told nothing of it', () => {
    expect(environmentOf(gatewayStack().template(), PROXY)).not.toHaveProperty('MCP_REGISTRY_TABLE');
  });
});

test('metrics have the names that their filters count', () => {
  const { registry, stack } = registryStack();
  for (const metric of [registry.metricSubmitted(), registry.metricApproved(), registry.metricQuarantined(), registry.metricRevoked(), registry.metricUnreachable()]) {
    expect([metric.namespace, metric.statistic]).toEqual([registry.metricNamespace, 'Sum']);
  }
  expect(() => new CfnOutput(stack, 'Url', { value: registry.decisionUrl })).not.toThrow();
});

describe('with its reviews in a nested stack', () => {
  const { stack, registry, template: synthesize } = registryStack({ nested: true });
  new CfnOutput(stack, 'Url', { value: registry.decisionUrl });
  new CfnOutput(stack, 'Key', { value: registry.signingKeyArn });
  const template = synthesize();
  const nested = Template.fromStack(Stack.of(registry.reviewWorkflow));

  test('what is kept, who asks the servers and who announces stay, the rest is there', () => {
    const descriptions = (of: Template) => Object.values(of.findResources('AWS::Lambda::Function')).map(({ Properties }) => Properties.Description).sort();
    expect(descriptions(template)).toEqual(['Announces changes of MCP tools', 'Asks MCP servers what they offer']);
    expect(descriptions(nested)).toHaveLength(5);
    template.resourceCountIs('AWS::DynamoDB::Table', 1);
    nested.resourceCountIs('AWS::StepFunctions::StateMachine', 2);
  });

  test('SC-2 the key that signs knows its one function there as well', () => {
    nested.hasResourceProperties('AWS::KMS::Key', { KeyPolicy: { Statement: Match.arrayWith([Match.objectLike({ Effect: 'Deny', Action: 'kms:Sign', Condition: { ArnNotEquals: { 'aws:PrincipalArn': { 'Fn::GetAtt': [Match.stringLikeRegexp('Sign.*Role'), 'Arn'] } } } })]) } });
    template.resourceCountIs('AWS::CloudFormation::Stack', 1);
  });
});
