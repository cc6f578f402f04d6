import { Duration } from 'aws-cdk-lib';
import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { GatewayFunction } from '../gateway/function';
import { functionCode } from '../private/bundle';
import { grantTableAccess } from './table-access';
import type { GrantsTable, TableAccess } from './table-access';

/** What all functions of some grants have in common. */
export interface GrantFunctionsProps {
  readonly table: GrantsTable;
  readonly encryptionKey: kms.IKey;
  readonly logRetention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

export interface GrantFunctionOptions {
  readonly bundle: string;
  readonly description: string;
  readonly environment: Record<string, string>;
  /** @default - it does not work with the table */
  readonly access?: TableAccess;
  /** What bounds how many of it run at once. */
  readonly whyUnreserved: string;
  /** @default - it is invoked synchronously alone */
  readonly isAsynchronous?: boolean;
}

const MEMORY_MIB = 512;

/** A function of just-in-time grants, which reaches the partitions of the table that it needs. */
export function addGrantFunction(scope: Construct, id: string, { table, ...common }: GrantFunctionsProps, { bundle, access, isAsynchronous = false, ...rest }: GrantFunctionOptions): GatewayFunction {
  const defined = new GatewayFunction(scope, id, {
    ...common,
    ...rest,
    code: functionCode(bundle),
    timeout: Duration.seconds(29),
    memorySize: MEMORY_MIB,
    ...(isAsynchronous ? { whyNoDeadLetterQueue: 'what its stream cannot deliver goes to a queue, and raises an alarm' } : {}),
  });
  if (access) grantTableAccess(table, defined.function, access);
  return defined;
}
