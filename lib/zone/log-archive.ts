import { Stack } from 'aws-cdk-lib';
import type { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { logAccessOf } from '../private/access-log';
import { createAccessLogBucket, createLockedBucket } from '../private/locked-bucket';

export interface LogArchiveProps {
  readonly encryptionKey: kms.IKey;
  /** How long nobody can delete or change a record, whoever asks. */
  readonly retention: Duration;
}

/** Where a zone's records are kept so that nobody who breaks into it can rewrite them (LOG-4). */
export class LogArchive extends Construct {
  /** Locked records. */
  readonly bucket: s3.Bucket;
  /** Access logs of the load balancer and of the archive itself, which those services write with keys of S3 only. */
  readonly accessLogs: s3.Bucket;

  constructor(scope: Construct, id: string, { encryptionKey, retention }: LogArchiveProps) {
    super(scope, id);
    const lock = { retention: s3.ObjectLockRetention.governance(retention), storageClass: s3.StorageClass.INFREQUENT_ACCESS };
    this.accessLogs = createAccessLogBucket(this, 'AccessLogs', lock);
    this.bucket = createLockedBucket(this, 'Resource', lock, encryptionKey);
    logAccessOf(this.bucket, this.accessLogs, 'archive/');
    this.letDeliveryWrite(encryptionKey);
  }

  /** Every flow of the VPC once more, out of reach of who may write the zone's log groups. */
  addFlowLog(vpc: ec2.IVpc): void {
    new ec2.CfnFlowLog(this, 'FlowLog', {
      resourceType: 'VPC',
      resourceId: vpc.vpcId,
      trafficType: 'ALL',
      logDestinationType: 's3',
      logDestination: `${this.bucket.bucketArn}/flows/`,
      destinationOptions: { FileFormat: 'parquet', HiveCompatiblePartitions: true, PerHourPartition: true },
    }).node.addDependency(this.bucket.policy!);
  }

  private letDeliveryWrite(encryptionKey: kms.IKey): void {
    const { account, partition, region } = Stack.of(this);
    const principals = [new iam.ServicePrincipal('delivery.logs.amazonaws.com')];
    const conditions = { StringEquals: { 'aws:SourceAccount': account }, ArnLike: { 'aws:SourceArn': `arn:${partition}:logs:${region}:${account}:*` } };
    this.bucket.addToResourcePolicy(new iam.PolicyStatement({ principals, conditions, actions: ['s3:PutObject'], resources: [this.bucket.arnForObjects(`flows/AWSLogs/${account}/*`)] }));
    this.bucket.addToResourcePolicy(new iam.PolicyStatement({ principals, conditions, actions: ['s3:GetBucketAcl'], resources: [this.bucket.bucketArn] }));
    encryptionKey.addToResourcePolicy(new iam.PolicyStatement({ principals, conditions, actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncryptFrom', 'kms:ReEncryptTo', 'kms:GenerateDataKey', 'kms:DescribeKey'], resources: ['*'] }));
  }
}
