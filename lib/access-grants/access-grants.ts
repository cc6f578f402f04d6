import { Duration, Names, NestedStack, RemovalPolicy, Resource } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { PolicyStore } from '../authorization';
import type { IPolicyStore } from '../authorization';
import type { GatewayFunction } from '../gateway/function';
import { functionIntegration } from '../gateway/integration';
import { acknowledge } from '../private/acknowledge';
import { letLogsUse } from '../private/log-key';
import type { AccessGrantsProps } from './access-grants-props';
import { addGrantAlarms, addGrantMetrics } from './alarms';
import { ApprovalGrants } from './approval-grants';
import { addApprovals } from './approvals';
import { grantEnvironment, siteEnvironment } from './environment';
import { addGrantFunction } from './grant-function';
import type { GrantFunctionsProps } from './grant-function';
import { addGrantRoutes } from './routes';
import { grantTableAccess } from './table-access';

/** What no policy can allow more of. */
export interface GrantLimits {
  /** The longest that a grant may last. */
  readonly maxLifetime: Duration;
  /** The most calls that a grant may be for. */
  readonly maxUses: number;
  /** How long a request waits for people to decide. */
  readonly decisionTime: Duration;
}

const THROTTLED = 'the throttle of the stage, or AWS WAF before the load balancer, bounds how many requests come';

/**
 * How clients and approvers reach the function of the grants: by routes of an API, behind an authorizer of their own, or by whatever else leads
 * requests for `/grants`, `/approvals` and the metadata to it. The function asks for tokens and sessions itself in any case.
 *
 * @internal
 */
export type GrantEntrance = { readonly restApi: apigateway.IRestApi } | { readonly lead: (site: lambda.Function) => void };

/**
 * What a gateway gives the grants that it serves.
 *
 * @internal
 */
export interface ServeGrants {
  /** Where `/grants` and `/approvals` are, without a trailing slash. */
  readonly url: string;
  readonly entrance: GrantEntrance;
  readonly policyStore: IPolicyStore;
  readonly letDecide: (role: iam.IRole) => void;
  /** Of all code of the gateway that decides. */
  readonly environment: Record<string, string>;
  readonly keySecret: secretsmanager.ISecret;
  readonly servers: () => readonly string[];
  /** The code that serves requests, which uses grants. */
  readonly gateway: iam.IGrantable;
  /** Tells that code something. */
  readonly tell: (name: string, value: string) => void;
}

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
   * Serves these grants beside a gateway, and lets its code use them.
   *
   * @internal
   */
  _serve(served: ServeGrants): void {
    if (this.policyStore !== undefined) throw new Error('these grants are served by another gateway already: give each gateway its own');
    this.policyStore = served.policyStore;
    this.letUse(served);
    const functions: GrantFunctionsProps = { table: this, encryptionKey: this.key, removalPolicy: this.props.removalPolicy ?? RemovalPolicy.RETAIN, logRetention: this.props.logRetention ?? logs.RetentionDays.ONE_YEAR };
    const site = this.addSite(served, functions);
    this.site = site;
    addGrantMetrics(site.logGroup, this.metricNamespace);
    const scope = this.props.nested ? new NestedStack(this, 'Waiting', { description: 'Requests for just-in-time grants of an MCP gateway' }) : this;
    const { workflow, ...metrics } = addApprovals(scope, { functions, table: this.table, topic: this.approversTopic, eventBus: this.props.eventBus, url: served.url, decisionTime: this.limits.decisionTime });
    this.approvalWorkflow = workflow;
    addGrantAlarms(scope, { refusedApprovals: this.metricRefusedApprovals(), killSwitch: this.metricKillSwitch(), ...metrics }, this.approversTopic, this.key);
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
  private letUse({ gateway, tell, url }: ServeGrants): void {
    for (const [name, value] of Object.entries(grantEnvironment(this, url))) tell(name, value);
    grantTableAccess(this, gateway, { read: ['grants', 'revocations'], write: ['grants'] });
  }

  private addSite({ url, entrance, environment, keySecret, servers, letDecide }: ServeGrants, functions: GrantFunctionsProps): GatewayFunction {
    const told = { ...environment, MCP_PUBLIC_URL: url };
    const site = addGrantFunction(this, 'Site', functions, {
      bundle: 'grants',
      description: 'Just-in-time grants: the API and the approval page',
      environment: { ...told, ...grantEnvironment(this, url), ...siteEnvironment(this, this.props.signIn, servers), MCP_KEY_SECRET_ARN: keySecret.secretArn },
      access: { read: ['grants', 'revocations'], write: ['grants', 'revocations'] },
      whyUnreserved: THROTTLED,
    });
    keySecret.grantRead(site.function);
    letDecide(site.function.role!);
    if ('lead' in entrance) {
      entrance.lead(site.function);
      return site;
    }
    const authorizer = addGrantFunction(this, 'Authorizer', functions, { bundle: 'grants-authorizer', description: 'Just-in-time grants: is there a token for their API', environment: told, whyUnreserved: THROTTLED });
    addGrantRoutes(
      entrance.restApi,
      functionIntegration(entrance.restApi, site.function),
      new apigateway.RequestAuthorizer(this, 'RequestAuthorizer', { handler: authorizer.function, resultsCacheTtl: Duration.seconds(0), identitySources: [apigateway.IdentitySource.header('Authorization')] }),
    );
    return site;
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
