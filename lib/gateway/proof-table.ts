import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';

/** Where all instances of a proxy note the proofs that were used, so that none is taken twice (IAM-4). */
export function createProofTable(scope: Construct, encryptionKey: kms.IKey): dynamodb.Table {
  const table = new dynamodb.Table(scope, 'Proofs', {
    // Names of `lambda/stores` and `lambda/identity`.
    partitionKey: { name: 'collection', type: dynamodb.AttributeType.STRING },
    sortKey: { name: 'id', type: dynamodb.AttributeType.STRING },
    timeToLiveAttribute: 'expiresAt',
    billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
    encryptionKey,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const nothingToRestore = 'it holds digests of proofs that are too old to be accepted after minutes: there is nothing to restore';
  acknowledge(table, {
    'AwsSolutions-DDB3': nothingToRestore,
    'NIST.800.53.R5-DynamoDBPITREnabled': nothingToRestore,
    'NIST.800.53.R5-DynamoDBInBackupPlan': nothingToRestore,
  });
  return table;
}
