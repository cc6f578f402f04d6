import { Duration, Lazy, Names, RemovalPolicy, Resource, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { AccessGrants } from '../access-grants';
import type { McpServingGateway } from '../gateway';
import { Variable } from '../gateway/environment';
import { acknowledge } from '../private/acknowledge';
import { letLogsUse } from '../private/log-key';
import type { ToolRegistry } from '../registry';
import { AuditArchive } from './audit-archive';
import { AuditDelivery } from './audit-delivery';
import type { AuditTrailProps } from './audit-trail-props';
import { forwardingMetric } from './forwarding';
import { OcsfEvents } from './ocsf-events';
import type { IncidentResponse } from './response';
import { SecurityLakeSources } from './security-lake';

/** Where the events are, as they were written. */
const EVENTS = 'events/';

/**
 * The record of every request and of everything that people decide, kept so that nobody can rewrite it (LOG-1, LOG-2, LOG-4): each process that
 * writes events chains and signs them, certified by a key of the trail; CloudWatch Logs passes them to Data Firehose, which archives them in
 * a bucket under Object Lock. `mcp-zero-trust audit verify --archive` finds in what is downloaded whatever was removed, changed or added.
 *
 * Control: LOG-1, LOG-2, LOG-4, ENT-2.
 *
 * @example
 * const trail = new AuditTrail(this, 'Audit', { retention: Duration.days(400) });
 * trail.addGateway(gateway);
 *
 * @stateful
 */
export class AuditTrail extends Resource {
  /** The archive. */
  readonly bucket: s3.IBucket;

  /** The key that encrypts records and logs. */
  readonly encryptionKey: kms.IKey;

  /** Certifies who writes events: ECDSA P-256, its public key is what records are verified with. */
  readonly signingKey: kms.IKey;

  /** Name of the delivery stream that carries events into the archive. */
  readonly deliveryStreamName: string;

  /**
   * Where what is seen in the archive as a whole is written, once somebody watches it.
   *
   * @internal
   */
  _watched?: logs.ILogGroup;

  private readonly ocsf?: OcsfEvents;
  private readonly signers: string[] = [];
  private readonly collected = new Set<logs.ILogGroup>();
  /** Of all subscriptions, by which they are watched together, and of the key's alias. */
  private readonly uniqueName: string;
  private readonly toArchive: logs.LogSubscriptionDestinationConfig;

  constructor(scope: Construct, id: string, props: AuditTrailProps = {}) {
    super(scope, id);
    this.uniqueName = Names.uniqueResourceName(this, { maxLength: 200, separator: '-' });
    const retention = props.retention ?? Duration.days(365);
    assertDurations(props, retention);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const logRetention = props.logRetention ?? logs.RetentionDays.ONE_YEAR;
    this.encryptionKey = props.encryptionKey ?? new kms.Key(this, 'Key', { description: 'Audit trail of an MCP gateway', enableKeyRotation: true, removalPolicy });
    letLogsUse(this.encryptionKey);
    this.signingKey = this.createSigningKey(removalPolicy);
    const archive = new AuditArchive(this, 'Archive', { encryptionKey: this.encryptionKey, retention, expireAfter: props.expireAfter, accessLogBucket: props.accessLogBucket });
    this.bucket = archive.bucket;
    const delivery = new AuditDelivery(this, 'Delivery', { archive: archive.bucket, to: EVENTS, encryptionKey: this.encryptionKey, bufferingInterval: props.bufferingInterval ?? Duration.seconds(60), logRetention, removalPolicy });
    this.deliveryStreamName = delivery.streamName;
    this.toArchive = { arn: delivery.streamArn, role: this.subscriptionRole(delivery.streamArn) };
    const written = { archive: archive.bucket, encryptionKey: this.encryptionKey, logRetention, removalPolicy };
    const lake = props.securityLake && new SecurityLakeSources(this, 'Lake', { ...props.securityLake, ...written });
    if (props.ocsf ?? true) this.ocsf = new OcsfEvents(this, 'Ocsf', { ...written, from: EVENTS, lake });
    else if (lake) throw new Error('securityLake is given, and ocsf is false: the lake holds events in OCSF');
  }

  /**
   * Collects what a gateway records, and lets it sign.
   *
   * @param gateway functions or pods
   */
  addGateway(gateway: McpServingGateway): void {
    gateway._signAuditEvents(this.signingKey.keyArn, (role) => this.letSign(role));
    for (const logGroup of gateway.auditLogGroups) this.addLogGroup(logGroup);
  }

  /**
   * Collects what people decide about tools.
   *
   * @param registry a registry of this app
   */
  addRegistry(registry: ToolRegistry): void {
    // The response waits for the registry, so the registry cannot wait for the key, which knows the response.
    this.letSignByAlias(registry._announcer.function);
    this.addLogGroup(registry._announcer.logGroup);
  }

  /**
   * Collects what people decide about grants.
   *
   * @param accessGrants grants that a gateway serves already
   */
  addAccessGrants(accessGrants: AccessGrants): void {
    this.addFunction(accessGrants._site.function, accessGrants._site.logGroup);
  }

  /**
   * Collects the events of a function that writes them with code of this package, and lets it sign.
   *
   * @param handler the function
   * @param logGroup its log
   */
  addFunction(handler: lambda.Function, logGroup: logs.ILogGroup): void {
    if (Stack.of(handler) === Stack.of(this)) {
      handler.addEnvironment(Variable.AUDIT_KEY_ARN, this.signingKey.keyArn);
      this.letSign(handler.role!);
    } else this.letSignByAlias(handler);
    this.addLogGroup(logGroup);
  }

  /**
   * Collects what is done about incidents, by whom, and what came of it.
   *
   * @param response of this app
   */
  addResponse(response: IncidentResponse): void {
    for (const { function: handler, logGroup } of response._recorders) this.addFunction(handler, logGroup);
  }

  /**
   * Collects the events in a log group.
   *
   * @param logGroup of this region; what is no event of a chain stays where it is
   */
  addLogGroup(logGroup: logs.ILogGroup): void {
    if (this.collected.has(logGroup)) return;
    this.collected.add(logGroup);
    // In the stack of the log group: a nested one has room of its own.
    new logs.SubscriptionFilter(Stack.of(logGroup) === Stack.of(this) ? this : logGroup, `Subscription${this.collected.size}`, {
      logGroup,
      filterName: this.uniqueName,
      destination: { bind: () => this.toArchive },
      filterPattern: logs.FilterPattern.exists('$.chain.writer'),
    });
  }

  /**
   * Lets code that is told of the key in `MCP_AUDIT_KEY_ARN` certify itself as a writer. Nobody else can, whatever an identity policy says.
   *
   * @param role its role
   */
  letSign(role: iam.IRole): void {
    if (this.signers.includes(role.roleArn)) return;
    this.signers.push(role.roleArn);
    iam.Grant.addToPrincipal({ grantee: role, actions: ['kms:Sign'], resourceArns: [this.signingKey.keyArn] });
  }

  /**
   * The key knows the roles of those who sign, so what is in a nested stack cannot know the key, or each would wait for the other: it is told of
   * an alias, whose name is known before there is either, and the key itself lets its roles sign.
   */
  private letSignByAlias(handler: lambda.Function): void {
    const role = handler.role!;
    handler.addEnvironment(Variable.AUDIT_KEY_ARN, Stack.of(handler).formatArn({ service: 'kms', resource: this.keyAlias() }));
    this.signers.push(role.roleArn);
    this.signingKey.addToResourcePolicy(new iam.PolicyStatement({ principals: [new iam.ArnPrincipal(role.roleArn)], actions: ['kms:Sign'], resources: ['*'] }));
  }

  private keyAlias(): string {
    const name = `alias/mcp-audit/${this.uniqueName}`;
    if (this.node.tryFindChild('SigningKeyAlias') === undefined) new kms.Alias(this, 'SigningKeyAlias', { aliasName: name, targetKey: this.signingKey });
    return name;
  }

  /**
   * Has behaviour watched over all that is archived: what one instance of a gateway sees only its share of (MUL-11).
   *
   * @returns where detections are written; nowhere without OCSF, whose function is the one that reads the archive
   * @internal
   */
  _watchBehaviour(): logs.ILogGroup | undefined {
    if (!this.ocsf || this._watched) return this._watched;
    const { function: handler, logGroup } = this.ocsf.reader;
    handler.addEnvironment('MCP_WATCH_BEHAVIOUR', 'true');
    this.addFunction(handler, logGroup);
    return (this._watched = logGroup);
  }

  /**
   * What the function that reads the archive fails on, where there is one.
   *
   * @internal
   */
  _readerFailures(): { readonly errors: cloudwatch.Metric; readonly undelivered: cloudwatch.Metric } | undefined {
    return this.ocsf && { errors: this.ocsf.reader.function.metricErrors({ statistic: cloudwatch.Stats.SUM }), undelivered: this.ocsf.undelivered.metricApproximateNumberOfMessagesVisible() };
  }

  /**
   * Events that CloudWatch Logs could not hand to the delivery stream, and gave up on: a role or a key denies it, or the stream is gone. Sum over 5
   * minutes unless told otherwise.
   *
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
   */
  metricForwardingErrors(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
    return forwardingMetric('DeliveryErrors', this.uniqueName, props);
  }

  /** Events that the delivery stream did not take as fast as they came; CloudWatch Logs tries for a day. Sum over 5 minutes unless told otherwise. */
  metricForwardingThrottled(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
    return forwardingMetric('DeliveryThrottling', this.uniqueName, props);
  }

  /** Records that came to the delivery stream. Sum over 5 minutes unless told otherwise. */
  metricIncomingRecords(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('IncomingRecords', { statistic: cloudwatch.Stats.SUM, ...props });
  }

  /** Seconds since the oldest event was written that is not archived yet. Maximum over 5 minutes unless told otherwise. */
  metricDataFreshness(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('DeliveryToS3.DataFreshness', { statistic: cloudwatch.Stats.MAXIMUM, ...props });
  }

  /** Share of deliveries to the archive that succeeded. Average over 5 minutes unless told otherwise. */
  metricDeliverySuccess(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('DeliveryToS3.Success', { statistic: cloudwatch.Stats.AVERAGE, ...props });
  }

  private metric(metricName: string, props: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({ namespace: 'AWS/Firehose', metricName, dimensionsMap: { DeliveryStreamName: this.deliveryStreamName }, ...props }).attachTo(this);
  }

  private createSigningKey(removalPolicy: RemovalPolicy): kms.Key {
    const key = new kms.Key(this, 'SigningKey', { description: 'Certifies who writes audit events of an MCP gateway', keySpec: kms.KeySpec.ECC_NIST_P256, keyUsage: kms.KeyUsage.SIGN_VERIFY, removalPolicy });
    key.addToResourcePolicy(new iam.PolicyStatement({
      effect: iam.Effect.DENY,
      principals: [new iam.AnyPrincipal()],
      actions: ['kms:Sign'],
      resources: ['*'],
      conditions: { ArnNotEquals: { 'aws:PrincipalArn': Lazy.list({ produce: () => (this.signers.length > 0 ? this.signers : [Stack.of(this).formatArn({ service: 'iam', region: '', resource: 'role', resourceName: 'nobody' })]) }) } },
    }));
    return key;
  }

  private subscriptionRole(streamArn: string): iam.Role {
    const { account, partition, region } = Stack.of(this);
    const role = new iam.Role(this, 'SubscriptionRole', {
      assumedBy: new iam.ServicePrincipal('logs.amazonaws.com', { conditions: { StringLike: { 'aws:SourceArn': `arn:${partition}:logs:${region}:${account}:*` } } }),
    });
    role.addToPolicy(new iam.PolicyStatement({ actions: ['firehose:PutRecord', 'firehose:PutRecordBatch'], resources: [streamArn] }));
    acknowledge(role, { 'NIST.800.53.R5-IAMNoInlinePolicy': 'the policy is part of one role of one subscription and lives and dies with it' });
    return role;
  }
}

function assertDurations({ expireAfter, bufferingInterval }: AuditTrailProps, retention: Duration): void {
  if (retention.toDays({ integral: false }) < 1) throw new Error(`retention is ${retention.toHumanString()}, expected at least a day`);
  if (expireAfter && expireAfter.toDays() < retention.toDays()) throw new Error(`expireAfter is ${expireAfter.toDays()} days, expected at least the ${retention.toDays()} days of retention`);
  const seconds = bufferingInterval?.toSeconds() ?? 60;
  if (seconds < 60 || seconds > 900) throw new Error(`bufferingInterval is ${seconds} seconds, expected 60 to 900`);
}
