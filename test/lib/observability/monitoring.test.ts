import { App, Duration, Size, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sns from 'aws-cdk-lib/aws-sns';
import { AccessGrants, AuditTrail, McpGateway, Monitoring, PolicyStore, SecurityZone, ToolRegistry } from '../../../lib';
import { AUDIT_METRICS, NETWORK_METRICS } from '../../../lib/observability/audit-filters';
import { CONTRIBUTOR_RULES } from '../../../lib/observability/contributors';
import { SAVED_QUERIES } from '../../../lib/observability/saved-queries';
import { AUTHORIZER, environmentOf, ISSUER, PROXY } from '../gateway/gateway-stack';
import { memberAt, takes } from './filter-pattern';
import { answer } from './insights-query';
import { behaviourLine, metricLines, REQUEST, requestLine } from './written-lines';

const NAMESPACE = 'McpZeroTrust/Stack-Gateway-FB8CDD60';

describe('metrics from the lines that the code writes', () => {
  const [guardLine, detectionMetric, riskMetric] = metricLines(NAMESPACE, 'blocked') as [string, string, string];
  const [redactedLine] = metricLines(NAMESPACE, 'redacted') as [string];
  const lines: Readonly<Record<string, string>> = {
    allowed: requestLine(),
    listed: requestLine({ method: 'tools/list', target: undefined }),
    refused: requestLine({ decision: 'deny', reason: 'not_permitted', httpStatus: 200 }),
    expired: requestLine({ decision: 'deny', reason: 'expired', httpStatus: 401 }),
    unasked: requestLine({ decision: 'deny', reason: 'no_token', httpStatus: 401 }),
    failed: requestLine({ decision: 'error', reason: 'unavailable', httpStatus: 503 }),
    impostor: behaviourLine({ kind: 'failures_then_success' }),
    sequence: behaviourLine(),
    changed: behaviourLine({ kind: 'tool_size', principal: undefined, signals: [], risk: 40 }),
    risky: behaviourLine({ kind: 'combined', risk: 90 }),
    blocked: guardLine,
    redacted: redactedLine,
    detectionMetric,
    riskMetric,
    approved: '{"kind":"tool","action":"approve","subject":"files/read"}',
    platform: 'REPORT RequestId: 1 Duration: 12 ms',
  };
  const taken = (metric: keyof typeof AUDIT_METRICS) => Object.keys(lines).filter((name) => takes(AUDIT_METRICS[metric].pattern, lines[name]!));

  it.each<[keyof typeof AUDIT_METRICS, string[]]>([
    ['Refusals', ['refused', 'expired', 'unasked']],
    ['FailedSignIns', ['expired']],
    ['Failures', ['failed']],
    ['ResponseBytes', ['allowed']],
    ['FailuresThenSuccess', ['impostor']],
    ['UnusualSequences', ['sequence']],
    ['ChangedTools', ['changed']],
    ['HighRisks', ['risky']],
    ['BlockedData', ['blocked']],
  ])('LOG-3 %s counts %j and nothing else', (metric, expected) => expect(taken(metric)).toEqual(expected));

  it('LOG-3 every metric is tested', () => expect(Object.keys(AUDIT_METRICS)).toHaveLength(9));

  it('DLP-3 values and dimensions are members of the lines that are counted', () => {
    const read = (path: string, line: string) => memberAt(JSON.parse(line), path.replace('$.', ''));
    expect(read(AUDIT_METRICS.ResponseBytes.value, lines.allowed!)).toBe(2_000);
    expect(read(AUDIT_METRICS.BlockedData.value, lines.blocked!)).toBe(3);
    expect(read(AUDIT_METRICS.Refusals.dimensions.Reason, lines.refused!)).toBe('not_permitted');
  });

  it('TB-4 what the web ACL, the firewall and the resolver stopped is counted, and nothing else', () => {
    const webAcl = (action: string) => JSON.stringify({ timestamp: 1, formatVersion: 1, webaclId: 'arn', terminatingRuleId: 'BodySize', action, httpSourceName: 'APIGW', httpRequest: { clientIp: '203.0.113.9' } });
    const firewall = (action: string) => JSON.stringify({ firewall_name: 'f', availability_zone: 'eu-west-1a', event_timestamp: '1', event: { event_type: 'alert', src_ip: '10.80.1.4', dest_ip: '203.0.113.9', alert: { action, signature_id: 1 } } });
    const resolver = (action?: string) => JSON.stringify({ version: '1.100000', query_name: 'evil.example.', query_type: 'A', rcode: 'NXDOMAIN', srcaddr: '10.80.1.4', ...(action === undefined ? {} : { firewall_rule_action: action }) });
    const counts = (metric: keyof typeof NETWORK_METRICS, ...given: string[]) => given.map((line) => takes(NETWORK_METRICS[metric].pattern, line));
    expect(counts('WebAclBlocks', webAcl('BLOCK'), webAcl('ALLOW'))).toEqual([true, false]);
    expect(counts('FirewallDrops', firewall('blocked'), firewall('allowed'))).toEqual([true, false]);
    expect(counts('DnsBlocks', resolver('BLOCK'), resolver('ALLOW'), resolver())).toEqual([true, false, false]);
  });

  it('LOG-3 metrics that the code prints are those that the dashboard draws', () => {
    expect(JSON.parse(detectionMetric)).toMatchObject({ service: 'gateway', signal: 'loop', Detections: 1 });
    expect(JSON.parse(riskMetric)).toMatchObject({ service: 'gateway', Risk: 80, _aws: { CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions: [['service']] }] } });
  });

  it('LOG-3 rules on contributors are about members that events have', () => {
    for (const { keys, filters } of Object.values(CONTRIBUTOR_RULES)) {
      for (const path of [...keys.map((key) => `$.${key}`), ...filters.map(({ Match: at }) => at)]) expect(memberAt(JSON.parse(lines.allowed!), path.replace('$.', ''))).toBeDefined();
    }
  });

  it('LOG-3 GW-4 saved queries ask for members that events have', () => {
    const known = new Set([...Object.keys(REQUEST), 'kind', 'principal.id', 'principal.issuer', 'notes.0', 'policyIds.0', ...Object.keys(JSON.parse(lines.sequence!))]);
    const language = new Set(['filter', 'fields', 'stats', 'sort', 'by', 'as', 'and', 'or', 'like', 'desc', 'asc', 'ispresent', 'strcontains', 'concat', 'toMillis', 'sum', 'max', 'count', 'pct']);
    for (const query of Object.values(SAVED_QUERIES)) {
      const text = query.join(' ').replace(/"[^"]*"/g, '');
      const named = new Set([...text.matchAll(/ as (\w+)/g)].map(([, name]) => name!));
      for (const [word] of text.matchAll(/@?[a-zA-Z_][\w.]*/g)) expect([word, word.startsWith('@') || language.has(word) || named.has(word) || known.has(word)]).toEqual([word, true]);
    }
  });
});

describe('saved queries, over the lines that the code writes', () => {
  const at = (second: number) => `2026-11-22T12:00:${String(second).padStart(2, '0')}.000Z`;
  const failed = (second: number, sourceIp: string) => requestLine({ time: at(second), sourceIp, principal: undefined, decision: 'deny', reason: 'expired', httpStatus: 401 });
  const allowed = (second: number, sourceIp: string, more: object = {}) => requestLine({ time: at(second), sourceIp, reason: undefined, ...more });
  const ask = (name: string, lines: readonly string[]) => answer(SAVED_QUERIES[name]!, lines);
  const guesses = (address: string) => [1, 2, 3, 4, 5].map((second) => failed(second, address));

  it('LOG-3 find the address that failed and then succeeded, and none that only failed, succeeded first, or was never asked for a token', () => {
    const lines = [
      ...guesses('203.0.113.1'), allowed(9, '203.0.113.1'),
      ...guesses('203.0.113.2'),
      allowed(0, '203.0.113.3'), ...guesses('203.0.113.3'),
      ...[1, 2, 3, 4, 5].map((second) => requestLine({ time: at(second), sourceIp: '203.0.113.4', decision: 'deny', reason: 'no_token', httpStatus: 401 })), allowed(9, '203.0.113.4'),
      failed(1, '203.0.113.5'), allowed(9, '203.0.113.5'),
    ];
    expect(ask('Failed sign-ins, then a success', lines)).toEqual([{ sourceIp: '203.0.113.1', failures: 5, lastFailure: Date.parse(at(5)), lastSuccess: Date.parse(at(9)) }]);
  });

  it('LOG-3 DLP-1 find detections, and what a guard found', () => {
    const lines = [behaviourLine(), allowed(1, '203.0.113.1'), allowed(2, '203.0.113.1', { notes: undefined })];
    expect(ask('Unusual tool sequences, and what else behaviour raised', lines)).toMatchObject([{ signal: 'unusual_sequence', risk: 50, tool: 'read_file' }]);
    expect(ask('Data that a guard found', lines)).toMatchObject([{ 'notes.0': 'guard:out payment/credit-card blocked' }]);
  });

  it('DLP-3 GW-4 MUL-11 count refusals, rank answers and tools, and follow a principal and a trace', () => {
    const lines = [
      allowed(1, 'a', { responseBytes: 10, durationMs: 5 }), allowed(2, 'a', { responseBytes: 99, durationMs: 50, target: 'write_file', server: 'crm' }),
      requestLine({ decision: 'deny', reason: 'not_permitted' }), requestLine({ decision: 'deny', reason: 'not_permitted' }), requestLine({ principal: { type: 'User', id: 'bob', issuer: 'i' }, traceId: 'other' }),
    ];
    expect(ask('Refusals by reason and principal', lines)).toEqual([{ refusals: 2, reason: 'not_permitted', 'principal.issuer': 'https://login.example.com', 'principal.id': 'ada', server: 'files', target: 'read_file' }]);
    expect(ask('Largest answers', lines).map(({ responseBytes }) => responseBytes)).toEqual([2_000, 99, 10]);
    expect(ask('Slowest tools', lines)).toMatchObject([{ server: 'crm', target: 'write_file', calls: 1, p99: 50 }, { server: 'files', target: 'read_file', calls: 4, p50: 12.5 }]);
    const asked = (name: string, placeholder: string, value: string) => answer(SAVED_QUERIES[name]!.map((line) => line.replace(placeholder, value)), lines);
    expect(asked('What one principal did on all servers', '<id>', 'ada').map(({ server }) => server).sort()).toEqual(['crm', 'files', 'files', 'files']);
    expect(asked('Everything of one trace', '<trace id>', 'other')).toHaveLength(1);
  });
});

describe('the monitoring of a gateway in a zone', () => {
  const stack = new Stack(new App(), 'Stack');
  const zone = new SecurityZone(stack, 'Zone');
  const registry = new ToolRegistry(stack, 'Tools');
  const gateway = new McpGateway(stack, 'Gateway', { policyStore: new PolicyStore(stack, 'Policies'), tokenIssuers: [ISSUER], registry });
  const auditTrail = new AuditTrail(stack, 'Audit');
  const accessGrants = new AccessGrants(stack, 'Grants', { signIn: { authorizationEndpoint: 'https://login.example.com/authorize', tokenEndpoint: 'https://login.example.com/token', clientId: 'c' } });
  auditTrail.addGateway(gateway);
  const monitoring = new Monitoring(stack, 'Monitoring', { gateway, registry, accessGrants, auditTrail });
  monitoring.addZone(zone);
  monitoring.addAuditLog(new logs.LogGroup(stack, 'Tasks'));
  monitoring.addCluster('mcp');
  monitoring.addLoadBalancer(elbv2.ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(stack, 'Balancer', { loadBalancerArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/entrance/0123456789abcdef', securityGroupId: 'sg-11111111' }));
  zone.allowEgress(zone.addServer('crm', { port: 8443 }), { domains: ['api.example.com'] });
  const template = Template.fromStack(stack);
  const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
  const alarm = (description: RegExp) => alarms.find(({ AlarmDescription }) => description.test(AlarmDescription));

  it('LOG-3 reads every log of events, the container gateway\'s too', () => {
    const filters = Object.values(template.findResources('AWS::Logs::MetricFilter', { Properties: { FilterPattern: AUDIT_METRICS.FailedSignIns.pattern } }));
    expect(filters.map(({ Properties }) => Properties.LogGroupName.Ref.replace(/[0-9A-F]{8}$/, ''))).toEqual(['GatewayAuthorizerLogs', 'GatewayProxyLogs', 'Tasks']);
    expect(filters[0]!.Properties.MetricTransformations).toEqual([{ MetricName: 'FailedSignIns', MetricNamespace: NAMESPACE, MetricValue: '1' }]);
  });

  it('LOG-3 raises an alarm on failed sign-ins from one address, on a success after failures, and on an unusual sequence', () => {
    const [rule] = Object.values(template.findResources('AWS::CloudWatch::InsightRule', { Properties: { RuleName: Match.stringLikeRegexp('FailedSignInsByAddress$') } }));
    expect(alarm(/one address/)).toMatchObject({ Threshold: 20, EvaluationPeriods: 1, Metrics: [expect.objectContaining({ Expression: `INSIGHT_RULE_METRIC("${rule!.Properties.RuleName}", "MaxContributorValue")` })], AlarmActions: [expect.anything()] });
    expect(alarm(/after many that failed/)).toMatchObject({ MetricName: 'FailuresThenSuccess', Namespace: NAMESPACE, Threshold: 1, TreatMissingData: 'notBreaching' });
    expect(alarm(/in an order that it never did/)).toMatchObject({ MetricName: 'UnusualSequences' });
    expect(alarm(/protected data/)).toMatchObject({ MetricName: 'BlockedData' });
  });

  it('LOG-3 counts contributors in all logs of events', () => {
    const bodies = Object.values(template.findResources('AWS::CloudWatch::InsightRule')).map(({ Properties }) => JSON.stringify(Properties.RuleBody));
    expect(bodies).toHaveLength(4);
    for (const body of bodies) for (const log of ['GatewayAuthorizerLogs', 'GatewayProxyLogs', 'Tasks']) expect(body).toContain(log);
    expect(bodies.find((body) => body.includes('responseBytes'))).toContain('\\"AggregateOn\\":\\"Sum\\"');
  });

  it('DLP-3 raises an alarm on large answers, and on unusually large ones', () => {
    expect(alarm(/very much data/)).toMatchObject({ Statistic: 'Maximum', Threshold: 4 * 1024 * 1024 });
    expect(alarm(/far more data than usual/)).toMatchObject({ ComparisonOperator: 'GreaterThanUpperThreshold', ThresholdMetricId: 'expr_1', Metrics: expect.arrayContaining([expect.objectContaining({ Expression: 'ANOMALY_DETECTION_BAND(m0, 4)' })]) });
    expect(alarm(/far more data than usual/)).not.toHaveProperty('AlarmActions');
  });

  it('TB-4 raises an alarm on what firewall, resolver and web ACL stop, and on pods that start again and again', () => {
    expect(alarm(/tried to reach/)).toMatchObject({ MetricName: 'FirewallDrops', Threshold: 1 });
    expect(alarm(/asked for names/)).toMatchObject({ MetricName: 'DnsBlocks', Threshold: 10 });
    expect(alarm(/web ACL blocks/)).toHaveProperty('Metrics');
    expect(JSON.stringify(alarm(/start again and again/))).toContain('crash_loop_back_off');
    expect(alarm(/started again several times/)).toMatchObject({ Threshold: 3, Metrics: [{ Expression: 'DIFF(restarts)' }, { Expression: expect.stringContaining('MAX(pod_number_of_container_restarts)'), Period: 900, ReturnData: false }] });
  });

  it('LOG-2 LOG-4 raises an alarm where events do not reach the archive: none is handed over, taken, written, or comes at all', () => {
    const subscriptions = Object.values(template.findResources('AWS::Logs::SubscriptionFilter')).map(({ Properties: { FilterName } }) => FilterName);
    expect(new Set(subscriptions)).toEqual(new Set(['Stack-Audit-9CF4CB89']));
    expect(alarm(/cannot hand them over/)).toMatchObject({ Threshold: 1, EvaluationPeriods: 1, Metrics: [{ Expression: `SELECT SUM(DeliveryErrors) FROM SCHEMA("AWS/Logs", DestinationType, FilterName, LogGroupName) WHERE FilterName = 'Stack-Audit-9CF4CB89'` }] });
    expect(alarm(/faster than they are taken/)).toMatchObject({ EvaluationPeriods: 6, Metrics: [{ Expression: expect.stringContaining('SUM(DeliveryThrottling)') }] });
    expect(alarm(/cannot be written/)).toMatchObject({ Namespace: 'AWS/Firehose', MetricName: 'DeliveryToS3.Success', ComparisonOperator: 'LessThanThreshold', Threshold: 1 });
    expect(alarm(/are not archived/)).toMatchObject({ Namespace: 'AWS/Firehose', MetricName: 'DeliveryToS3.DataFreshness' });
    expect(alarm(/no record of any comes/)).toMatchObject({
      EvaluationPeriods: 2, Threshold: 1,
      Metrics: [
        { Expression: 'IF(FILL(requests, 0) > 0 AND FILL(records, 0) == 0, 1, 0)' },
        { Id: 'requests', MetricStat: { Metric: { Namespace: NAMESPACE, MetricName: 'Requests' }, Period: 3_600, Stat: 'Sum' } },
        { Id: 'records', MetricStat: { Metric: { Namespace: 'AWS/Firehose', MetricName: 'IncomingRecords' }, Period: 3_600, Stat: 'Sum' } },
      ],
    });
  });

  it('MUL-11 LOG-2 raises an alarm where what is archived is not read, or was given up on', () => {
    const reader = { Ref: expect.stringMatching(/^AuditOcsfFunction/) };
    expect(alarm(/are not read/)).toMatchObject({ Namespace: 'AWS/Lambda', MetricName: 'Errors', Threshold: 5, Dimensions: [{ Name: 'FunctionName', Value: reader }] });
    expect(alarm(/were given up on/)).toMatchObject({ Namespace: 'AWS/SQS', MetricName: 'ApproximateNumberOfMessagesVisible', Threshold: 1, Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [expect.stringMatching(/^AuditOcsfUndelivered/), 'QueueName'] } }] });
  });

  it('LOG-3 JIT-1 knows what is unusual: refusals for want of a policy, approvals, answers that come slowly', () => {
    const unusual = (description: RegExp) => alarm(description).Metrics.find(({ MetricStat }: any) => MetricStat).MetricStat;
    expect(unusual(/no policy permits/)).toMatchObject({ Metric: { Namespace: NAMESPACE, MetricName: 'Refusals', Dimensions: [{ Name: 'Reason', Value: 'not_permitted' }] }, Stat: 'Sum' });
    expect(unusual(/far longer than usual/)).toMatchObject({ Metric: { MetricName: 'Latency' }, Stat: 'p50' });
    expect(unusual(/more grants are approved/)).toMatchObject({ Metric: { MetricName: 'Approved' }, Period: 3_600 });
    expect(alarm(/more grants are approved/)).toMatchObject({ EvaluationPeriods: 1, AlarmActions: [expect.anything()] });
  });

  it('LOG-3 raises an alarm where nobody is let in: by the authorizer, by the API, by a load balancer', () => {
    const [[authorizer]] = Object.entries(template.findResources('AWS::Lambda::Function')).filter(([, { Properties }]) => AUTHORIZER.test(Properties.Description ?? '')) as [[string, unknown]];
    expect(alarm(/nobody is let in/)).toMatchObject({ Namespace: 'AWS/Lambda', MetricName: 'Errors', Threshold: 5, Dimensions: [{ Name: 'FunctionName', Value: { Ref: authorizer } }], AlarmActions: [expect.anything()] });
    expect(alarm(/its authorizer or its proxy does not answer/)).toMatchObject({ Namespace: 'AWS/ApiGateway', MetricName: '5XXError', Threshold: 5 });
    expect(alarm(/reaches no gateway that is ready/)).toMatchObject({ Namespace: 'AWS/ApplicationELB', MetricName: 'HTTPCode_ELB_5XX_Count', Threshold: 5 });
  });

  it('TB-4 joins several signs to one alarm', () => {
    const composites = Object.fromEntries(Object.values(template.findResources('AWS::CloudWatch::CompositeAlarm')).map(({ Properties }) => [Properties.AlarmDescription, JSON.stringify(Properties.AlarmRule)]));
    const names = (text: string) => [...text.matchAll(/Monitoring([A-Za-z]+?)[0-9A-F]{8}/g)].map(([, name]) => name);
    expect(names(composites['Somebody may be using an MCP gateway as somebody else']!)).toEqual(['FailedSignIns', 'FailuresThenSuccess', 'UnusualWebAclBlocks', 'UnusualRefusals', 'UnusualDenials', 'HighRisks', 'UnusualSequences']);
    expect(names(composites['Data may be leaving by way of MCP tools']!)).toEqual(['LargeAnswers', 'UnusualAnswers', 'BlockedData', 'HighRisks', 'UnusualSequences', 'ChangedTools', 'DnsBlocks', 'FirewallDrops']);
    expect(names(composites['An MCP gateway is asked for more than it can serve']!)).toEqual(['UnusualRequests', 'Failures', 'Latency', 'UnusualLatency']);
  });

  it('CV-2 lets the code watch behaviour', () => {
    for (const who of [AUTHORIZER, PROXY]) expect(environmentOf(template, who)).toMatchObject({ MCP_BEHAVIOUR_METRICS: NAMESPACE });
  });

  it('MUL-11 draws one page, and keeps questions over all servers', () => {
    const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
    const body = JSON.stringify(dashboard!.Properties.DashboardBody);
    for (const title of ['Latency, milliseconds', 'Refusals by reason', 'Definitions of tools', 'Lookups of names', 'Connections that the firewall stopped', 'Containers that start', 'Errors of the functions and the API', 'Requests that the web ACL blocked', 'Errors at the load balancer']) expect(body).toContain(title);
    expect(body).toContain('p99');
    template.resourceCountIs('AWS::Logs::QueryDefinition', Object.keys(SAVED_QUERIES).length);
    template.hasResourceProperties('AWS::Logs::QueryDefinition', { Name: Match.stringLikeRegexp('^McpZeroTrust/.+/What one principal did on all servers$') });
  });

  it('only CloudWatch publishes alarms, encrypted', () => {
    template.hasResourceProperties('AWS::SNS::Topic', { DisplayName: 'Alarms of an MCP gateway', KmsMasterKeyId: Match.anyValue() });
    template.hasResourceProperties('AWS::SNS::TopicPolicy', { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'sns:Publish', Principal: { Service: 'cloudwatch.amazonaws.com' } })]) } });
  });
});

describe('monitoring as it is told', () => {
  it('takes a topic and thresholds, and does not watch behaviour where it must not', () => {
    const stack = new Stack(new App(), 'Stack');
    const gateway = new McpGateway(stack, 'Gateway', { policyStore: new PolicyStore(stack, 'Policies'), tokenIssuers: [ISSUER] });
    const alarmTopic = new sns.Topic(stack, 'Topic', { masterKey: new kms.Key(stack, 'Key') });
    new Monitoring(stack, 'Monitoring', { gateway, alarmTopic, latencyThreshold: Duration.seconds(2), failedSignInThreshold: 5, responseSizeThreshold: Size.kibibytes(64), watchBehaviour: false });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::SNS::Topic', 1);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { ExtendedStatistic: 'p99', Threshold: 2_000, EvaluationPeriods: 3 });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'ResponseBytes', Threshold: 65_536 });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { Threshold: 5, AlarmDescription: Match.stringLikeRegexp('one address') });
    expect(environmentOf(template, PROXY)).not.toHaveProperty('MCP_BEHAVIOUR_METRICS');
  });
});
