import { RemovalPolicy, Resource } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import { grantTableAccess } from './table-access';

/** Properties for a block list. */
export interface BlockListProps {
  /** Key that encrypts it. */
  readonly encryptionKey: kms.IKey;

  /**
   * What happens to it when it is deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * Whose calls a gateway without `AccessGrants` refuses at once: principals, servers and addresses that the response to incidents blocks (JIT-4, SOC-3). The
 * gateway reads it four times a second, and serves nobody when it cannot.
 *
 * @stateful
 */
export class BlockList extends Resource {
  /**
   * Name of its table.
   *
   * @attribute
   */
  readonly tableName: string;

  /**
   * ARN of its table.
   *
   * @attribute
   */
  readonly tableArn: string;

  /** ARN of the key that encrypts it. */
  readonly encryptionKeyArn: string;

  constructor(scope: Construct, id: string, { encryptionKey, removalPolicy = RemovalPolicy.RETAIN }: BlockListProps) {
    super(scope, id);
    const table = new dynamodb.Table(this, 'Table', {
      // Names of `lambda/stores`.
      partitionKey: { name: 'collection', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'id', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
      removalPolicy,
    });
    acknowledge(table, { 'NIST.800.53.R5-DynamoDBInBackupPlan': 'point-in-time recovery restores any second of the last 35 days; a backup plan is the account\'s to define' });
    this.tableName = table.tableName;
    this.tableArn = table.tableArn;
    this.encryptionKeyArn = encryptionKey.keyArn;
  }

  /** Lets a gateway read it. */
  grantRead(grantee: iam.IGrantable): iam.Grant {
    return grantTableAccess(this, grantee, { read: ['revocations'] });
  }
}
