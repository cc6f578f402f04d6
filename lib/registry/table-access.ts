import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IToolRegistry } from './registry-base';

/** A collection of documents, which is a partition of the table. */
export type Collection = 'tools' | 'definitions' | 'changes' | 'log' | 'heads' | 'reviews' | 'offers/*' | 'history/*' | 'bodies/*';

/** Everything that says what is known and what is approved. */
export const KNOWLEDGE: readonly Collection[] = ['tools', 'definitions', 'changes', 'log', 'heads', 'history/*', 'bodies/*'];

/** What a step of the life cycle writes. Not the log: only who has the signing key appends to it. */
export const STEPS: readonly Collection[] = ['tools', 'definitions', 'changes', 'history/*', 'bodies/*'];

/** Which partitions a principal may read and write. */
export interface TableAccess {
  readonly read?: readonly Collection[];
  readonly write?: readonly Collection[];
}

/**
 * Lets a principal work with some partitions of the table and no other, and with the table's key through DynamoDB alone. No
 * scan, no query language, no deletion: those know no partitions, or take history away.
 */
export function grantTableAccess({ tableArn, encryptionKeyArn }: IToolRegistry, grantee: iam.IGrantable, { read = [], write = [] }: TableAccess): iam.Grant {
  const { region } = Stack.of(grantee.grantPrincipal as iam.Role);
  const partitions = (collections: readonly Collection[]) => ({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...collections] } });
  const allow = (actions: readonly string[], resourceArn: string, conditions: Record<string, Record<string, unknown>>) =>
    iam.Grant.addToPrincipal({ grantee, actions: [...actions], resourceArns: [resourceArn], conditions });
  const grants = [
    ...(read.length === 0 ? [] : [allow(['dynamodb:GetItem', 'dynamodb:Query'], tableArn, partitions(read))]),
    ...(write.length === 0 ? [] : [allow(['dynamodb:PutItem'], tableArn, partitions(write))]),
    allow(write.length === 0 ? DECRYPT : [...DECRYPT, ...ENCRYPT], encryptionKeyArn, { StringEquals: { 'kms:ViaService': `dynamodb.${region}.amazonaws.com` } }),
  ];
  return grants.reduce((all, grant) => all.combine(grant));
}

const DECRYPT = ['kms:Decrypt', 'kms:DescribeKey'];
const ENCRYPT = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];
