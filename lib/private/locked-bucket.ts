import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge';

/** How long objects are locked, and where they go when nobody reads them any more. */
export interface Lock {
  readonly retention: s3.ObjectLockRetention;
  /** After 90 days. */
  readonly storageClass: s3.StorageClass;
  /** @default - they stay */
  readonly expireAfter?: Duration;
}

/** A bucket whose objects nobody deletes or changes before their time, which stays when its stack goes (LOG-4). */
export function createLockedBucket(scope: Construct, id: string, lock: Lock, encryptionKey: kms.IKey): s3.Bucket {
  return create(scope, id, lock, { encryption: s3.BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true });
}

/** A locked bucket for access logs, which load balancers and S3 write with keys of S3 only. */
export function createAccessLogBucket(scope: Construct, id: string, lock: Lock): s3.Bucket {
  const bucket = create(scope, id, lock, { encryption: s3.BucketEncryption.S3_MANAGED });
  acknowledge(bucket, {
    'AwsSolutions-S1': 'it is the bucket that access logs go to',
    'NIST.800.53.R5-S3BucketLoggingEnabled': 'it is the bucket that access logs go to, and logging itself would never end',
    'NIST.800.53.R5-S3DefaultEncryptionKMS': 'load balancers and S3 write access logs only with keys of S3',
  });
  return bucket;
}

function create(scope: Construct, id: string, { retention, storageClass, expireAfter }: Lock, encryption: Pick<s3.BucketProps, 'encryption' | 'encryptionKey' | 'bucketKeyEnabled'>): s3.Bucket {
  const bucket = new s3.Bucket(scope, id, {
    ...encryption,
    versioned: true,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    objectLockEnabled: true,
    objectLockDefaultRetention: retention,
    removalPolicy: RemovalPolicy.RETAIN,
    lifecycleRules: [{ transitions: [{ storageClass, transitionAfter: Duration.days(90) }], expiration: expireAfter }],
  });
  acknowledge(bucket, { 'NIST.800.53.R5-S3BucketReplicationEnabled': 'records are locked and versioned in one region; replicate them where a second one is required' });
  return bucket;
}
