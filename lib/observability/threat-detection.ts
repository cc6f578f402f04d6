import { CustomResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as destinations from 'aws-cdk-lib/aws-lambda-destinations';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as subscriptions from 'aws-cdk-lib/aws-logs-destinations';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { GatewayFunction } from '../gateway/function';
import { acknowledge } from '../private/acknowledge';
import { functionCode } from '../private/bundle';
import { ToolRegistry } from '../registry';
import { DataEventTrail } from './data-event-trail';
import { all, conditionsOf } from './event-fields';
import type { DetectionLine } from './event-fields';
import { featuresOf, ProtectionPlan } from './protection-plan';
import type { ThreatDetectionProps } from './threat-detection-props';

/** Severity of findings that people hear of at once: high and critical. */
const HIGH = 7;
const detection = conditionsOf<DetectionLine>();

/**
 * The threat detection of AWS around a gateway, and what the gateway itself finds, for those who respond: GuardDuty, Security Hub and Inspector are
 * made sure of, whatever the account has already; what behaviour raises is an incident on the bus and a finding in Security Hub; who touches the
 * archive and the tables behind the gateway's back is recorded.
 *
 * Control: HOST-0, HOST-2, SOC-1, SOC-3, TB-4, LOG-3.
 *
 * @example
 * new ThreatDetection(this, 'Threats', { gateway, auditTrail, registry, alarmTopic: monitoring.alarmTopic });
 */
export class ThreatDetection extends Construct {
  /** Bus that incidents go to. */
  readonly eventBus: events.IEventBus;

  private readonly props: ThreatDetectionProps;
  private readonly findings: GatewayFunction;
  private readonly watched = new Set<logs.ILogGroup>();

  constructor(scope: Construct, id: string, props: ThreatDetectionProps) {
    super(scope, id);
    this.props = props;
    const { gateway, registry, accessGrants, auditTrail, dataEvents = true } = props;
    this.eventBus = props.eventBus ?? events.EventBus.fromEventBusName(this, 'DefaultBus', 'default');
    this.ensureServices();
    this.findings = this.createFindings();
    for (const logGroup of gateway.auditLogGroups) this.addAuditLog(logGroup);
    if (registry instanceof ToolRegistry) this.addAuditLog(registry._announcer.logGroup, all('$.kind = "tool"', '$.from = "approved"', '$.to = "quarantined"'));
    if (accessGrants) this.addAuditLog(accessGrants._site.logGroup, all('$.kind = "kill_switch"', '$.action = "blocked"'));
    if (auditTrail?._watched) this.addAuditLog(auditTrail._watched);
    this.tellOfGuardDuty();
    if (auditTrail && dataEvents) new DataEventTrail(this, 'DataEvents', { auditTrail, tableArns: [registry?.tableArn, accessGrants?.tableArn].filter((arn) => arn !== undefined) });
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
    new logs.SubscriptionFilter(this, `Findings${this.watched.size}`, { logGroup, destination: new subscriptions.LambdaDestination(this.findings.function), filterPattern: logs.FilterPattern.literal(filterPattern) });
  }

  /** A custom resource and not resources of these services: those fail where the account has a detector or a hub already. */
  private ensureServices(): void {
    const { guardDuty = true, existingDetectorId, protectionPlans = [ProtectionPlan.S3, ProtectionPlan.LAMBDA, ProtectionPlan.MALWARE], securityHub = true, inspector = true } = this.props;
    if (existingDetectorId !== undefined && !guardDuty) throw new Error('existingDetectorId is given, and guardDuty is false: leave one of them out');
    if (!guardDuty && !securityHub && !inspector) return;
    const ensure = this.define('Ensure', 'threat-services', 'Makes sure that GuardDuty, Security Hub and Inspector watch this account', { MCP_URL_SUFFIX: Stack.of(this).urlSuffix });
    const grants = [
      ...(guardDuty ? ['guardduty:ListDetectors', 'guardduty:CreateDetector', 'guardduty:GetDetector', 'guardduty:UpdateDetector'] : []),
      ...(securityHub ? ['securityhub:EnableSecurityHub'] : []),
      ...(inspector ? ['inspector2:Enable'] : []),
    ];
    const granted = iam.Grant.addToPrincipal({ grantee: ensure.function, actions: grants, resourceArns: ['*'] });
    const roles = iam.Grant.addToPrincipal({
      grantee: ensure.function,
      actions: ['iam:CreateServiceLinkedRole'],
      resourceArns: [Stack.of(this).formatArn({ service: 'iam', region: '', resource: 'role', resourceName: 'aws-service-role/*' })],
      conditions: { StringEquals: { 'iam:AWSServiceName': ['guardduty.amazonaws.com', 'malware-protection.guardduty.amazonaws.com', 'securityhub.amazonaws.com', 'inspector2.amazonaws.com', 'agentless.inspector2.amazonaws.com'] } },
    });
    const { account, partition } = Stack.of(this);
    // As the rule pack shows what is known only when it is deployed.
    const shown = (value: string) => {
      const known = Stack.of(this).resolve(value) as string | { readonly Ref: string };
      return typeof known === 'string' ? known : `<${known.Ref}>`;
    };
    acknowledge(ensure, {
      'AwsSolutions-IAM5[Resource::*]': 'switching these services on, and listing detectors, is about the account as a whole, which has no ARN',
      [`AwsSolutions-IAM5[Resource::arn:${shown(partition)}:iam::${shown(account)}:role/aws-service-role/*]`]: 'the roles that four services of AWS need of themselves, by the names that those services give them',
    });
    const services = new CustomResource(this, 'Services', {
      resourceType: 'Custom::McpThreatServices',
      serviceToken: ensure.function.functionArn,
      properties: {
        Wanted: Stack.of(this).toJsonString({
          ...(guardDuty ? { guardDuty: { detectorId: existingDetectorId, features: featuresOf(protectionPlans) } } : {}),
          securityHub,
          inspector: inspector ? ['ECR', 'LAMBDA'] : [],
        }),
      },
      serviceTimeout: Duration.minutes(5),
    });
    granted.applyBefore(services);
    roles.applyBefore(services);
  }

  private createFindings(): GatewayFunction {
    const { securityHub = true, gateway } = this.props;
    const { account, partition, region } = Stack.of(this);
    const findings = this.define('Findings', 'security-findings', 'Tells those who respond, and Security Hub, of what an MCP gateway finds', {
      MCP_INCIDENT_BUS: this.eventBus.eventBusName, MCP_SECURITY_HUB: `${securityHub}`, MCP_PARTITION: partition, MCP_ACCOUNT: account, MCP_GATEWAY: gateway.metricNamespace,
    });
    const undelivered = new sqs.Queue(this, 'Undelivered', { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) });
    acknowledge(undelivered, { 'AwsSolutions-SQS3': 'this queue is where findings go that could not be told of after all retries' });
    findings.function.configureAsyncInvoke({ onFailure: new destinations.SqsDestination(undelivered), retryAttempts: 2, maxEventAge: Duration.hours(1) });
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

  private define(id: string, bundle: string, description: string, environment: Record<string, string>): GatewayFunction {
    return new GatewayFunction(this, id, {
      description, environment,
      code: functionCode(bundle),
      timeout: Duration.minutes(2),
      memorySize: 512,
      encryptionKey: this.props.encryptionKey ?? this.props.gateway.encryptionKey,
      logRetention: logs.RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.RETAIN,
      whyNoDeadLetterQueue: 'what it fails on goes to a queue of its own, or to CloudFormation, which waits for its answer',
    });
  }
}
