import { Duration, Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as destinations from 'aws-cdk-lib/aws-lambda-destinations';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as subscriptions from 'aws-cdk-lib/aws-logs-destinations';
import type * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { GatewayFunction } from '../gateway/function';
import { acknowledge } from '../private/acknowledge';
import { functionCode } from '../private/bundle';
import { ToolRegistry } from '../registry';
import { AlarmFactory } from './alarms';
import { addLineMetric, WATCHER_METRICS } from './audit-filters';
import { DataEventTrail } from './data-event-trail';
import { all, conditionsOf } from './event-fields';
import type { DetectionLine } from './event-fields';
import { addForwardingAlarms, forwardingMetric } from './forwarding';
import { ProtectionPlan } from './protection-plan';
import type { ThreatDetectionProps } from './threat-detection-props';
import { ThreatServices } from './threat-services';
import type { WatcherDefinition } from './threat-services';

/** Severity of findings that people hear of at once: high and critical. */
const HIGH = 7;
const detection = conditionsOf<DetectionLine>();

/**
 * The threat detection of AWS around a gateway, and what the gateway itself finds, for those who respond: GuardDuty, Security Hub and Inspector are
 * made sure of, whatever the account has already; what behaviour raises is an incident on the bus and a finding in Security Hub; who touches the
 * archive and the tables behind the gateway's back is recorded.
 *
 * Control: HOST-0, HOST-2, SOC-3, TB-4, LOG-3.
 *
 * @example
 * new ThreatDetection(this, 'Threats', { gateway, auditTrail, registry, alarmTopic: monitoring.alarmTopic });
 */
export class ThreatDetection extends Construct {
  /** Bus that incidents go to. */
  readonly eventBus: events.IEventBus;

  /**
   * What was left off when it was deployed, separated by spaces: plans of GuardDuty by the names of its API, `DETECTOR`, `SecurityHub` and `Inspector`.
   * `none` where all of it is on; absent where none of them is made sure of.
   */
  readonly plansLeftOff?: string;

  private readonly props: ThreatDetectionProps;
  private readonly findings: GatewayFunction;
  private readonly services?: ThreatServices;
  private readonly undelivered: sqs.Queue;
  /** Of all subscriptions, by which they are watched together. */
  private readonly uniqueName: string;
  private readonly watched = new Set<logs.ILogGroup>();
  private readonly tableArns: string[] = [];

  constructor(scope: Construct, id: string, props: ThreatDetectionProps) {
    super(scope, id);
    this.props = props;
    this.uniqueName = Names.uniqueResourceName(this, { maxLength: 200, separator: '-' });
    const { gateway, registry, accessGrants, blockList, auditTrail, dataEvents = true } = props;
    this.eventBus = props.eventBus ?? events.EventBus.fromEventBusName(this, 'DefaultBus', 'default');
    this.services = this.ensureServices();
    this.plansLeftOff = this.services?.leftOff;
    this.undelivered = new sqs.Queue(this, 'Undelivered', { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) });
    acknowledge(this.undelivered, { 'AwsSolutions-SQS3': 'this queue is where findings go that could not be told of after all retries' });
    this.findings = this.createFindings();
    for (const logGroup of gateway.auditLogGroups) this.addAuditLog(logGroup);
    if (registry instanceof ToolRegistry) this.addAuditLog(registry._announcer.logGroup, all('$.kind = "tool"', '$.from = "approved"', '$.to = "quarantined"'));
    if (accessGrants) this.addAuditLog(accessGrants._site.logGroup, all('$.kind = "kill_switch"', '$.action = "blocked"'));
    if (auditTrail?._watched) this.addAuditLog(auditTrail._watched);
    if (props.alarmTopic) this.watchItself(props.alarmTopic);
    this.tellOfGuardDuty();
    for (const table of [registry, accessGrants, blockList]) if (table) this.addTable(table.tableArn);
    if (auditTrail && dataEvents) new DataEventTrail(this, 'DataEvents', { auditTrail, tableArns: () => this.tableArns });
  }

  /**
   * Records who writes another table that decides, such as the ledger of the response, where data events are recorded.
   *
   * @param tableArn of Amazon DynamoDB, in this region
   */
  addTable(tableArn: string): void {
    this.tableArns.push(tableArn);
  }

  /**
   * Finds in another log group what behaviour raised, such as in that of a gateway that runs as tasks too.
   *
   * @param logGroup lines as the code of this package writes them
   * @param filterPattern which lines are findings
   */
  addAuditLog(logGroup: logs.ILogGroup, filterPattern: string = all(detection.is('kind', 'detection'))): void {
    if (this.watched.has(logGroup)) return;
    this.watched.add(logGroup);
    new logs.SubscriptionFilter(this, `Findings${this.watched.size}`, {
      logGroup,
      filterName: this.uniqueName,
      destination: new subscriptions.LambdaDestination(this.findings.function),
      filterPattern: logs.FilterPattern.literal(filterPattern),
    });
  }

  private ensureServices(): ThreatServices | undefined {
    const { guardDuty = true, existingDetectorId, protectionPlans = [ProtectionPlan.S3, ProtectionPlan.LAMBDA, ProtectionPlan.MALWARE], securityHub = true, inspector = true } = this.props;
    if (existingDetectorId !== undefined && !guardDuty) throw new Error('existingDetectorId is given, and guardDuty is false: leave one of them out');
    if (!guardDuty && !securityHub && !inspector) return undefined;
    return new ThreatServices(this, 'Services', {
      guardDuty, existingDetectorId, protectionPlans, securityHub, inspector,
      define: (at, id, definition) => this.define(at, id, definition),
    });
  }

  private createFindings(): GatewayFunction {
    const { securityHub = true, gateway } = this.props;
    const { account, partition, region } = Stack.of(this);
    const findings = this.define(this, 'Findings', {
      bundle: 'security-findings',
      description: 'Tells those who respond, and Security Hub, of what an MCP gateway finds',
      environment: { MCP_INCIDENT_BUS: this.eventBus.eventBusName, MCP_SECURITY_HUB: `${securityHub}`, MCP_PARTITION: partition, MCP_ACCOUNT: account, MCP_GATEWAY: gateway.metricNamespace },
      whyNoDeadLetterQueue: 'what it fails on goes to a queue of its own, as its destination on failure',
      whyUnreserved: 'log groups pass on to it what is a finding and nothing else, many lines at once',
    });
    findings.function.configureAsyncInvoke({ onFailure: new destinations.SqsDestination(this.undelivered), retryAttempts: 2, maxEventAge: Duration.hours(1) });
    this.eventBus.grantPutEventsTo(findings.function);
    if (securityHub) iam.Grant.addToPrincipal({ grantee: findings.function, actions: ['securityhub:BatchImportFindings'], resourceArns: [`arn:${partition}:securityhub:${region}:${account}:product/${account}/default`] });
    return findings;
  }

  /** Text of AWS's own, never of a template with names that others choose. */
  private tellOfGuardDuty(): void {
    const { alarmTopic } = this.props;
    if (!alarmTopic || !(this.props.guardDuty ?? true)) return;
    const { fromPath } = events.EventField;
    new events.Rule(this, 'GuardDutyRule', {
      description: 'Tells people of findings of GuardDuty that are of high severity',
      eventPattern: { source: ['aws.guardduty'], detailType: ['GuardDuty Finding'], detail: { severity: [{ numeric: ['>=', HIGH] }] } },
      targets: [new targets.SnsTopic(alarmTopic, { message: events.RuleTargetInput.fromText(`GuardDuty found ${fromPath('$.detail.type')} (severity ${fromPath('$.detail.severity')}) in ${fromPath('$.account')}, ${fromPath('$.region')}: finding ${fromPath('$.detail.id')}`) })],
    });
  }

  /** Who finds nothing, tells nobody, or is not let watch, says nothing by itself. */
  private watchItself(alarmTopic: sns.ITopic): void {
    const { gateway: { metricNamespace: namespace }, securityHub = true } = this.props;
    const alarms = new AlarmFactory(this, alarmTopic);
    const metric = (name: keyof typeof WATCHER_METRICS, logGroup: logs.ILogGroup, props: cloudwatch.MetricOptions) => {
      addLineMetric(this, `${name}Lines`, logGroup, namespace, name, WATCHER_METRICS[name]);
      return new cloudwatch.Metric({ namespace, metricName: name, ...props });
    };
    addForwardingAlarms(alarms, { id: 'Findings', what: 'Findings of an MCP gateway', purpose: 'told of', errors: forwardingMetric('DeliveryErrors', this.uniqueName), throttled: forwardingMetric('DeliveryThrottling', this.uniqueName) });
    alarms.above('FindingsUndelivered', 'Findings of an MCP gateway reached nobody', this.undelivered.metricApproximateNumberOfMessagesVisible());
    if (securityHub) alarms.above('SecurityHubRefusals', 'Security Hub takes no findings of an MCP gateway: it is off, or left to an administrator', metric('RefusedFindings', this.findings.logGroup, { statistic: cloudwatch.Stats.SUM }));
    if (!this.services) return;
    const leftOff = metric('ServicesLeftOff', this.services.checker.logGroup, { statistic: cloudwatch.Stats.MAXIMUM, period: Duration.days(1) });
    alarms.above('ServicesLeftOff', 'GuardDuty, Security Hub or Inspector is off, or a plan of GuardDuty, and cannot be switched on', leftOff);
    alarms.above('ServicesUnknown', 'Nobody knows whether GuardDuty, Security Hub and Inspector watch: they could not be asked', this.services.metricFailedChecks());
  }

  private define(scope: Construct, id: string, { bundle, ...definition }: WatcherDefinition): GatewayFunction {
    return new GatewayFunction(scope, id, {
      ...definition,
      code: functionCode(bundle),
      timeout: Duration.minutes(2),
      memorySize: 512,
      encryptionKey: this.props.encryptionKey ?? this.props.gateway.encryptionKey,
      logRetention: logs.RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
