import { Duration, Names, RemovalPolicy, Resource, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sources from 'aws-cdk-lib/aws-lambda-event-sources';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { PolicyStore } from '../authorization';
import type { IPolicyStore } from '../authorization';
import { GatewayFunction } from '../gateway/function';
import { acknowledge } from '../private/acknowledge';
import { functionCode } from '../private/bundle';
import { letLogsUse } from '../private/log-key';
import { addStateMachine } from '../registry/workflows';
import type { AccessGrantsProps } from './access-grants-props';
import { addGrantAlarms, addGrantMetrics } from './alarms';
import { ApprovalGrants } from './approval-grants';
import { grantEnvironment, GrantVariable, siteEnvironment } from './environment';
import { addGrantRoutes } from './routes';
import { grantTableAccess } from './table-access';
import type { TableAccess } from './table-access';
import { waitForApproval } from './workflow';

/** What no policy can allow more of. */
export interface GrantLimits {
  /** The longest that a grant may last. */
  readonly maxLifetime: Duration;
  /** The most calls that a grant may be for. */
  readonly maxUses: number;
  /** How long a request waits for people to decide. */
  readonly decisionTime: Duration;
}

/**
 * What a gateway gives the grants that it serves.
 *
 * @internal
 */
export interface ServeGrants {
  readonly publicUrl: string;
  readonly restApi: apigateway.IRestApi;
  readonly policyStore: IPolicyStore;
  readonly letDecide: (role: iam.IRole) => void;
  /** Of all functions of the gateway. */
  readonly environment: Record<string, string>;
  readonly keySecret: secretsmanager.ISecret;
  readonly servers: () => readonly string[];
  readonly proxy: lambda.Function;
}

const SOURCE = 'mcp-zero-trust.grants';
const DETAIL_TYPE = 'MCP Grant State Change';
const MEMORY_MIB = 512;

/**
 * Just-in-time grants of an MCP gateway (JIT-1, JIT-4, JIT-5): a table with conditional writes, an API and an approval page on
 * the gateway's own API, a workflow that waits for approvers and tells them, events of every step, and alarms on approvals that
 * were refused and on the kill switch. Give it to a gateway as `accessGrants`.
 *
 * @example
 * const grants = new AccessGrants(this, 'Grants', {
 *   signIn: { authorizationEndpoint: 'https://login.example.com/authorize', tokenEndpoint: 'https://login.example.com/token', clientId: 'approvals' },
 * });
 * new McpGateway(this, 'Gateway', { policyStore, tokenIssuers, accessGrants: grants });
 * grants.grants.approve(McpPrincipal.group('approvers'), 'files');
 *
 * @stateful
 */
export class AccessGrants extends Resource {
  /**
   * Name of the table of grants.
   *
   * @attribute
   */
  readonly tableName: string;

  /**
   * ARN of the table of grants.
   *
   * @attribute
   */
  readonly tableArn: string;

  /**
   * ARN of the key that encrypts the table.
   *
   * @attribute
   */
  readonly encryptionKeyArn: string;

  /** The CloudWatch namespace of the metrics. */
  readonly metricNamespace: string;

  /** Requests that wait, and alarms. Subscribe the approvers. */
  readonly approversTopic: sns.Topic;

  /** What no policy can allow more of. */
  readonly limits: GrantLimits;

  /** Waits for one request; there once a gateway serves the grants. */
  approvalWorkflow?: sfn.StateMachine;

  private site?: GatewayFunction;
  private readonly table: dynamodb.Table;
  private readonly key: kms.IKey;
  private policyStore?: IPolicyStore;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: AccessGrantsProps,
  ) {
    super(scope, id);
    this.limits = {
      maxLifetime: bounded('maxLifetime', props.maxLifetime ?? Duration.hours(1), Duration.hours(12)),
      maxUses: props.maxUses ?? 20,
      decisionTime: bounded('decisionTime', props.decisionTime ?? Duration.minutes(15), Duration.days(1)),
    };
    assertSignIn(props);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.metricNamespace = `McpZeroTrust/${Names.uniqueResourceName(this, { maxLength: 200, separator: '-' })}`;
    this.key = props.encryptionKey ?? new kms.Key(this, 'Key', { description: 'Just-in-time grants of an MCP gateway', enableKeyRotation: true, removalPolicy });
    letLogsUse(this.key);
    this.encryptionKeyArn = this.key.keyArn;
    this.table = this.createTable(removalPolicy);
    this.tableName = this.table.tableName;
    this.tableArn = this.table.tableArn;
    this.approversTopic = new sns.Topic(this, 'ApproversTopic', { displayName: 'Access that waits for approval', masterKey: this.key, enforceSSL: true });
  }

  /** Who may ask for grants, approve them, and use the kill switch: policies in the store of the gateway that serves these grants. */
  get grants(): ApprovalGrants {
    if (this.policyStore instanceof PolicyStore) return ApprovalGrants.fromPolicyStore(this.policyStore);
    throw new Error(this.policyStore === undefined ? 'no gateway serves these grants yet: give them to an McpGateway as accessGrants first' : 'the policy store of the gateway is imported: write the policies where it is defined');
  }

  /** Approvals and kill switches that were refused because a policy, or being the one who asked, forbids it. Sum over 5 minutes unless told otherwise. */
  metricRefusedApprovals(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('RefusedApprovals', props);
  }

  /** Uses of the kill switch, liftings among them. Sum over 5 minutes unless told otherwise. */
  metricKillSwitch(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('KillSwitch', props);
  }

  /**
   * A metric of the grants.
   *
   * @param metricName `Approved`, `Denied`, `RefusedApprovals` or `KillSwitch`
   * @param props how to read it
   */
  metric(metricName: string, props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({ namespace: this.metricNamespace, metricName, statistic: cloudwatch.Stats.SUM, ...props }).attachTo(this);
  }

  /**
   * Serves these grants on the API of a gateway, and lets its proxy use them.
   *
   * @internal
   */
  _serve(served: ServeGrants): void {
    if (this.policyStore !== undefined) throw new Error('these grants are served by another gateway already: give each gateway its own');
    this.policyStore = served.policyStore;
    this.letUse(served.proxy);
    const site = this.addSite(served);
    this.site = site;
    const undelivered = new sqs.Queue(this, 'Undelivered', { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) });
    acknowledge(undelivered, { 'AwsSolutions-SQS3': 'this queue is the dead-letter queue of the rule and the stream of the grants' });
    const announce = this.announceSteps(undelivered);
    this.waitForApprovers(served.publicUrl, announce, undelivered);
    addGrantMetrics(site.logGroup, this.metricNamespace);
    addGrantAlarms(
      this,
      { refusedApprovals: this.metricRefusedApprovals(), killSwitch: this.metricKillSwitch(), announcementFailures: announce.function.metricErrors(), undelivered: undelivered.metricApproximateNumberOfMessagesVisible() },
      this.approversTopic,
      this.key,
    );
  }

  /**
   * Writes what people decide about grants, for an audit trail.
   *
   * @internal
   */
  get _site(): GatewayFunction {
    if (this.site === undefined) throw new Error('no gateway serves these grants yet: give them to an McpGateway as accessGrants first');
    return this.site;
  }

  /** The gateway takes uses and makes requests; it cannot set or lift a revocation. */
  private letUse(proxy: lambda.Function): void {
    for (const [name, value] of Object.entries(grantEnvironment(this))) proxy.addEnvironment(name, value);
    grantTableAccess(this, proxy, { read: ['grants', 'revocations'], write: ['grants'] });
  }

  private addSite({ restApi, environment, keySecret, servers, letDecide }: ServeGrants): GatewayFunction {
    const site = this.define('Site', {
      bundle: 'grants',
      description: 'Just-in-time grants: the API and the approval page',
      environment: { ...environment, ...grantEnvironment(this), ...siteEnvironment(this, this.props.signIn, servers), MCP_KEY_SECRET_ARN: keySecret.secretArn },
      access: { read: ['grants', 'revocations'], write: ['grants', 'revocations'] },
    });
    keySecret.grantRead(site.function);
    letDecide(site.function.role!);
    const authorizer = this.define('Authorizer', { bundle: 'grants-authorizer', description: 'Just-in-time grants: is there a token for their API', environment });
    addGrantRoutes(
      restApi,
      new apigateway.LambdaIntegration(site.function, { allowTestInvoke: false }),
      new apigateway.RequestAuthorizer(this, 'RequestAuthorizer', { handler: authorizer.function, resultsCacheTtl: Duration.seconds(0), identitySources: [apigateway.IdentitySource.header('Authorization')] }),
    );
    return site;
  }

  private announceSteps(undelivered: sqs.IQueue): GatewayFunction {
    const eventBus = this.eventBus();
    const announce = this.define('Announce', {
      bundle: 'grants-announce',
      description: 'Just-in-time grants: announces every step',
      environment: { [GrantVariable.TABLE]: this.tableName, [GrantVariable.EVENT_BUS]: eventBus.eventBusName },
      access: { read: ['waits'] },
      isAsynchronous: true,
    });
    eventBus.grantPutEventsTo(announce.function);
    announce.function.addEventSource(
      new sources.DynamoEventSource(this.table, {
        startingPosition: lambda.StartingPosition.TRIM_HORIZON,
        filters: [lambda.FilterCriteria.filter({ dynamodb: { Keys: { collection: { S: lambda.FilterRule.or('grants', 'revocations') } } } })],
        batchSize: 25,
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        retryAttempts: 100,
        onFailure: new sources.SqsDlq(undelivered),
      }),
    );
    this.key.grantDecrypt(announce.function);
    return announce;
  }

  private waitForApprovers(publicUrl: string, announce: GatewayFunction, deadLetterQueue: sqs.IQueue): void {
    const wait = this.define('Wait', {
      bundle: 'grants-wait',
      description: 'Just-in-time grants: tells the approvers of a request',
      environment: { [GrantVariable.TABLE]: this.tableName, [GrantVariable.TOPIC]: this.approversTopic.topicArn, MCP_PUBLIC_URL: publicUrl },
      access: { read: ['waits'], write: ['waits'] },
    });
    iam.Grant.addToPrincipal({ grantee: wait.function, actions: ['sns:Publish'], resourceArns: [this.approversTopic.topicArn] });
    iam.Grant.addToPrincipal({ grantee: wait.function, actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resourceArns: [this.key.keyArn], conditions: { StringEquals: { 'kms:ViaService': `sns.${Stack.of(this).region}.amazonaws.com` } } });
    this.approvalWorkflow = addStateMachine(this, 'ApprovalWorkflow', { ...this.common(), functions: [wait.function], definition: (inner) => waitForApproval(inner, wait.function, this.limits.decisionTime) });
    iam.Grant.addToPrincipal({ grantee: announce.function, actions: ['states:SendTaskSuccess'], resourceArns: [this.approvalWorkflow.stateMachineArn] });
    new events.Rule(this, 'RequestRule', {
      description: 'Tells approvers of requests for just-in-time grants',
      eventBus: this.eventBus(),
      eventPattern: { source: [SOURCE], detailType: [DETAIL_TYPE], detail: { state: ['requested'], approvals: [0] } },
      // Passed on whole, never by a template: names in it are chosen by others.
      targets: [new targets.SfnStateMachine(this.approvalWorkflow, { deadLetterQueue, input: events.RuleTargetInput.fromEventPath('$.detail') })],
    });
  }

  private eventBus(): events.IEventBus {
    return this.props.eventBus ?? (this.node.tryFindChild('DefaultBus') as events.IEventBus | undefined) ?? events.EventBus.fromEventBusName(this, 'DefaultBus', 'default');
  }

  private common() {
    return { encryptionKey: this.key, removalPolicy: this.props.removalPolicy ?? RemovalPolicy.RETAIN, logRetention: this.props.logRetention ?? logs.RetentionDays.ONE_YEAR };
  }

  private define(id: string, options: FunctionOptions): GatewayFunction {
    const { bundle, access, isAsynchronous = false, ...rest } = options;
    const defined = new GatewayFunction(this, id, {
      ...this.common(),
      ...rest,
      code: functionCode(bundle),
      timeout: Duration.seconds(29),
      memorySize: MEMORY_MIB,
      ...(isAsynchronous ? { whyNoDeadLetterQueue: 'what its stream cannot deliver goes to a queue, and raises an alarm' } : {}),
    });
    if (access) grantTableAccess(this, defined.function, access);
    return defined;
  }

  /** Not a `TableV2`: that one takes a key of one's own only in stacks that name their region. */
  private createTable(removalPolicy: RemovalPolicy): dynamodb.Table {
    const table = new dynamodb.Table(this, 'Table', {
      // Names of `lambda/stores`.
      partitionKey: { name: 'collection', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'id', type: dynamodb.AttributeType.STRING },
      // Cleans up; whether a grant is over is decided by the clock of the decision.
      timeToLiveAttribute: 'removeAfter',
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      stream: dynamodb.StreamViewType.NEW_IMAGE,
      deletionProtection: this.props.deletionProtection ?? true,
      removalPolicy,
    });
    acknowledge(table, { 'NIST.800.53.R5-DynamoDBInBackupPlan': 'point-in-time recovery restores any second of the last 35 days; a backup plan is the account\'s to define' });
    return table;
  }
}

interface FunctionOptions {
  readonly bundle: string;
  readonly description: string;
  readonly environment: Record<string, string>;
  readonly access?: TableAccess;
  readonly isAsynchronous?: boolean;
}

function bounded(name: string, value: Duration, most: Duration): Duration {
  if (value.toSeconds() > most.toSeconds() || value.toSeconds() < 1) throw new Error(`${name} is ${value.toHumanString()}, expected at most ${most.toHumanString()}`);
  return value;
}

function assertSignIn({ signIn }: AccessGrantsProps): void {
  for (const name of ['authorizationEndpoint', 'tokenEndpoint'] as const) {
    const url = signIn[name];
    if (!url.startsWith('https://') && !url.startsWith('${Token')) throw new Error(`signIn.${name} is ${JSON.stringify(url)}, expected an https URL`);
  }
}
