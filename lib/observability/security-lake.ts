import { Names, Stack } from 'aws-cdk-lib';
import type { RemovalPolicy } from 'aws-cdk-lib';
import * as glue from 'aws-cdk-lib/aws-glue';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as firehose from 'aws-cdk-lib/aws-kinesisfirehose';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { LAKE_TABLES } from '../../lambda/audit/ocsf/lake-row';
import { acknowledge } from '../private/acknowledge';
import { wildcardFinding } from '../private/wildcard-finding';
import { acknowledgeObjects } from './objects';

/** How events become a custom source of Amazon Security Lake. */
export interface SecurityLakeOptions {
  /**
   * Bucket of the lake. Its owner lets the role of the delivery write below `ext/<sourceName>-<class>/`.
   *
   * @default - the archive of the trail, for a lake that copies from it
   */
  readonly bucket?: s3.IBucket;

  /**
   * What the names of the sources begin with: lower-case letters, digits and `-`, at most 40. Security Lake holds one class of OCSF in a source:
   * `-api-activity`, `-authorize-session` and `-detection-finding` follow.
   *
   * @default 'mcp-gateway'
   */
  readonly sourceName?: string;
}

export interface SecurityLakeSourcesProps extends SecurityLakeOptions {
  readonly archive: s3.Bucket;
  readonly encryptionKey: kms.IKey;
  readonly logRetention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

const ERRORS = 'errors/lake/';
const PARQUET = 'org.apache.hadoop.hive.ql.io.parquet';
/** A partition for each day of events: Data Firehose collects 64 MB or five minutes of each. */
const BUFFER = { intervalInSeconds: 300, sizeInMBs: 64 };
const DAY = '{eventDay: (.time / 1000 | strftime("%Y%m%d"))}';

/**
 * OCSF events as Apache Parquet, laid out as Amazon Security Lake lays out custom sources: a delivery stream and a table of AWS Glue for each class,
 * partitioned by region, account and day of the event.
 *
 * Control: LOG-2, ENT-2.
 *
 * @see https://docs.aws.amazon.com/security-lake/latest/userguide/custom-sources.html
 */
export class SecurityLakeSources extends Construct {
  /** Delivery streams by the number of the class. */
  readonly streams: Readonly<Record<string, firehose.CfnDeliveryStream>>;

  private readonly props: SecurityLakeSourcesProps;
  private readonly bucket: s3.IBucket;

  constructor(scope: Construct, id: string, props: SecurityLakeSourcesProps) {
    super(scope, id);
    const { sourceName = 'mcp-gateway' } = props;
    if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(sourceName)) throw new Error(`the name of the source is ${JSON.stringify(sourceName)}, expected lower-case letters, digits and -, at most 40`);
    this.props = props;
    this.bucket = props.bucket ?? props.archive;
    const { account } = Stack.of(this);
    const databaseName = Names.uniqueResourceName(this, { maxLength: 100, separator: '_' }).toLowerCase();
    const database = new glue.CfnDatabase(this, 'Database', { catalogId: account, databaseInput: { name: databaseName, description: 'Events of an MCP gateway in OCSF' } });
    const log = new logs.LogGroup(this, 'Log', { encryptionKey: props.encryptionKey, retention: props.logRetention, removalPolicy: props.removalPolicy });
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('firehose.amazonaws.com', { conditions: { StringEquals: { 'sts:ExternalId': account } } }) });
    const prefixes = Object.values(LAKE_TABLES).map(({ name }) => `ext/${sourceName}-${name}/`);
    const policy = this.letDeliver(role, databaseName, prefixes, log);
    this.streams = Object.fromEntries(Object.entries(LAKE_TABLES).map(([uid, { name, columns }], index) => {
      const table = this.createTable(name, { database, databaseName, location: prefixes[index]!, columns });
      const stream = this.createStream(name, { role, table, databaseName, prefix: prefixes[index]!, log });
      stream.node.addDependency(policy);
      return [uid, stream];
    }));
  }

  /** Lets the function that writes events in OCSF send them. */
  grantPut(grantee: iam.IGrantable): void {
    iam.Grant.addToPrincipal({ grantee, actions: ['firehose:PutRecordBatch'], resourceArns: Object.values(this.streams).map(({ attrArn }) => attrArn) });
  }

  private createTable(name: string, { database, databaseName, location, columns }: { readonly database: glue.CfnDatabase; readonly databaseName: string; readonly location: string; readonly columns: Readonly<Record<string, string>> }): glue.CfnTable {
    const table = new glue.CfnTable(this, `Table-${name}`, {
      catalogId: database.catalogId,
      databaseName,
      tableInput: {
        name: name.replaceAll('-', '_'),
        tableType: 'EXTERNAL_TABLE',
        parameters: { classification: 'parquet' },
        partitionKeys: ['region', 'accountid', 'eventday'].map((key) => ({ name: key, type: 'string' })),
        storageDescriptor: {
          location: `s3://${this.bucket.bucketName}/${location}`,
          inputFormat: `${PARQUET}.MapredParquetInputFormat`,
          outputFormat: `${PARQUET}.MapredParquetOutputFormat`,
          serdeInfo: { serializationLibrary: `${PARQUET}.serde.ParquetHiveSerDe` },
          columns: Object.entries(columns).map(([column, type]) => ({ name: column, type })),
        },
      },
    });
    table.node.addDependency(database);
    return table;
  }

  private createStream(name: string, { role, table, databaseName, prefix, log }: { readonly role: iam.Role; readonly table: glue.CfnTable; readonly databaseName: string; readonly prefix: string; readonly log: logs.LogGroup }): firehose.CfnDeliveryStream {
    const { account, region } = Stack.of(this);
    const { encryptionKey, removalPolicy } = this.props;
    const logStream = new logs.LogStream(this, `LogStream-${name}`, { logGroup: log, logStreamName: name, removalPolicy });
    const stream = new firehose.CfnDeliveryStream(this, `Stream-${name}`, {
      deliveryStreamType: 'DirectPut',
      deliveryStreamEncryptionConfigurationInput: { keyType: 'CUSTOMER_MANAGED_CMK', keyArn: encryptionKey.keyArn },
      extendedS3DestinationConfiguration: {
        bucketArn: this.bucket.bucketArn,
        roleArn: role.roleArn,
        prefix: `${prefix}region=${region}/accountId=${account}/eventDay=!{partitionKeyFromQuery:eventDay}/`,
        errorOutputPrefix: `${ERRORS}${name}/!{firehose:error-output-type}/!{timestamp:yyyyMMdd}/`,
        bufferingHints: BUFFER,
        encryptionConfiguration: { kmsEncryptionConfig: { awskmsKeyArn: this.keyOfBucket.keyArn } },
        cloudWatchLoggingOptions: { enabled: true, logGroupName: log.logGroupName, logStreamName: logStream.logStreamName },
        dynamicPartitioningConfiguration: { enabled: true, retryOptions: { durationInSeconds: 300 } },
        processingConfiguration: {
          enabled: true,
          processors: [{ type: 'MetadataExtraction', parameters: [{ parameterName: 'MetadataExtractionQuery', parameterValue: DAY }, { parameterName: 'JsonParsingEngine', parameterValue: 'JQ-1.6' }] }],
        },
        dataFormatConversionConfiguration: {
          enabled: true,
          inputFormatConfiguration: { deserializer: { openXJsonSerDe: { caseInsensitive: true } } },
          outputFormatConfiguration: { serializer: { parquetSerDe: { compression: 'SNAPPY' } } },
          schemaConfiguration: { catalogId: account, region, roleArn: role.roleArn, databaseName, tableName: table.ref, versionId: 'LATEST' },
        },
      },
    });
    return stream;
  }

  private get keyOfBucket(): kms.IKey {
    return this.bucket.encryptionKey ?? this.props.encryptionKey;
  }

  private letDeliver(role: iam.Role, databaseName: string, prefixes: readonly string[], log: logs.LogGroup): iam.Policy {
    const { bucket } = this;
    const { region, partition, account } = Stack.of(this);
    const catalog = `arn:${partition}:glue:${region}:${account}`;
    const tables = `${catalog}:table/${databaseName}/*`;
    const written = [...prefixes, ERRORS];
    const streams = `${log.logGroupArn}:log-stream:*`;
    const policy = new iam.Policy(this, 'Policy', {
      roles: [role],
      statements: [
        new iam.PolicyStatement({ actions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'], resources: [bucket.bucketArn] }),
        new iam.PolicyStatement({ actions: ['s3:PutObject', 's3:AbortMultipartUpload'], resources: written.map((prefix) => bucket.arnForObjects(`${prefix}*`)) }),
        new iam.PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [this.keyOfBucket.keyArn], conditions: { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } } }),
        new iam.PolicyStatement({ actions: ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions'], resources: [`${catalog}:catalog`, `${catalog}:database/${databaseName}`, tables] }),
        new iam.PolicyStatement({ actions: ['logs:PutLogEvents'], resources: [streams] }),
      ],
    });
    const why = 'the role writes what its streams deliver, below their prefixes, into their log, and reads the tables of their database';
    acknowledge(policy, {
      'NIST.800.53.R5-IAMNoInlinePolicy': 'the policy is part of one role of these delivery streams and lives and dies with it',
      [wildcardFinding(this, tables)]: why,
      [wildcardFinding(this, streams)]: why,
    });
    if (bucket instanceof s3.Bucket) acknowledgeObjects(policy, bucket, written, why);
    else acknowledge(policy, Object.fromEntries(written.map((prefix) => [wildcardFinding(this, bucket.arnForObjects(`${prefix}*`)), why])));
    return policy;
  }
}
