import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { logAccessOf } from '../private/access-log';
import { acknowledge } from '../private/acknowledge';

export interface AuditArchiveProps {
  readonly encryptionKey: kms.IKey;
  readonly retention: Duration;
  readonly expireAfter?: Duration;
  /** @default - a new one */
  readonly accessLogBucket?: s3.Bucket;
}

/** A bucket whose objects nobody can delete or change before their time, the root user included (LOG-4). */
export class AuditArchive extends Construct {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, { encryptionKey, retention, expireAfter, accessLogBucket }: AuditArchiveProps) {
    super(scope, id);
    const locked = {
      versioned: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      objectLockEnabled: true,
      objectLockDefaultRetention: s3.ObjectLockRetention.compliance(retention),
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [{ transitions: [{ storageClass: s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: Duration.days(90) }], expiration: expireAfter }],
    };
    this.bucket = new s3.Bucket(this, 'Resource', { ...locked, encryption: s3.BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true });
    this.node.defaultChild = this.bucket.node.defaultChild;
    this.denyDeletion();
    logAccessOf(this.bucket, accessLogBucket ?? this.accessLogs(locked), 'audit/');
    acknowledge(this, { 'NIST.800.53.R5-S3BucketReplicationEnabled': 'records are locked and versioned in one region; replicate them where a second one is required' });
  }

  /** Nobody deletes, before the lock ends or after: what expires, S3 itself removes. */
  private denyDeletion(): void {
    this.bucket.addToResourcePolicy(new iam.PolicyStatement({
      effect: iam.Effect.DENY,
      principals: [new iam.AnyPrincipal()],
      actions: ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention'],
      resources: [this.bucket.arnForObjects('*')],
    }));
  }

  private accessLogs(locked: s3.BucketProps): s3.Bucket {
    // S3 writes access logs only with keys of its own.
    const bucket = new s3.Bucket(this, 'AccessLogs', { ...locked, encryption: s3.BucketEncryption.S3_MANAGED });
    acknowledge(bucket, {
      'AwsSolutions-S1': 'it is the bucket that access logs go to',
      'NIST.800.53.R5-S3BucketLoggingEnabled': 'it is the bucket that access logs go to, and logging itself would never end',
      'NIST.800.53.R5-S3DefaultEncryptionKMS': 'S3 writes access logs only with keys of S3, not with one of KMS',
    });
    return bucket;
  }
}
