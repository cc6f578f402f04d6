import { Duration, Lazy, RemovalPolicy, Resource, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { responderRole } from '../../cluster/manifests/responder-role';
import { acknowledge } from '../../private/acknowledge';
import { letLogsUse } from '../../private/log-key';
import { addStateMachine, invoking } from '../../registry/workflows';
import { createAlarmTopic } from '../alarm-topic';
import { AuditArchive } from '../audit-archive';
import { ActionFunctions } from './action-functions';
import { ClusterResponder } from './cluster-responder';
import { ResponseVariable } from './environment';
import { grantLedger, ResponseFunction, type ResponseFunctionProps } from './function';
import { ContainmentAction, IncidentKind, IncidentSeverity } from './incident-response-props';
import type { AlarmIncident, IncidentResponseProps } from './incident-response-props';
import { addResponseAlarms, ResponseRules } from './rules';
import { responseDefinition } from './workflow';

/**
 * What is done about incidents in front of MCP servers (IR-1, IR-2): events of the registry, of GuardDuty, of alarms and of whoever reports one begin
 * a workflow, which carries a playbook out: quarantine a tool, set grants aside, block a principal, a server or an address, cut a workload off, keep
 * evidence, tell people. Each action is a function with the right to that action alone, can be done any number of times, and is taken back by one
 * command: `mcp-zero-trust respond undo`.
 *
 * Control: IR-1, IR-2, SOC-3.
 *
 * @example
 * const response = new IncidentResponse(this, 'Response', { registry, accessGrants, webAcl: gateway.webAcl });
 * response.grantRespond(securityTeamRole);
 *
 * @stateful
 */
export class IncidentResponse extends Resource {
  /**
   * What the response may do with a Deployment, as manifests of Kubernetes: a Role in its namespace and who it is bound to. `renderManifests` makes
   * them too, with an admission policy that holds the response to what it is for.
   *
   * @param namespace of the Deployment
   * @param deployment name of the Deployment
   */
  static kubernetesRoles(namespace: string, deployment: string): Record<string, unknown>[] {
    return responderRole(ClusterResponder.GROUP, namespace, deployment);
  }

  /**
   * Name of the table of incidents.
   *
   * @attribute
   */
  readonly tableName: string;

  /** Where people send their word on actions, signed with their AWS credentials. */
  readonly decisionUrl: string;

  /** What is told to people: incidents, what waits for their word, responses that failed. Subscribe them. */
  readonly respondersTopic: sns.ITopic;

  /** Copies of evidence that nobody can change. */
  readonly evidenceBucket: s3.IBucket;

  /** The key that encrypts everything. */
  readonly encryptionKey: kms.IKey;

  /** Carries playbooks out, and takes them back. */
  readonly workflow: sfn.StateMachine;

  /**
   * ARN of the table of incidents.
   *
   * @attribute
   */
  readonly tableArn: string;

  /**
   * Functions that write down what they do, in the words of the audit trail.
   *
   * @internal
   */
  readonly _recorders: ResponseFunction[] = [];

  private readonly table: dynamodb.Table;
  private readonly desk: ResponseFunction;
  private readonly actions: ActionFunctions;
  private readonly rules: ResponseRules;
  private readonly workloads: Record<string, object[]> = {};
  private readonly alarms: Record<string, object> = {};
  private readonly eksClusters: string[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: IncidentResponseProps = {},
  ) {
    super(scope, id);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const logRetention = props.logRetention ?? logs.RetentionDays.ONE_YEAR;
    this.encryptionKey = props.encryptionKey ?? new kms.Key(this, 'Key', { description: 'Response to incidents in front of MCP servers', enableKeyRotation: true, removalPolicy });
    letLogsUse(this.encryptionKey);
    this.table = this.createTable(removalPolicy);
    this.tableName = this.table.tableName;
    this.tableArn = this.table.tableArn;
    this.respondersTopic = createAlarmTopic(this, this.encryptionKey);
    const evidenceBucket = new AuditArchive(this, 'EvidenceArchive', { encryptionKey: this.encryptionKey, retention: props.evidenceRetention ?? Duration.days(365), accessLogBucket: props.accessLogBucket }).bucket;
    this.evidenceBucket = evidenceBucket;
    const undelivered = new sqs.Queue(this, 'Undelivered', { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) });
    acknowledge(undelivered, { 'AwsSolutions-SQS3': 'this queue is the dead-letter queue of the rules of the response' });

    const common = { table: this.table, encryptionKey: this.encryptionKey, logRetention, removalPolicy };
    const environment = this.environment();
    const define = (name: string, { environment: own = {}, ...options }: Omit<ResponseFunctionProps, keyof typeof common | 'environment'> & { readonly environment?: Record<string, string> }) => {
      const recorder = new ResponseFunction(this, name, { ...common, ...options, environment: { ...environment, ...own } });
      this._recorders.push(recorder);
      return recorder;
    };
    const plan = define('Plan', { bundle: 'response-plan', description: 'Takes incidents on, and sees how responses end', environment: { [ResponseVariable.ALARMS]: this.lazily(() => this.alarms), [ResponseVariable.EKS_CLUSTERS]: this.lazily(() => this.eksClusters) } });
    const ask = define('Ask', { bundle: 'response-ask', description: 'Asks people whether an incident is to be contained', environment: { [ResponseVariable.TOPIC]: this.respondersTopic.topicArn } });
    this.letNotify(ask);
    this.actions = new ActionFunctions(this, { ...props, define, evidenceBucket, topic: this.respondersTopic, encryptionKey: this.encryptionKey, lazily: (produce) => this.lazily(produce), letNotify: (notifier) => this.letNotify(notifier) });
    const { routes, notice } = this.actions;
    this.workflow = addStateMachine(this, 'Workflow', {
      encryptionKey: this.encryptionKey,
      logRetention,
      removalPolicy,
      invoke: invoking(plan.function, ask.function, ...routes.map(({ function: handler }) => handler), notice.function),
      definition: sfn.DefinitionBody.fromChainable(responseDefinition(new Construct(this, 'WorkflowStates'), { plan: plan.function, ask: ask.function, routes, notice: notice.function, decisionTime: props.decisionTime ?? Duration.days(1) })),
    });
    this.desk = define('Desk', { bundle: 'response-desk', description: 'Takes the word of people on incidents', environment: { [ResponseVariable.WORKFLOW]: this.workflow.stateMachineArn } });
    this.decisionUrl = this.desk.function.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.AWS_IAM }).url;
    this.workflow.grantStartExecution(this.desk);
    this.letAnswer([ask, this.desk]);

    const defaultBus = events.EventBus.fromEventBusName(this, 'DefaultBus', 'default');
    this.rules = new ResponseRules(this, { defaultBus, eventBus: props.eventBus ?? defaultBus, workflow: this.workflow, undelivered });
    addResponseAlarms(this, this.workflow, undelivered, this.respondersTopic);
  }

  /**
   * Lets the response cut off and stop a service of Amazon ECS that an MCP server runs on.
   *
   * @param server name of the server behind the gateway
   * @param service in the network that the response was given
   * @param logGroup what its containers write, for the evidence
   */
  addEcsService(server: string, service: ecs.IBaseService, logGroup?: logs.ILogGroup): void {
    if (this.props.vpc === undefined) throw new Error('vpc is missing: the response needs it to make the security group that services are cut off with');
    this.actions.reachService(server, service, logGroup);
    this.addWorkload(server, { kind: 'workload', platform: 'ecs', cluster: service.cluster.clusterName, service: service.serviceName });
  }

  /**
   * Lets the response cut off and stop a Deployment that an MCP server runs on. What it may do there is for `kubernetesRoles` to say.
   *
   * @param server name of the server behind the gateway
   * @param namespace of the Deployment
   * @param deployment name of the Deployment
   * @param logGroup where an agent writes the lines of its namespace, with what Kubernetes knows of them, for the evidence
   */
  addDeployment(server: string, namespace: string, deployment: string, logGroup?: logs.ILogGroup): void {
    const { clusterResponder } = this.props;
    if (clusterResponder === undefined) throw new Error('clusterResponder is missing: the response needs it to reach Deployments');
    clusterResponder._addDeployment(namespace, deployment);
    if (logGroup) this.actions.evidence.readLines(server, logGroup, `{ $.kubernetes.namespace_name = "${namespace}" }`);
    this.addWorkload(server, { kind: 'workload', platform: 'kubernetes', cluster: clusterResponder.cluster.clusterName, namespace, deployment });
  }

  /**
   * Takes findings of GuardDuty in a cluster of Amazon EKS for incidents, also those on what no server runs on: their evidence is kept, and people
   * are told. Findings in other clusters than this one, and those of `addEcsService` and `addDeployment`, are other people's.
   *
   * @param clusterName its name
   */
  watchEksCluster(clusterName: string): void {
    this.eksClusters.push(clusterName);
  }

  /**
   * Keeps the last audit events of a log group with the evidence of each incident.
   *
   * @param logGroup lines as the gateway writes them
   */
  addAuditLog(logGroup: logs.ILogGroup): void {
    this.actions.evidence.readAudit(logGroup);
  }

  /**
   * Takes an alarm for an incident.
   *
   * @param alarm of this account and region
   * @param meaning what it means when it goes off: an alarm itself does not know
   */
  addAlarm(alarm: cloudwatch.IAlarm, { kind, severity = IncidentSeverity.MEDIUM, server, tool }: AlarmIncident): void {
    const isAboutServer = kind === IncidentKind.SERVER_COMPROMISE;
    const isAboutTool = kind === IncidentKind.TOOL_POISONING || kind === IncidentKind.EXFILTRATION;
    if (!isAboutServer && !isAboutTool) throw new Error(`an alarm does not say who it is about, which ${kind} needs: report the incident on the event bus instead`);
    if (isAboutTool && tool === undefined) throw new Error(`tool is missing: ${kind} is about one`);
    const subject = isAboutServer ? { kind: 'server', server } : { kind: 'tool', server, tool };
    this.rules.addAlarm(alarm.alarmName);
    this.alarms[alarm.alarmName] = { kind, severity, subjects: [subject] };
  }

  /** Lets a person see incidents, decide on actions that wait, report incidents, and take responses back. */
  grantRespond(grantee: iam.IGrantable): iam.Grant {
    const { functionArn } = this.desk.function;
    const url = iam.Grant.addToPrincipal({ grantee, actions: ['lambda:InvokeFunctionUrl'], resourceArns: [functionArn], conditions: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } } });
    // Without the condition they could invoke the function with an event of their own, and be anybody.
    const throughUrl = iam.Grant.addToPrincipal({ grantee, actions: ['lambda:InvokeFunction'], resourceArns: [functionArn], conditions: { Bool: { 'lambda:InvokedViaFunctionUrl': true } } });
    return grantLedger(this.table, this.encryptionKey, grantee, false).combine(url).combine(throughUrl);
  }

  /** Responses that failed: something is not contained, or not given back. */
  metricFailed(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.workflow.metricFailed(props);
  }

  private addWorkload(server: string, workload: object): void {
    (this.workloads[server] ??= []).push(workload);
  }

  private environment(): Record<string, string> {
    const { automaticFrom = IncidentSeverity.HIGH, approvalFor = [ContainmentAction.STOP_WORKLOAD], protectedSubjects = [], dryRun = false } = this.props;
    return {
      [ResponseVariable.TABLE]: this.tableName,
      [ResponseVariable.POLICY]: this.stack.toJsonString({ automaticFrom, approvalFor, protected: protectedSubjects, dryRun }),
      [ResponseVariable.WORKLOADS]: this.lazily(() => this.workloads),
    };
  }

  /** Servers and alarms are added until the template is written. */
  private lazily(produce: () => object): string {
    return Lazy.uncachedString({ produce: () => Stack.of(this).toJsonString(produce()) });
  }

  private createTable(removalPolicy: RemovalPolicy): dynamodb.Table {
    const table = new dynamodb.Table(this, 'Table', {
      // Names of `lambda/stores`.
      partitionKey: { name: 'collection', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'id', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
      removalPolicy,
    });
    acknowledge(table, { 'NIST.800.53.R5-DynamoDBInBackupPlan': 'point-in-time recovery restores any second of the last 35 days; a backup plan is the account\'s to define' });
    return table;
  }

  /** To the topic, and so to the subscribers. */
  private letNotify(notifier: ResponseFunction): void {
    notifier.allow(['sns:Publish'], [this.respondersTopic.topicArn]);
    notifier.allow(['kms:Decrypt', 'kms:GenerateDataKey'], [this.encryptionKey.keyArn], { StringEquals: { 'kms:ViaService': `sns.${this.stack.region}.amazonaws.com` } });
  }

  /** Apart from the roles' own policies: the workflow is made of one of these functions, which would wait for it. */
  private letAnswer(functions: readonly ResponseFunction[]): void {
    const policy = new iam.Policy(this, 'AnswerPolicy', {
      roles: functions.map(({ function: { role } }) => role!),
      statements: [new iam.PolicyStatement({ actions: ['states:SendTaskSuccess'], resources: [this.workflow.stateMachineArn] })],
    });
    acknowledge(policy, { 'NIST.800.53.R5-IAMNoInlinePolicy': 'the policy is part of the roles of this response and lives and dies with it' });
  }
}
