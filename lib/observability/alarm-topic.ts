import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/** An encrypted topic that alarms and rules of this account, and nobody else, publish to. */
export function createAlarmTopic(scope: Construct, encryptionKey?: kms.IKey): sns.Topic {
  const key = encryptionKey ?? new kms.Key(scope, 'TopicKey', { description: 'Alarms of an MCP gateway', enableKeyRotation: true, removalPolicy: RemovalPolicy.DESTROY });
  const topic = new sns.Topic(scope, 'AlarmTopic', { displayName: 'Alarms of an MCP gateway', masterKey: key, enforceSSL: true });
  const { account, region, partition } = Stack.of(topic);
  for (const [service, resource] of [['cloudwatch', 'cloudwatch:%:alarm:*'], ['events', 'events:%:rule/*']] as const) {
    const conditions = { StringEquals: { 'aws:SourceAccount': account }, ArnLike: { 'aws:SourceArn': `arn:${partition}:${resource.replace('%', `${region}:${account}`)}` } };
    const principals = [new iam.ServicePrincipal(`${service}.amazonaws.com`)];
    topic.addToResourcePolicy(new iam.PolicyStatement({ principals, actions: ['sns:Publish'], resources: [topic.topicArn], conditions }));
    key.addToResourcePolicy(new iam.PolicyStatement({ principals, actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: ['*'], conditions }));
  }
  return topic;
}
