import { Duration, Stack } from 'aws-cdk-lib';
import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { GatewayFunction } from '../../gateway/function';
import { functionCode } from '../../private/bundle';
import { COLLECTIONS } from './environment';

export interface ResponseFunctionProps {
  /** Folder of its code in `dist/lambda`. */
  readonly bundle: string;
  readonly description: string;
  readonly environment: Record<string, string>;
  readonly table: dynamodb.ITable;
  readonly encryptionKey: kms.IKey;
  readonly logRetention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
  /** @default Duration.minutes(1) */
  readonly timeout?: Duration;
}

/** Code of all functions that carry actions out. */
export const ACTING = 'response-act';
const MEMORY_MIB = 512;
const WHY_UNRESERVED = 'the steps of playbooks begin it, and people of the account who decide, and no client of a gateway';

/** A function of the response, with a role of its own that reaches the ledger, and besides what it is granted. */
export class ResponseFunction extends Construct implements iam.IGrantable {
  readonly function: lambda.Function;
  readonly logGroup: logs.LogGroup;
  readonly grantPrincipal: iam.IPrincipal;

  constructor(scope: Construct, id: string, { bundle, table, ...props }: ResponseFunctionProps) {
    super(scope, id);
    const { function: handler, logGroup } = new GatewayFunction(this, 'Function', { ...props, code: functionCode(bundle), timeout: props.timeout ?? Duration.minutes(1), memorySize: MEMORY_MIB, whyUnreserved: WHY_UNRESERVED });
    this.function = handler;
    this.logGroup = logGroup;
    this.grantPrincipal = handler.grantPrincipal;
    grantLedger(table, props.encryptionKey, this, true);
  }

  allow(actions: string[], resources: string[], conditions?: Record<string, Record<string, unknown>>): void {
    iam.Grant.addToPrincipal({ grantee: this, actions, resourceArns: resources, conditions });
  }
}

/** The ledger and nothing else of the table: no scan, no query language, no deletion. */
export function grantLedger({ tableArn }: dynamodb.ITable, key: kms.IKey, grantee: iam.IGrantable, isWriter: boolean): iam.Grant {
  const { region } = Stack.of(grantee.grantPrincipal as iam.Role);
  const partitions = { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': COLLECTIONS } };
  const actions = ['dynamodb:GetItem', 'dynamodb:Query', ...(isWriter ? ['dynamodb:PutItem'] : [])];
  const crypto = ['kms:Decrypt', 'kms:DescribeKey', ...(isWriter ? ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'] : [])];
  return iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [tableArn], conditions: partitions }).combine(
    iam.Grant.addToPrincipal({ grantee, actions: crypto, resourceArns: [key.keyArn], conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${region}.amazonaws.com` } } }),
  );
}
