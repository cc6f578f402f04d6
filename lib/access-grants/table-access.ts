import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';

/** A collection of documents, which is a partition of the table. */
export type Collection = 'grants' | 'revocations' | 'waits';

/** Which partitions a principal may read and write. */
export interface TableAccess {
  readonly read: readonly Collection[];
  readonly write?: readonly Collection[];
}

export interface GrantsTable {
  readonly tableArn: string;
  readonly encryptionKeyArn: string;
}

/**
 * Lets a principal work with some partitions of the table and no other, and with the table's key through DynamoDB alone. No
 * scan, no query language, no deletion: those know no partitions, or take history away.
 */
export function grantTableAccess({ tableArn, encryptionKeyArn }: GrantsTable, grantee: iam.IGrantable, { read, write = [] }: TableAccess): iam.Grant {
  const { region } = Stack.of(grantee.grantPrincipal as iam.Role);
  const partitions = (collections: readonly Collection[]) => ({ 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [...collections] } });
  const allow = (actions: string[], resourceArn: string, conditions: Record<string, Record<string, unknown>>) => iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [resourceArn], conditions });
  const grants = [
    allow(['dynamodb:GetItem', 'dynamodb:Query'], tableArn, partitions(read)),
    ...(write.length === 0 ? [] : [allow(['dynamodb:PutItem'], tableArn, partitions(write))]),
    allow([...DECRYPT, ...(write.length === 0 ? [] : ENCRYPT)], encryptionKeyArn, { StringEquals: { 'kms:ViaService': `dynamodb.${region}.amazonaws.com` } }),
  ];
  return grants.reduce((all, grant) => all.combine(grant));
}

const DECRYPT = ['kms:Decrypt', 'kms:DescribeKey'];
const ENCRYPT = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];
