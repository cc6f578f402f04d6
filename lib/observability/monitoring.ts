import { Annotations, Duration, Size } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { McpGateway } from '../gateway';
import type { SecurityZone } from '../zone';
import { createAlarmTopic } from './alarm-topic';
import { AlarmFactory, allOf, anyOf, anyOfLater } from './alarms';
import { addLineMetric, AUDIT_METRICS, DETECTION_METRICS, NETWORK_METRICS } from './audit-filters';
import { Contributors } from './contributors';
import { MonitoringDashboard } from './monitoring-dashboard';
import type { MonitoringProps } from './monitoring-props';
import { addSavedQueries } from './saved-queries';
import { addTrailAlarms } from './trail-alarms';

type NetworkMetric = keyof typeof NETWORK_METRICS;

/** Names that are looked up in vain within 5 minutes: software asks for some by itself. */
const BLOCKED_LOOKUPS = 10;
/** Restarts of one container within a quarter of an hour. */
const RESTARTS = 3;
/** Requests within 5 minutes that whatever stands around the code that decides may fail on. */
const FAILED_REQUESTS = 5;
/** Share of requests that may fail. */
const FAILING = 0.05;

/**
 * What a gateway does, for people: metrics and contributors from the events that it records, alarms on what is too much, on what is unusual, and
 * on several such things at once, a dashboard, and questions that are ready to be asked (LOG-3, TB-1, TB-4, DLP-3, MUL-11).
 *
 * Control: LOG-3, TB-1, TB-4, CV-4, DLP-3, HOST-1, MUL-11.
 *
 * @example
 * const monitoring = new Monitoring(this, 'Monitoring', { gateway, registry });
 * monitoring.alarmTopic.addSubscription(new subscriptions.EmailSubscription('security@example.com'));
 */
export class Monitoring extends Construct {
  /** Where alarms go. */
  readonly alarmTopic: sns.ITopic;

  /** The dashboard. */
  readonly dashboard: cloudwatch.Dashboard;

  /** Signs of somebody who is somebody else: failures of authentication together with refusals or unusual behaviour. */
  readonly intrusionAlarm: cloudwatch.CompositeAlarm;

  /** Signs of data that leave: large or stopped answers together with unusual behaviour or connections that were stopped. */
  readonly exfiltrationAlarm: cloudwatch.CompositeAlarm;

  /** Signs of more requests than can be served. */
  readonly overloadAlarm: cloudwatch.CompositeAlarm;

  private readonly props: MonitoringProps;
  private readonly namespace: string;
  private readonly alarms: AlarmFactory;
  private readonly contributors: Contributors;
  private readonly view: MonitoringDashboard;
  private readonly auditLogs: logs.ILogGroup[] = [];
  /** Connections and lookups that were stopped, which may become known later. */
  private readonly stopped: cloudwatch.IAlarm[] = [];

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    this.props = props;
    const { gateway } = props;
    this.namespace = gateway.metricNamespace;
    this.alarmTopic = props.alarmTopic ?? createAlarmTopic(this, props.encryptionKey);
    this.alarms = new AlarmFactory(this, this.alarmTopic);
    for (const logGroup of gateway.auditLogGroups) this.addAuditLog(logGroup);
    this.contributors = new Contributors(this, 'Contributors', () => this.auditLogs);
    if (props.watchBehaviour ?? true) this.watchBehaviour();

    this.view = new MonitoringDashboard(this, 'View', { ...props, metric: (name, options) => this.metric(name, options), contributors: this.contributors });
    this.dashboard = this.view.dashboard;
    const { failedSignIns, impostor, refusals, denials, unusualSequence, changedTool, highRisk, blockedData, largeAnswer, unusualAnswer, requests, failing, slow, slower } = this.watchRequests();
    if (props.accessGrants) this.alarms.rare('UnusualApprovals', 'Far more grants are approved than usual', props.accessGrants.metric('Approved', { period: Duration.hours(1) }));
    const blocks = this.watchServing();
    this.intrusionAlarm = this.alarms.together('Intrusion', 'Somebody may be using an MCP gateway as somebody else', allOf(anyOf(failedSignIns, impostor, blocks), anyOf(refusals, denials, highRisk, unusualSequence)));
    this.exfiltrationAlarm = this.alarms.together('Exfiltration', 'Data may be leaving by way of MCP tools', allOf(anyOf(largeAnswer, unusualAnswer, blockedData), anyOfLater(() => [highRisk, unusualSequence, changedTool, ...this.stopped])));
    this.overloadAlarm = this.alarms.together('Overload', 'An MCP gateway is asked for more than it can serve', allOf(anyOf(requests), anyOf(failing, slow, slower)));
    addSavedQueries(this, this.auditLogs);
  }

  /**
   * A metric of the events.
   *
   * @param metricName `Refusals`, `FailedSignIns`, `Failures`, `ResponseBytes`, `FailuresThenSuccess`, `UnusualSequences`, `HighRisks`, `BlockedData`,
   *   `WebAclBlocks`, `FirewallDrops` or `DnsBlocks`
   * @param props how to read it. Sum over 5 minutes unless told otherwise
   */
  metric(metricName: string, props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({ namespace: this.namespace, metricName, statistic: cloudwatch.Stats.SUM, ...props }).attachTo(this);
  }

  /**
   * Reads the events of another log group, such as that of a gateway that runs as tasks too. To be called before the template is written.
   *
   * @param logGroup lines as the code of this package writes them
   */
  addAuditLog(logGroup: logs.ILogGroup): void {
    this.auditLogs.push(logGroup);
    for (const [name, metric] of Object.entries(AUDIT_METRICS)) addLineMetric(this, `${name}${this.auditLogs.length}`, logGroup, this.namespace, name, metric);
  }

  /**
   * Watches what the network of a zone stops: connections at the firewall, names at the resolver (TB-4).
   *
   * @param zone the zone of the gateway
   */
  addZone(zone: SecurityZone): void {
    zone._onLog('Queries', (logGroup) => this.watchNetwork('DnsBlocks', logGroup, 'Something in the zone of MCP servers asked for names that nobody declared', BLOCKED_LOOKUPS));
    zone._onLog('FirewallAlerts', (logGroup) => this.watchNetwork('FirewallDrops', logGroup, 'Something in the zone of MCP servers tried to reach what nobody declared'));
  }

  /**
   * Watches the load balancer that stands in front of a gateway without an API: requests that it could hand to nobody.
   *
   * @param loadBalancer in front of the gateway
   */
  addLoadBalancer(loadBalancer: elbv2.IApplicationLoadBalancer): void {
    const { metrics } = loadBalancer;
    const failed = metrics.httpCodeElb(elbv2.HttpCodeElb.ELB_5XX_COUNT, { statistic: cloudwatch.Stats.SUM });
    this.alarms.above('EntranceErrors', 'The load balancer in front of an MCP gateway reaches no gateway that is ready', failed, { threshold: FAILED_REQUESTS });
    const answered = metrics.httpCodeTarget(elbv2.HttpCodeTarget.TARGET_5XX_COUNT, { statistic: cloudwatch.Stats.SUM, label: 'answered with an error' });
    this.view.add('In front', [['Errors at the load balancer', [failed.with({ label: 'handed to nobody' }), answered]], ['Connections that were refused', [metrics.rejectedConnectionCount({ statistic: cloudwatch.Stats.SUM })]]]);
  }

  /**
   * Watches the pods of a cluster, by CloudWatch Container Insights, which has to be on in it: containers that start again and again.
   *
   * @param clusterName name of the EKS cluster
   */
  addCluster(clusterName: string): void {
    const most = (metricName: string, label: string, period?: Duration) => new cloudwatch.MathExpression({
      expression: `SELECT MAX(${metricName}) FROM SCHEMA("ContainerInsights", ClusterName, Namespace, PodName) WHERE ClusterName = '${clusterName}'`,
      usingMetrics: {}, label, period,
    });
    const looping = most('pod_container_status_waiting_reason_crash_loop_back_off', 'containers that wait to be started again');
    this.alarms.above('PodsWaiting', 'Containers of MCP servers or their gateway start again and again', looping, { periods: 3 });
    const [restarts, quarter] = ['pod_number_of_container_restarts', Duration.minutes(15)];
    // Of the container with most, since an alarm is on one series: one that goes on failing becomes that one.
    const more = new cloudwatch.MathExpression({ expression: 'DIFF(restarts)', usingMetrics: { restarts: most(restarts, 'restarts', quarter) }, period: quarter, label: 'Restarts within a quarter of an hour' });
    this.alarms.above('PodRestarts', 'A container of an MCP server or their gateway was started again several times', more, { threshold: RESTARTS });
    this.view.add('Pods', [['Containers that start again and again', [looping]], ['Restarts', [most(restarts, 'of the container with most')]]]);
  }

  /** In each process that serves requests, and over all of them and all servers in what is archived (MUL-11). */
  private watchBehaviour(): void {
    const { gateway, auditTrail } = this.props;
    gateway._watchBehaviour();
    const together = auditTrail?._watchBehaviour();
    if (!together) {
      Annotations.of(this).addWarningV2('cdk-mcp-zero-trust:watchedApart', 'what spans servers or instances is not noticed, since each process sees its own requests alone: give an auditTrail that also writes OCSF, whose function reads all of them');
      return;
    }
    this.auditLogs.push(together);
    for (const name of DETECTION_METRICS) addLineMetric(this, `${name}Together`, together, this.namespace, name, AUDIT_METRICS[name]);
  }

  private watchRequests() {
    const { gateway, latencyThreshold = Duration.seconds(10), failedSignInThreshold = 20, responseSizeThreshold = Size.mebibytes(4) } = this.props;
    const failedSignIns = this.alarms.above('FailedSignIns', 'Tokens from one address are refused again and again', this.contributors.metricMost('FailedSignInsByAddress', 'Most refused tokens of one address'), { threshold: failedSignInThreshold });
    this.contributors.applyBefore(failedSignIns, 'FailedSignInsByAddress');
    const failing = new cloudwatch.MathExpression({ expression: 'failures / requests', usingMetrics: { failures: this.metric('Failures'), requests: gateway.metricRequests() }, label: 'Share of requests that fail' });
    return {
      failedSignIns,
      impostor: this.alarms.above('FailuresThenSuccess', 'A sign-in succeeded after many that failed', this.metric('FailuresThenSuccess')),
      refusals: this.alarms.unusual('UnusualRefusals', 'Far more requests are refused than usual', gateway.metricDenied()),
      denials: this.alarms.unusual('UnusualDenials', 'Far more is asked for that no policy permits than usual', this.metric('Refusals', { dimensionsMap: { Reason: 'not_permitted' } })),
      unusualSequence: this.alarms.above('UnusualSequences', 'A principal used tools in an order that it never did', this.metric('UnusualSequences')),
      changedTool: this.alarms.above('ChangedTools', 'A tool answers, is called or is given destinations as it never was, for several principals', this.metric('ChangedTools')),
      highRisk: this.alarms.above('HighRisks', 'A principal behaves very unlike itself', this.metric('HighRisks')),
      blockedData: this.alarms.above('BlockedData', 'A data guard stopped protected data in an answer or a call', this.metric('BlockedData')),
      largeAnswer: this.alarms.above('LargeAnswers', 'A tool answered with very much data', this.metric('ResponseBytes', { statistic: cloudwatch.Stats.MAXIMUM }), { threshold: responseSizeThreshold.toBytes() }),
      unusualAnswer: this.alarms.unusual('UnusualAnswers', 'Tools answer with far more data than usual', this.metric('ResponseBytes')),
      requests: this.alarms.unusual('UnusualRequests', 'Far more requests come than usual', gateway.metricRequests()),
      failing: this.alarms.above('Failures', 'Many requests fail: decisions cannot be taken, or upstream servers do not answer', failing, { threshold: FAILING, periods: 3 }),
      slow: this.alarms.above('Latency', 'Requests take long', gateway.metricLatency({ statistic: cloudwatch.Stats.p(99) }), { threshold: latencyThreshold.toMilliseconds(), periods: 3 }),
      slower: this.alarms.unusual('UnusualLatency', 'Requests take far longer than usual', gateway.metricLatency({ statistic: cloudwatch.Stats.p(50) })),
    };
  }

  /** What stands around the code that decides. Answers the alarm of the web ACL, where there is one. */
  private watchServing(): cloudwatch.IAlarm | undefined {
    const { gateway, auditTrail } = this.props;
    if (auditTrail) addTrailAlarms(this.alarms, auditTrail, gateway);
    const { webAcl = gateway instanceof McpGateway ? gateway.webAcl : undefined } = this.props;
    const blocked: [string, cloudwatch.IMetric[]][] = webAcl ? [['Requests that the web ACL blocked', [this.metric('WebAclBlocks')]]] : [];
    const failing: [string, cloudwatch.IMetric[]][] = gateway instanceof McpGateway ? [['Errors of the functions and the API', this.watchFunctions(gateway)]] : [];
    if (blocked.length + failing.length > 0) this.view.add('In front', [...failing, ...blocked]);
    if (!webAcl) return undefined;
    addLineMetric(this, 'WebAclBlocks', webAcl.logGroup, this.namespace, 'WebAclBlocks', NETWORK_METRICS.WebAclBlocks);
    return this.alarms.unusual('UnusualWebAclBlocks', 'The web ACL blocks far more requests than usual', this.metric('WebAclBlocks'));
  }

  /** Alarms on the functions and the API of a gateway. Answers how often they fail. */
  private watchFunctions(gateway: McpGateway): cloudwatch.IMetric[] {
    const { authorizer, proxy } = gateway._functionErrors();
    this.alarms.above('AuthorizerErrors', 'The authorizer of an MCP gateway fails: nobody is let in', authorizer, { threshold: FAILED_REQUESTS });
    const errors = [authorizer.with({ label: 'authorizer' }), proxy.with({ label: 'proxy' })];
    if (gateway.restApi instanceof apigateway.RestApi) {
      const api = gateway.restApi.metricServerError({ statistic: cloudwatch.Stats.SUM });
      this.alarms.above('ServerErrors', 'The API of an MCP gateway fails: its authorizer or its proxy does not answer', api, { threshold: FAILED_REQUESTS });
      errors.push(api.with({ label: 'API' }));
    }
    return errors;
  }

  private watchNetwork(metricName: NetworkMetric, logGroup: logs.ILogGroup, description: string, threshold?: number): void {
    addLineMetric(this, `${metricName}Lines`, logGroup, this.namespace, metricName, NETWORK_METRICS[metricName]);
    this.stopped.push(this.alarms.above(metricName, description, this.metric(metricName), { threshold }));
    this.view.add(metricName, [[metricName === 'DnsBlocks' ? 'Lookups of names that nobody declared' : 'Connections that the firewall stopped', [this.metric(metricName)]]]);
  }
}
