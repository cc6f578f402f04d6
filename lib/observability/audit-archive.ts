import type { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { logAccessOf } from '../private/access-log';
import { createAccessLogBucket, createLockedBucket } from '../private/locked-bucket';

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
    const lock = { retention: s3.ObjectLockRetention.compliance(retention), storageClass: s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, expireAfter };
    this.bucket = createLockedBucket(this, 'Resource', lock, encryptionKey);
    this.node.defaultChild = this.bucket.node.defaultChild;
    this.denyDeletion();
    logAccessOf(this.bucket, accessLogBucket ?? createAccessLogBucket(this, 'AccessLogs', lock), 'audit/');
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
}
