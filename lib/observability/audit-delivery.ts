import { Stack } from 'aws-cdk-lib';
import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as firehose from 'aws-cdk-lib/aws-kinesisfirehose';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import { acknowledgeObjects } from './objects';

export interface AuditDeliveryProps {
  readonly archive: s3.Bucket;
  /** Prefix of what is delivered. */
  readonly to: string;
  readonly encryptionKey: kms.IKey;
  readonly bufferingInterval: Duration;
  readonly logRetention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

const ERRORS = 'errors/';
const LOG_STREAM = 'delivery';

/**
 * A stream of Amazon Data Firehose that writes the lines of log groups into the archive, as they were written, partitioned by region, account and
 * day. It may put objects, and cannot read or delete them.
 */
export class AuditDelivery extends Construct {
  readonly streamName: string;
  readonly streamArn: string;

  constructor(scope: Construct, id: string, { archive, to, encryptionKey, bufferingInterval, logRetention, removalPolicy }: AuditDeliveryProps) {
    super(scope, id);
    const { account, region } = Stack.of(this);
    const log = new logs.LogGroup(this, 'Log', { encryptionKey, retention: logRetention, removalPolicy });
    const logStream = new logs.LogStream(this, 'LogStream', { logGroup: log, logStreamName: LOG_STREAM, removalPolicy });
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('firehose.amazonaws.com', { conditions: { StringEquals: { 'sts:ExternalId': account } } }) });
    const policy = new iam.Policy(this, 'Policy', {
      roles: [role],
      statements: [
        new iam.PolicyStatement({ actions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'], resources: [archive.bucketArn] }),
        new iam.PolicyStatement({ actions: ['s3:PutObject', 's3:AbortMultipartUpload'], resources: [archive.arnForObjects(`${to}*`), archive.arnForObjects(`${ERRORS}*`)] }),
        new iam.PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [encryptionKey.keyArn], conditions: { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } } }),
        new iam.PolicyStatement({ actions: ['logs:PutLogEvents'], resources: [`${log.logGroupArn}:log-stream:${LOG_STREAM}`] }),
      ],
    });
    acknowledge(policy, { 'NIST.800.53.R5-IAMNoInlinePolicy': 'the policy is part of one role of one delivery stream and lives and dies with it' });
    acknowledgeObjects(policy, archive, [to, ERRORS], 'the stream adds objects whose names it makes, and may do nothing else with any');

    const partition = `region=${region}/accountId=${account}/eventDay=!{timestamp:yyyyMMdd}/`;
    const stream = new firehose.CfnDeliveryStream(this, 'Resource', {
      deliveryStreamType: 'DirectPut',
      deliveryStreamEncryptionConfigurationInput: { keyType: 'CUSTOMER_MANAGED_CMK', keyArn: encryptionKey.keyArn },
      extendedS3DestinationConfiguration: {
        bucketArn: archive.bucketArn,
        roleArn: role.roleArn,
        prefix: `${to}${partition}`,
        errorOutputPrefix: `${ERRORS}!{firehose:error-output-type}/${partition}`,
        bufferingHints: { intervalInSeconds: bufferingInterval.toSeconds(), sizeInMBs: 5 },
        compressionFormat: 'GZIP',
        encryptionConfiguration: { kmsEncryptionConfig: { awskmsKeyArn: encryptionKey.keyArn } },
        cloudWatchLoggingOptions: { enabled: true, logGroupName: log.logGroupName, logStreamName: logStream.logStreamName },
        // CloudWatch Logs sends many events together, compressed.
        processingConfiguration: {
          enabled: true,
          processors: [
            { type: 'Decompression', parameters: [{ parameterName: 'CompressionFormat', parameterValue: 'GZIP' }] },
            { type: 'CloudWatchLogProcessing', parameters: [{ parameterName: 'DataMessageExtraction', parameterValue: 'true' }] },
            { type: 'AppendDelimiterToRecord' },
          ],
        },
      },
    });
    stream.node.addDependency(policy);
    this.streamName = stream.ref;
    this.streamArn = stream.attrArn;
  }
}
