import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { SecurityLakeOptions } from './security-lake';

/** Properties for an audit trail. */
export interface AuditTrailProps {
  /**
   * How long nobody can delete or change a record: not its writer, not an administrator, not the root user of the account, and not AWS on
   * anybody's behalf (Object Lock in compliance mode). What is archived with it stays that long, whatever it costs.
   *
   * @default Duration.days(365)
   */
  readonly retention?: Duration;

  /**
   * When records are deleted. At least `retention`.
   *
   * @default - never
   */
  readonly expireAfter?: Duration;

  /**
   * How long events wait to be archived together, from 60 to 900 seconds.
   *
   * @default Duration.seconds(60)
   */
  readonly bufferingInterval?: Duration;

  /**
   * Write archived events once more in OCSF, partitioned as Amazon Security Lake partitions.
   *
   * @default true
   */
  readonly ocsf?: boolean;

  /**
   * Write OCSF events as Apache Parquet too, laid out as a custom source of Amazon Security Lake. Needs `ocsf`.
   *
   * @default - lines of JSON only
   */
  readonly securityLake?: SecurityLakeOptions;

  /**
   * Key that encrypts records and logs. CloudWatch Logs, Data Firehose and S3 of this account have to be allowed to use it.
   *
   * @default - a new key, rotated every year
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Bucket of this app for the access log of the archive.
   *
   * @default - a new one, with the same lock
   */
  readonly accessLogBucket?: s3.Bucket;

  /**
   * How long the trail's own logs are kept: what could not be delivered, and why.
   *
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What happens to keys and logs when the trail is deleted. The archive always stays.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}
