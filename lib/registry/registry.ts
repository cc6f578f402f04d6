import { Duration, Names, NestedStack, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as destinations from 'aws-cdk-lib/aws-lambda-destinations';
import * as sources from 'aws-cdk-lib/aws-lambda-event-sources';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import { letLogsUse } from '../private/log-key';
import { RegistryVariable, registeredServersVariable, registryEnvironment } from './environment';
import { RegistryFunction } from './function';
import type { FunctionPlace, RegistryFunctionProps } from './function';
import { addDiscoveryMetrics, addRegistryMetrics } from './metrics';
import { addOnboarding } from './onboarding';
import type { CommonFunctionProps } from './onboarding';
import { ToolRegistryBase } from './registry-base';
import type { IToolRegistry, ToolRegistryAttributes } from './registry-base';
import { TwoPersonRule } from './registry-props';
import type { RegisteredServerOptions, ToolRegistryProps } from './registry-props';
import { KNOWLEDGE, STEPS } from './table-access';

/** A head is believed for so many renewals: one or two may fail unnoticed. */
const RENEWALS_PER_HEAD = 4;

/**
 * Which tool definitions may reach a model (SC-2, TD-4, TV-3, TV-4): a table with every definition that a server ever offered,
 * a log of approvals that is signed with a key of its own, and the onboarding of definitions as workflows: discovered,
 * scanned, put before people, signed, published. A gateway with a registry serves what is approved, as it was approved.
 *
 * @example
 * const registry = new ToolRegistry(this, 'Tools', { approvalPeriod: Duration.days(60) });
 * registry.grants.review(securityTeamRole);
 * new McpGateway(this, 'Gateway', { policyStore, tokenIssuers, registry });
 *
 * @stateful
 */
export class ToolRegistry extends ToolRegistryBase {
  /** A registry of another app. Servers are added where it is defined. */
  static fromToolRegistryAttributes(scope: Construct, id: string, attrs: ToolRegistryAttributes): IToolRegistry {
    class Import extends ToolRegistryBase {
      readonly tableName = attrs.tableName;
      readonly tableArn = Stack.of(this).formatArn({ service: 'dynamodb', resource: 'table', resourceName: attrs.tableName });
      readonly signingKeyArn = attrs.signingKeyArn;
      readonly encryptionKeyArn = attrs.encryptionKeyArn;
      readonly decideFunctionArn = attrs.decideFunctionArn;
      readonly metricNamespace = attrs.metricNamespace;
      readonly headMaxAge = attrs.headMaxAge ?? Duration.hours(1);
      readonly rescanInterval = attrs.rescanInterval ?? Duration.hours(1);
    }
    return new Import(scope, id);
  }

  readonly tableName: string;
  readonly tableArn: string;
  readonly signingKeyArn: string;
  readonly encryptionKeyArn: string;
  readonly decideFunctionArn: string;
  readonly metricNamespace: string;
  readonly headMaxAge: Duration;
  readonly rescanInterval: Duration;

  /** Where people send their decisions, signed with their AWS credentials. */
  readonly decisionUrl: string;

  /** Requests for review, and alarms. Subscribe those who decide. */
  readonly reviewTopic: sns.Topic;

  /** Asks all servers, and scans what is new and all that is known. */
  readonly discoveryWorkflow: sfn.StateMachine;

  /** Waits for people to decide on one definition; signs and publishes. */
  readonly reviewWorkflow: sfn.StateMachine;

  /** Network connections of the function that asks the servers; it has some only in a VPC. */
  readonly connections: ec2.Connections;

  /**
   * Writes what happens to definitions, for an audit trail.
   *
   * @internal
   */
  readonly _announcer: RegistryFunction;

  private readonly servers = new Map<string, RegisteredServerOptions>();
  private readonly defineDiscover: () => RegistryFunction;
  private readonly letAsk: (discover: RegistryFunction) => void;
  private asker?: RegistryFunction;

  constructor(scope: Construct, id: string, props: ToolRegistryProps = {}) {
    super(scope, id);
    assertDurations(props);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const headRenewalInterval = props.headRenewalInterval ?? Duration.minutes(15);
    this.metricNamespace = `McpZeroTrust/${Names.uniqueResourceName(this, { maxLength: 200, separator: '-' })}`;
    this.headMaxAge = Duration.seconds(headRenewalInterval.toSeconds() * RENEWALS_PER_HEAD);
    this.rescanInterval = props.rescanInterval ?? Duration.hours(1);

    const encryptionKey = props.encryptionKey ?? new kms.Key(this, 'Key', { description: 'Registry of MCP tools', enableKeyRotation: true, removalPolicy });
    letLogsUse(encryptionKey);
    this.encryptionKeyArn = encryptionKey.keyArn;
    const table = this.createTable(encryptionKey, removalPolicy, props.deletionProtection ?? true);
    this.tableName = table.tableName;
    this.tableArn = table.tableArn;
    const place = props.nested ? new NestedStack(this, 'Onboarding', { description: 'Reviews of MCP tools: workflows, who works in them, and the key that signs' }) : this;
    const signingKey = new kms.Key(place, 'SigningKey', { description: 'Signs the log of approved MCP tools', keySpec: kms.KeySpec.ECC_NIST_P256, keyUsage: kms.KeyUsage.SIGN_VERIFY, removalPolicy });
    this.signingKeyArn = signingKey.keyArn;
    this.reviewTopic = new sns.Topic(this, 'ReviewTopic', { displayName: 'MCP tools that wait for a decision', masterKey: encryptionKey, enforceSSL: true });
    const undelivered = new sqs.Queue(this, 'Undelivered', { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) });
    acknowledge(undelivered, { 'AwsSolutions-SQS3': 'this queue is the dead-letter queue of the rules and the stream of the registry' });

    const common = { registry: this, encryptionKey, removalPolicy, logRetention: props.logRetention ?? logs.RetentionDays.ONE_YEAR };
    const define = (scope: Construct, name: string, options: Omit<RegistryFunctionProps, keyof CommonFunctionProps>) => new RegistryFunction(scope, name, { ...common, ...options });
    const environment = registryEnvironment(this, {
      twoPersons: props.twoPersons ?? TwoPersonRule.SENSITIVE,
      sensitiveTools: props.sensitiveTools ?? [],
      approvalDays: (props.approvalPeriod ?? Duration.days(90)).toDays(),
    });
    const securityGroups = this.securityGroups(props);
    this.connections = new ec2.Connections({ securityGroups });
    this.defineDiscover = () => define(this, 'Discover', {
      bundle: 'registry-discover',
      description: 'Asks MCP servers what they offer',
      environment: { [RegistryVariable.TABLE]: this.tableName, [RegistryVariable.SERVERS]: registeredServersVariable(this, this.servers) },
      access: { read: ['offers/*'], write: ['offers/*'] },
      timeout: Duration.minutes(5),
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroups,
    });
    const sign = define(place, 'Sign', { bundle: 'registry-sign', description: 'Signs and publishes approvals of MCP tools', environment, access: { read: KNOWLEDGE, write: [...STEPS, 'log', 'heads'] }, isAsynchronous: true });
    this.letSign(sign, signingKey);
    sign.function.configureAsyncInvoke({ onFailure: new destinations.SqsDestination(undelivered), retryAttempts: 2 });
    const eventBus = props.eventBus ?? events.EventBus.fromEventBusName(this, 'DefaultBus', 'default');
    this._announcer = define(this, 'Announce', { bundle: 'registry-announce', description: 'Announces changes of MCP tools', environment: { [RegistryVariable.EVENT_BUS]: eventBus.eventBusName }, isAsynchronous: true });
    this.announce(table, eventBus, undelivered);

    const onboarding = addOnboarding(place, {
      registry: this,
      common,
      environment,
      sign,
      announce: this._announcer,
      topic: this.reviewTopic,
      undelivered,
      eventBus,
      secondOpinion: props.secondOpinion,
      renewalNotice: props.renewalNotice ?? Duration.days(14),
      reminderInterval: props.reminderInterval ?? Duration.days(7),
      rescanInterval: this.rescanInterval,
      headRenewalInterval,
    });
    this.discoveryWorkflow = onboarding.discoveryWorkflow;
    this.reviewWorkflow = onboarding.reviewWorkflow;
    this.decideFunctionArn = onboarding.decideFunctionArn;
    this.decisionUrl = onboarding.decisionUrl;
    this.letAsk = onboarding.letAsk;
  }

  /**
   * Makes the registry ask a server what it offers. A gateway with this registry does it for its servers.
   *
   * @param name name of the server behind the gateway
   * @param options where it is
   */
  addServer(name: string, options: RegisteredServerOptions): void {
    if (this.servers.has(name)) throw new Error(`the registry of tools has an MCP server ${JSON.stringify(name)} already: give each server behind its gateways a name of its own`);
    this.servers.set(name, options);
    const { function: handler } = this.discover();
    options.headersSecret?.grantRead(handler);
  }

  /**
   * Has the servers asked from the network that they are in: their addresses lead nowhere else.
   *
   * @throws Error where they are asked from a network already
   * @internal
   */
  _askFrom(place: FunctionPlace): void {
    if (this.connections.securityGroups.length > 0) throw new Error(`the registry of tools ${JSON.stringify(this.node.path)} asks servers in another network already: give each zone a registry of its own, without a vpc`);
    this.connections.addSecurityGroup(place.securityGroup);
    this.discover().moveInto(place);
  }

  /**
   * The role of the function that asks the servers.
   *
   * @internal
   */
  get _discoverer(): iam.IRole {
    return this.discover().function.role!;
  }

  /** Made once somebody is to be asked: the pods of a cluster ask by themselves, and then there would be nobody. */
  private discover(): RegistryFunction {
    if (!this.asker) {
      this.asker = this.defineDiscover();
      addDiscoveryMetrics(this.asker.logGroup, this.metricNamespace);
      this.letAsk(this.asker);
    }
    return this.asker;
  }

  /** Not a `TableV2`: that one takes a key of one's own only in stacks that name their region. */
  private createTable(encryptionKey: kms.IKey, removalPolicy: RemovalPolicy, deletionProtection: boolean): dynamodb.Table {
    const table = new dynamodb.Table(this, 'Table', {
      // Names of `lambda/stores`.
      partitionKey: { name: 'collection', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'id', type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: 'removeAfter',
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      stream: dynamodb.StreamViewType.NEW_IMAGE,
      deletionProtection,
      removalPolicy,
    });
    acknowledge(table, { 'NIST.800.53.R5-DynamoDBInBackupPlan': 'point-in-time recovery restores any second of the last 35 days; a backup plan is the account\'s to define' });
    return table;
  }

  /** Whatever an identity policy says, nobody else signs. */
  private letSign({ function: { role } }: RegistryFunction, signingKey: kms.Key): void {
    iam.Grant.addToPrincipal({ grantee: role!, actions: ['kms:Sign', 'kms:GetPublicKey'], resourceArns: [signingKey.keyArn] });
    signingKey.addToResourcePolicy(new iam.PolicyStatement({
      effect: iam.Effect.DENY,
      principals: [new iam.AnyPrincipal()],
      actions: ['kms:Sign'],
      resources: ['*'],
      conditions: { ArnNotEquals: { 'aws:PrincipalArn': role!.roleArn } },
    }));
  }

  private announce(table: dynamodb.ITable, eventBus: events.IEventBus, undelivered: sqs.IQueue): void {
    const { function: handler, logGroup } = this._announcer;
    addRegistryMetrics(logGroup, this.metricNamespace);
    eventBus.grantPutEventsTo(handler);
    acknowledge(this._announcer, { 'AwsSolutions-IAM5[Resource::*]': 'a list of streams, which an event source asks for, knows no resources' });
    handler.addEventSource(new sources.DynamoEventSource(table, {
      startingPosition: lambda.StartingPosition.TRIM_HORIZON,
      filters: [lambda.FilterCriteria.filter({ dynamodb: { Keys: { collection: { S: lambda.FilterRule.isEqual('tools') } } } })],
      batchSize: 50,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: 20,
      onFailure: new sources.SqsDlq(undelivered),
    }));
  }

  private securityGroups({ vpc, securityGroups }: ToolRegistryProps): ec2.ISecurityGroup[] | undefined {
    if (!vpc || securityGroups) return securityGroups;
    const group = new ec2.SecurityGroup(this, 'SecurityGroup', { vpc, description: 'Asks MCP servers for their tools', allowAllOutbound: false });
    group.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'MCP servers and AWS endpoints over TLS');
    return [group];
  }
}

function assertDurations({ approvalPeriod, renewalNotice, rescanInterval, headRenewalInterval }: ToolRegistryProps): void {
  const days = (duration: Duration | undefined, otherwise: number) => duration?.toDays({ integral: false }) ?? otherwise;
  if (days(approvalPeriod, 90) <= days(renewalNotice, 14)) throw new Error(`approvalPeriod is ${days(approvalPeriod, 90)} days, expected more than renewalNotice, ${days(renewalNotice, 14)} days`);
  for (const [name, interval] of Object.entries({ rescanInterval, headRenewalInterval })) {
    if (interval && interval.toMinutes({ integral: false }) < 1) throw new Error(`${name} is ${interval.toSeconds()} seconds, expected at least a minute`);
  }
}
