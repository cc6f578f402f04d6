import { Duration, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sources from 'aws-cdk-lib/aws-lambda-event-sources';
import type * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { GatewayFunction } from '../gateway/function';
import { acknowledge } from '../private/acknowledge';
import { addStateMachine, invoking } from '../registry/workflows';
import { GrantVariable } from './environment';
import { addGrantFunction } from './grant-function';
import type { GrantFunctionsProps } from './grant-function';
import { waitForApproval } from './workflow';

export interface ApprovalsProps {
  readonly functions: GrantFunctionsProps;
  readonly table: dynamodb.Table;
  readonly topic: sns.ITopic;
  /** @default - the account's default bus */
  readonly eventBus?: events.IEventBus;
  /** Where the pages of the approvers are. */
  readonly url: string;
  readonly decisionTime: Duration;
}

export interface Approvals {
  readonly workflow: sfn.StateMachine;
  readonly announcementFailures: cloudwatch.Metric;
  readonly undelivered: cloudwatch.Metric;
}

const SOURCE = 'mcp-zero-trust.grants';
const DETAIL_TYPE = 'MCP Grant State Change';

/** Announces every step of grants, tells the approvers of requests, and waits for their decisions. */
export function addApprovals(scope: Construct, props: ApprovalsProps): Approvals {
  const undelivered = new sqs.Queue(scope, 'Undelivered', { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) });
  acknowledge(undelivered, { 'AwsSolutions-SQS3': 'this queue is the dead-letter queue of the rule and the stream of the grants' });
  const eventBus = props.eventBus ?? events.EventBus.fromEventBusName(scope, 'DefaultBus', 'default');
  const announce = announceSteps(scope, props, eventBus, undelivered);
  const workflow = waitForApprovers(scope, props);
  iam.Grant.addToPrincipal({ grantee: announce.function, actions: ['states:SendTaskSuccess'], resourceArns: [workflow.stateMachineArn] });
  new events.Rule(scope, 'RequestRule', {
    description: 'Tells approvers of requests for just-in-time grants',
    eventBus,
    eventPattern: { source: [SOURCE], detailType: [DETAIL_TYPE], detail: { state: ['requested'], approvals: [0] } },
    // Passed on whole, never by a template: names in it are chosen by others.
    targets: [new targets.SfnStateMachine(workflow, { deadLetterQueue: undelivered, input: events.RuleTargetInput.fromEventPath('$.detail') })],
  });
  return { workflow, announcementFailures: announce.function.metricErrors(), undelivered: undelivered.metricApproximateNumberOfMessagesVisible() };
}

function announceSteps(scope: Construct, { functions, table }: ApprovalsProps, eventBus: events.IEventBus, undelivered: sqs.IQueue): GatewayFunction {
  const announce = addGrantFunction(scope, 'Announce', functions, {
    bundle: 'grants-announce',
    description: 'Just-in-time grants: announces every step',
    environment: { [GrantVariable.TABLE]: table.tableName, [GrantVariable.EVENT_BUS]: eventBus.eventBusName },
    access: { read: ['waits'] },
    isAsynchronous: true,
    whyUnreserved: 'the shards of its stream bound how many of it run at once',
  });
  eventBus.grantPutEventsTo(announce.function);
  acknowledge(announce, { 'AwsSolutions-IAM5[Resource::*]': 'a list of streams, which an event source asks for, knows no resources' });
  announce.function.addEventSource(
    new sources.DynamoEventSource(table, {
      startingPosition: lambda.StartingPosition.TRIM_HORIZON,
      filters: [lambda.FilterCriteria.filter({ dynamodb: { Keys: { collection: { S: lambda.FilterRule.or('grants', 'revocations') } } } })],
      batchSize: 25,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: 100,
      onFailure: new sources.SqsDlq(undelivered),
    }),
  );
  functions.encryptionKey.grantDecrypt(announce.function);
  return announce;
}

function waitForApprovers(scope: Construct, { functions, table, topic, url, decisionTime }: ApprovalsProps): sfn.StateMachine {
  const wait = addGrantFunction(scope, 'Wait', functions, {
    bundle: 'grants-wait',
    description: 'Just-in-time grants: tells the approvers of a request',
    environment: { [GrantVariable.TABLE]: table.tableName, [GrantVariable.TOPIC]: topic.topicArn, MCP_PUBLIC_URL: url },
    access: { read: ['waits'], write: ['waits'] },
    whyUnreserved: 'a workflow begins one of it for each grant that is asked for',
  });
  iam.Grant.addToPrincipal({ grantee: wait.function, actions: ['sns:Publish'], resourceArns: [topic.topicArn] });
  iam.Grant.addToPrincipal({ grantee: wait.function, actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resourceArns: [functions.encryptionKey.keyArn], conditions: { StringEquals: { 'kms:ViaService': `sns.${Stack.of(scope).region}.amazonaws.com` } } });
  const { encryptionKey, removalPolicy, logRetention } = functions;
  const definition = sfn.DefinitionBody.fromChainable(waitForApproval(new Construct(scope, 'ApprovalWorkflowStates'), wait.function, decisionTime));
  return addStateMachine(scope, 'ApprovalWorkflow', { encryptionKey, removalPolicy, logRetention, invoke: invoking(wait.function), definition });
}
