import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as events from 'aws-cdk-lib/aws-events';
import * as kms from 'aws-cdk-lib/aws-kms';
import { AccessGrants, AuditTrail, BlockList, McpGateway, Monitoring, PolicyStore, ProtectionPlan, ThreatDetection, ToolRegistry } from '../../../lib';
import type { ThreatDetectionProps } from '../../../lib';
import { createThreatServices } from '../../../lambda/deployment/aws-threat-services';
import { INCIDENT_EVENT } from '../../../lambda/response/incident';
import { environmentOf, ISSUER } from '../gateway/gateway-stack';
import { takes } from './filter-pattern';
import { behaviourLine, refusedFindings, requestLine } from './written-lines';

const FINDINGS = /of what an MCP gateway finds$/;

function threatStack(options: (stack: Stack) => Partial<ThreatDetectionProps> = () => ({}), then: (threats: ThreatDetection) => void = () => undefined) {
  const stack = new Stack(new App(), 'Stack');
  const gateway = new McpGateway(stack, 'Gateway', { policyStore: new PolicyStore(stack, 'Policies'), tokenIssuers: [ISSUER] });
  then(new ThreatDetection(stack, 'Threats', { gateway, ...options(stack) }));
  return Template.fromStack(stack);
}

/** What the custom resource asks for. */
function wanted(template: Template): any {
  const [resource] = Object.values(template.findResources('Custom::McpThreatServices'));
  return resource && JSON.parse(resource.Properties.Wanted);
}

describe('threat detection around a gateway', () => {
  const stack = new Stack(new App(), 'Stack');
  const registry = new ToolRegistry(stack, 'Tools');
  const accessGrants = new AccessGrants(stack, 'Grants', { signIn: { authorizationEndpoint: 'https://login.example.com/authorize', tokenEndpoint: 'https://login.example.com/token', clientId: 'c' } });
  const gateway = new McpGateway(stack, 'Gateway', { policyStore: new PolicyStore(stack, 'Policies'), tokenIssuers: [ISSUER], registry, accessGrants });
  const auditTrail = new AuditTrail(stack, 'Audit', { ocsf: false });
  const { alarmTopic } = new Monitoring(stack, 'Monitoring', { gateway });
  const threats = new ThreatDetection(stack, 'Threats', { gateway, registry, accessGrants, auditTrail, alarmTopic });
  const template = Template.fromStack(stack);

  it('HOST-0 asks for GuardDuty with its plans, Security Hub and Inspector, without a resource that fails where they are on already', () => {
    expect(wanted(template)).toEqual({ guardDuty: { features: [{ name: 'S3_DATA_EVENTS' }, { name: 'LAMBDA_NETWORK_LOGS' }, { name: 'EBS_MALWARE_PROTECTION' }] }, securityHub: true, inspector: ['ECR', 'LAMBDA'] });
    for (const type of ['AWS::GuardDuty::Detector', 'AWS::SecurityHub::Hub']) template.resourceCountIs(type, 0);
  });

  it('HOST-0 the function that asks may switch on, and never off', () => {
    const statements = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([id]) => id.startsWith('ThreatsServicesEnsure')).flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
    expect(statements.flatMap(({ Action }: any) => Action).filter((action: string) => !/^(xray|logs):/.test(action))).toEqual([
      'guardduty:ListDetectors', 'guardduty:CreateDetector', 'guardduty:GetDetector', 'guardduty:UpdateDetector', 'securityhub:EnableSecurityHub', 'inspector2:Enable', 'iam:CreateServiceLinkedRole',
    ]);
  });

  it('LOG-3 passes on what is a finding, of every log of events, and nothing else', () => {
    const filters = Object.values(template.findResources('AWS::Logs::SubscriptionFilter', { Properties: { DestinationArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ThreatsFindings'), 'Arn'] } } })).map(({ Properties }) => Properties);
    const byLog = Object.fromEntries(filters.map(({ LogGroupName, FilterPattern }) => [LogGroupName.Ref.replace(/[0-9A-F]{8}$/, ''), FilterPattern]));
    expect(Object.keys(byLog)).toEqual(['GatewayAuthorizerLogs', 'GatewayProxyLogs', 'ToolsAnnounceFunctionLogs', 'GrantsSiteLogs']);
    expect([behaviourLine(), requestLine()].map((line) => takes(byLog.GatewayProxyLogs, line))).toEqual([true, false]);
    const step = (from: string, to: string) => JSON.stringify({ kind: 'tool', action: 'change', from, to });
    expect([step('approved', 'quarantined'), step('review', 'approved')].map((line) => takes(byLog.ToolsAnnounceFunctionLogs, line))).toEqual([true, false]);
    const use = (action: string) => JSON.stringify({ kind: 'kill_switch', action });
    expect([use('blocked'), use('unblocked')].map((line) => takes(byLog.GrantsSiteLogs, line))).toEqual([true, false]);
  });

  it('SOC-3 sends incidents to the bus of the response, findings to the hub of this account, and keeps what could not be sent', () => {
    expect(environmentOf(template, FINDINGS)).toMatchObject({ MCP_INCIDENT_BUS: 'default', MCP_SECURITY_HUB: 'true', MCP_GATEWAY: gateway.metricNamespace });
    template.hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'events:PutEvents' }), Match.objectLike({ Action: 'securityhub:BatchImportFindings' })]) } });
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', { MaximumRetryAttempts: 2, DestinationConfig: { OnFailure: Match.anyValue() } });
    expect(INCIDENT_EVENT).toEqual({ source: 'mcp-zero-trust.security', detailType: 'MCP Security Incident' });
  });

  it('LOG-3 tells people of findings of high severity, in words of AWS only', () => {
    const [rule] = Object.values(template.findResources('AWS::Events::Rule', { Properties: { EventPattern: { source: ['aws.guardduty'] } } }));
    expect(rule!.Properties.EventPattern).toEqual({ source: ['aws.guardduty'], 'detail-type': ['GuardDuty Finding'], detail: { severity: [{ numeric: ['>=', 7] }] } });
    expect(Object.values(rule!.Properties.Targets[0].InputTransformer.InputPathsMap).sort()).toEqual(['$.account', '$.detail.id', '$.detail.severity', '$.detail.type', '$.region']);
    for (const service of ['cloudwatch.amazonaws.com', 'events.amazonaws.com']) template.hasResourceProperties('AWS::SNS::TopicPolicy', { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'sns:Publish', Principal: { Service: service }, Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } } })]) } });
  });

  const alarm = (description: RegExp) => Object.values(template.findResources('AWS::CloudWatch::Alarm', { Properties: { AlarmActions: Match.anyValue() } })).map(({ Properties }) => Properties).find(({ AlarmDescription }) => description.test(AlarmDescription));
  /** Whether the metric of an alarm takes lines that the code writes. */
  const counts = (metricName: string, ...lines: string[]) => {
    const [filter] = Object.values(template.findResources('AWS::Logs::MetricFilter', { Properties: { MetricTransformations: [Match.objectLike({ MetricName: metricName })] } }));
    return lines.map((line) => takes(filter!.Properties.FilterPattern, line));
  };

  it('LOG-3 raises an alarm where findings reach nobody, and where Security Hub takes none', async () => {
    expect(alarm(/^Findings .* reached nobody/)).toMatchObject({ MetricName: 'ApproximateNumberOfMessagesVisible', Threshold: 1, Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [expect.stringMatching(/^ThreatsUndelivered/), 'QueueName'] } }] });
    expect(alarm(/takes no findings/)).toMatchObject({ Namespace: gateway.metricNamespace, MetricName: 'RefusedFindings', Threshold: 1, Statistic: 'Sum' });
    expect(counts('RefusedFindings', ...(await refusedFindings()), requestLine())).toEqual([true, false]);
  });

  it('LOG-3 SOC-3 raises an alarm where CloudWatch Logs cannot hand findings over, of whatever log', () => {
    const names = new Set(Object.values(template.findResources('AWS::Logs::SubscriptionFilter', { Properties: { DestinationArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ThreatsFindings'), 'Arn'] } } })).map(({ Properties }) => Properties.FilterName));
    expect([...names]).toEqual([expect.stringMatching(/^Stack-Threats-[0-9A-F]{8}$/)]);
    const query = (metricName: string) => ({ Expression: `SELECT SUM(${metricName}) FROM SCHEMA("AWS/Logs", DestinationType, FilterName, LogGroupName) WHERE FilterName = '${[...names][0]}'` });
    expect(alarm(/^Findings .* cannot hand them over/)).toMatchObject({ Threshold: 1, EvaluationPeriods: 1, Metrics: [query('DeliveryErrors')] });
    expect(alarm(/^Findings .* faster than/)).toMatchObject({ Threshold: 1, EvaluationPeriods: 6, Metrics: [query('DeliveryThrottling')] });
  });

  it('HOST-0 looks every day whether the services still watch, tells of what is off, and of a check that failed', async () => {
    const [rule] = Object.values(template.findResources('AWS::Events::Rule', { Properties: { ScheduleExpression: 'rate(1 day)' } }));
    const [check] = rule!.Properties.Targets;
    expect(JSON.parse(JSON.parse(check.Input).Wanted)).toEqual(wanted(template));
    expect(alarm(/cannot be switched on/)).toMatchObject({ MetricName: 'ServicesLeftOff', Statistic: 'Maximum', Period: 86_400, Threshold: 1 });
    const lines: string[] = [];
    await createThreatServices(async () => ({ PlansLeftOff: 'DETECTOR' }), (line) => lines.push(line))(JSON.parse(check.Input));
    expect(counts('ServicesLeftOff', ...lines)).toEqual([true]);
    template.hasResourceProperties('AWS::Logs::MetricFilter', { MetricTransformations: [{ MetricName: 'ServicesLeftOff', MetricValue: '$.leftOff', MetricNamespace: gateway.metricNamespace }] });
    expect(JSON.parse(lines[0]!)).toMatchObject({ leftOff: 1 });
    expect(alarm(/could not be asked/)).toMatchObject({ Namespace: 'AWS/Lambda', MetricName: 'Errors', Period: 86_400 });
  });

  it('HOST-0 says what was left off when it was deployed', () => {
    expect(stack.resolve(threats.plansLeftOff)).toEqual({ 'Fn::GetAtt': [Object.keys(template.findResources('Custom::McpThreatServices'))[0], 'PlansLeftOff'] });
  });

  it('HOST-2 LOG-2 records who writes any table that decides, also one that is made later', () => {
    const recorded = threatStack((stack) => {
      const blockList = new BlockList(stack, 'Blocked', { encryptionKey: new kms.Key(stack, 'Key') });
      return { auditTrail: new AuditTrail(stack, 'Audit', { ocsf: false }), blockList };
    }, (threats) => threats.addTable('arn:aws:dynamodb:eu-west-1:123456789012:table/Incidents'));
    const [trail] = Object.values(recorded.findResources('AWS::CloudTrail::Trail'));
    const tables = trail!.Properties.AdvancedEventSelectors[1].FieldSelectors.find(({ Field }: any) => Field === 'resources.ARN').Equals;
    expect(tables).toEqual([{ 'Fn::GetAtt': [expect.stringMatching(/^Blocked/), 'Arn'] }, 'arn:aws:dynamodb:eu-west-1:123456789012:table/Incidents']);
  });

  it('HOST-2 LOG-2 records who touches the archive, and who writes the tables that decide', () => {
    const [trail] = Object.values(template.findResources('AWS::CloudTrail::Trail'));
    expect(trail!.Properties).toMatchObject({ IsLogging: true, EnableLogFileValidation: true, S3KeyPrefix: 'cloudtrail', KMSKeyId: expect.anything() });
    const [archive, tables] = trail!.Properties.AdvancedEventSelectors.map(({ FieldSelectors }: any) => Object.fromEntries(FieldSelectors.map(({ Field, Equals, StartsWith }: any) => [Field, Equals ?? StartsWith])));
    expect(archive).toMatchObject({ 'resources.type': ['AWS::S3::Object'], 'resources.ARN': [{ 'Fn::Join': ['', [expect.anything(), '/events/']] }] });
    expect(tables).toMatchObject({ 'resources.type': ['AWS::DynamoDB::Table'], readOnly: ['false'], 'resources.ARN': [expect.anything(), expect.anything()] });
  });
});

describe('threat detection as it is told', () => {
  it('HOST-0 takes a detector that is there, and the plans of the workloads', () => {
    const template = threatStack(() => ({ existingDetectorId: 'd'.repeat(32), protectionPlans: [ProtectionPlan.RUNTIME_EKS, ProtectionPlan.RUNTIME_ECS, ProtectionPlan.EKS_AUDIT, ProtectionPlan.of('AI_PROTECTION')], inspector: false }));
    expect(wanted(template)).toEqual({
      guardDuty: { detectorId: 'd'.repeat(32), features: [{ name: 'RUNTIME_MONITORING', additionalConfiguration: ['EKS_ADDON_MANAGEMENT', 'ECS_FARGATE_AGENT_MANAGEMENT'] }, { name: 'EKS_AUDIT_LOGS' }, { name: 'AI_PROTECTION' }] },
      securityHub: true, inspector: [],
    });
    template.resourceCountIs('AWS::CloudTrail::Trail', 0);
    template.resourceCountIs('AWS::CloudWatch::Alarm', 0);
  });

  it('HOST-0 leaves the services of the account alone, where it is told to, and tells of incidents on a bus of one\'s own', () => {
    const template = threatStack((stack) => ({ guardDuty: false, securityHub: false, inspector: false, eventBus: new events.EventBus(stack, 'Bus') }));
    expect(wanted(template)).toBeUndefined();
    expect(environmentOf(template, FINDINGS)).toMatchObject({ MCP_SECURITY_HUB: 'false', MCP_INCIDENT_BUS: { Ref: expect.stringMatching(/^Bus/) } });
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).not.toContain('securityhub:');
  });

  it('fails where it is told two things', () => {
    expect(() => threatStack(() => ({ guardDuty: false, existingDetectorId: 'd' }))).toThrow('existingDetectorId is given, and guardDuty is false');
  });
});
