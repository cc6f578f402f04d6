import { Duration, Stack } from 'aws-cdk-lib';
import type { RemovalPolicy } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as destinations from 'aws-cdk-lib/aws-lambda-destinations';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { GatewayFunction } from '../gateway/function';
import { acknowledge } from '../private/acknowledge';
import { functionCode } from '../private/bundle';
import { acknowledgeObjects } from './objects';
import type { SecurityLakeSources } from './security-lake';

export interface OcsfEventsProps {
  readonly archive: s3.Bucket;
  /** Prefix of the events as they were written. */
  readonly from: string;
  readonly encryptionKey: kms.IKey;
  readonly logRetention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
  /** Where events go as rows, too. @default - nowhere */
  readonly lake?: SecurityLakeSources;
}

const TO = 'ocsf/';

/** Archived events once more in OCSF, beside them, for a SIEM (LOG-2, ENT-2). */
export class OcsfEvents extends Construct {
  /** Reads all that is archived. */
  readonly reader: GatewayFunction;

  /** Objects that could not be read after all retries. */
  readonly undelivered: sqs.Queue;

  constructor(scope: Construct, id: string, { archive, from, encryptionKey, lake, ...rest }: OcsfEventsProps) {
    super(scope, id);
    this.reader = new GatewayFunction(this, 'Function', {
      ...rest,
      encryptionKey,
      description: 'Writes archived audit events in OCSF',
      code: functionCode('audit-ocsf'),
      environment: { MCP_OCSF_PREFIX: TO, ...(lake && lakeEnvironment(this, lake)) },
      timeout: Duration.minutes(5),
      memorySize: 1024,
      whyUnreserved: 'one of it runs for each object, which the delivery stream makes of all events of a minute or of 5 MB',
      whyNoDeadLetterQueue: 'what it fails on, and what its rule cannot hand over, goes to one queue, and stays in the archive as it was written',
    });
    const handler = this.reader.function;
    iam.Grant.addToPrincipal({ grantee: handler, actions: ['s3:GetObject'], resourceArns: [archive.arnForObjects(`${from}*`)] });
    iam.Grant.addToPrincipal({ grantee: handler, actions: ['s3:PutObject'], resourceArns: [archive.arnForObjects(`${TO}*`)] });
    acknowledgeObjects(this, archive, [from, TO], 'the function reads every archived object once and writes what it becomes, whose names hold their time');
    iam.Grant.addToPrincipal({ grantee: handler, actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resourceArns: [encryptionKey.keyArn], conditions: { StringEquals: { 'kms:ViaService': `s3.${Stack.of(this).region}.amazonaws.com` } } });

    lake?.grantPut(handler);
    // The L2's way would add a function of the CDK's own.
    (archive.node.defaultChild as s3.CfnBucket).notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    const deadLetterQueue = new sqs.Queue(this, 'Undelivered', { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) });
    this.undelivered = deadLetterQueue;
    acknowledge(deadLetterQueue, { 'AwsSolutions-SQS3': 'this queue is the dead-letter queue of the function and of the rule that invokes it' });
    // The rule is done once Lambda has taken the event: what the function then fails on is Lambda's to retry, and to put somewhere.
    handler.configureAsyncInvoke({ onFailure: new destinations.SqsDestination(deadLetterQueue), retryAttempts: 2 });
    new events.Rule(this, 'Rule', {
      description: 'Writes archived audit events in OCSF',
      eventPattern: { source: ['aws.s3'], detailType: ['Object Created'], detail: { bucket: { name: [archive.bucketName] }, object: { key: [{ prefix: from }] } } },
      targets: [new targets.LambdaFunction(handler, { deadLetterQueue })],
    });
  }
}

/** What the function is told of the lake: streams by the number of their class. */
function lakeEnvironment(scope: Construct, { streams }: SecurityLakeSources): Record<string, string> {
  return { MCP_LAKE_STREAMS: Stack.of(scope).toJsonString(Object.fromEntries(Object.entries(streams).map(([uid, { ref }]) => [uid, ref]))), MCP_URL_SUFFIX: Stack.of(scope).urlSuffix };
}
