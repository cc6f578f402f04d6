import { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/** Counts what the function of the pages writes of grants, one JSON object a line. */
export function addGrantMetrics(log: logs.LogGroup, metricNamespace: string): void {
  const action = (value: string) => logs.FilterPattern.stringValue('$.action', '=', value);
  const patterns = {
    Approved: action('approved'),
    Denied: action('denied'),
    RefusedApprovals: action('approval_refused'),
    KillSwitch: logs.FilterPattern.stringValue('$.kind', '=', 'kill_switch'),
  };
  for (const [metricName, filterPattern] of Object.entries(patterns)) log.addMetricFilter(metricName, { metricNamespace, metricName, filterPattern });
}

export interface GrantAlarms {
  readonly refusedApprovals: cloudwatch.Metric;
  readonly killSwitch: cloudwatch.Metric;
  readonly announcementFailures: cloudwatch.Metric;
  readonly undelivered: cloudwatch.Metric;
}

/** Alarms at the first occurrence, to the topic of the approvers. */
export function addGrantAlarms(scope: Construct, metrics: GrantAlarms, topic: sns.ITopic, encryptionKey: kms.IKey): void {
  const action = new actions.SnsAction(topic);
  const alarm = (id: string, alarmDescription: string, metric: cloudwatch.Metric) =>
    metric
      .createAlarm(scope, id, {
        alarmDescription,
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      })
      .addAlarmAction(action);
  alarm('RefusedApprovalAlarm', 'Somebody tried to approve a grant who may not, or who had asked for it', metrics.refusedApprovals);
  alarm('KillSwitchAlarm', 'The kill switch of an MCP gateway was used or lifted', metrics.killSwitch);
  alarm('AnnouncementFailedAlarm', 'Steps of grants are not announced: approvers are not told of requests', metrics.announcementFailures);
  alarm('UndeliveredAlarm', 'An event of grants reached nobody', metrics.undelivered);

  const { account, region, partition } = Stack.of(topic);
  const conditions = { StringEquals: { 'aws:SourceAccount': account }, ArnLike: { 'aws:SourceArn': `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` } };
  const principals = [new iam.ServicePrincipal('cloudwatch.amazonaws.com')];
  topic.addToResourcePolicy(new iam.PolicyStatement({ principals, actions: ['sns:Publish'], resources: [topic.topicArn], conditions }));
  encryptionKey.addToResourcePolicy(new iam.PolicyStatement({ principals, actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: ['*'], conditions }));
}
