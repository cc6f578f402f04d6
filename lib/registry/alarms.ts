import { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { IToolRegistry } from './registry-base';

/** What a registry raises the alarm about, and where. */
export interface RegistryAlarmsProps {
  readonly registry: IToolRegistry;
  readonly reviewWorkflow: sfn.IStateMachine;
  readonly discoveryWorkflow: sfn.IStateMachine;
  readonly sign: lambda.IFunction;
  readonly announce: lambda.IFunction;
  readonly undelivered: sqs.IQueue;
  readonly topic: sns.ITopic;
  /** Key of the topic. */
  readonly encryptionKey: kms.IKey;
}

/** Alarms at the first occurrence, to the topic of those who decide. */
export function addRegistryAlarms(scope: Construct, props: RegistryAlarmsProps): void {
  const { registry, reviewWorkflow, discoveryWorkflow, sign, announce, undelivered, topic } = props;
  const action = new actions.SnsAction(topic);
  const alarm = (id: string, alarmDescription: string, metric: cloudwatch.Metric) =>
    metric.createAlarm(scope, id, {
      alarmDescription,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(action);

  alarm('QuarantinedAlarm', 'An approved MCP tool was changed, or stopped by a person: it is not served', registry.metricQuarantined());
  alarm('ReviewFailedAlarm', 'The review of an MCP tool failed: nobody is asked about it', reviewWorkflow.metricFailed());
  alarm('DiscoveryFailedAlarm', 'What the MCP servers offer was not asked for, or not scanned', discoveryWorkflow.metricFailed());
  alarm('SigningFailedAlarm', 'The log of approved MCP tools was not signed: after a while gateways serve nothing', sign.metricErrors());
  alarm('AnnouncementFailedAlarm', 'Changes of MCP tools are not announced: reviews do not begin by themselves', announce.metricErrors());
  alarm('UndeliveredAlarm', 'An event of the registry of MCP tools reached nobody', undelivered.metricApproximateNumberOfMessagesVisible());
  letAlarmsUse(props.encryptionKey, topic);
}

/** CloudWatch publishes to an encrypted topic on its own behalf, for the alarms of this account. */
function letAlarmsUse(key: kms.IKey, topic: sns.ITopic): void {
  const { account, region, partition } = Stack.of(topic);
  const conditions = { StringEquals: { 'aws:SourceAccount': account }, ArnLike: { 'aws:SourceArn': `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` } };
  const principals = [new iam.ServicePrincipal('cloudwatch.amazonaws.com')];
  topic.addToResourcePolicy(new iam.PolicyStatement({ principals, actions: ['sns:Publish'], resources: [topic.topicArn], conditions }));
  key.addToResourcePolicy(new iam.PolicyStatement({
    principals,
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    resources: ['*'],
    conditions,
  }));
}
