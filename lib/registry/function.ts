import { Duration } from 'aws-cdk-lib';
import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { GatewayFunction } from '../gateway/function';
import { functionCode } from '../private/bundle';
import type { IToolRegistry } from './registry-base';
import type { SecondOpinion } from './second-opinion';
import { grantTableAccess } from './table-access';
import type { TableAccess } from './table-access';

/** What a function of the registry is made of. */
export interface RegistryFunctionProps {
  readonly registry: IToolRegistry;
  /** Folder of its code in `dist/lambda`. */
  readonly bundle: string;
  readonly description: string;
  readonly environment: Record<string, string>;
  /** @default - none */
  readonly access?: TableAccess;
  /** @default Duration.minutes(1) */
  readonly timeout?: Duration;
  /** Invoked by events, whose failures are kept in a queue of their sources. @default false */
  readonly isAsynchronous?: boolean;
  readonly secondOpinion?: SecondOpinion;
  readonly encryptionKey: kms.IKey;
  readonly logRetention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
  readonly vpc?: ec2.IVpc;
  readonly vpcSubnets?: ec2.SubnetSelection;
  readonly securityGroups?: ec2.ISecurityGroup[];
}

/** Where in a network a function is that works with the table. */
export interface FunctionPlace {
  readonly vpcSubnets: ec2.SubnetSelection;
  readonly securityGroup: ec2.ISecurityGroup;
  /** Where Amazon DynamoDB is reached from there. */
  readonly dynamoDbUrl: string;
}

const MEMORY_MIB = 512;

/** A function of the registry, with its own role that reaches some partitions of the table. */
export class RegistryFunction extends Construct {
  readonly function: lambda.Function;
  readonly logGroup: logs.LogGroup;

  private readonly inner: GatewayFunction;

  constructor(scope: Construct, id: string, props: RegistryFunctionProps) {
    super(scope, id);
    const { registry, bundle, access, timeout = Duration.minutes(1), isAsynchronous = false, secondOpinion, ...rest } = props;
    this.inner = new GatewayFunction(this, 'Function', {
      ...rest,
      code: functionCode(bundle),
      timeout,
      memorySize: MEMORY_MIB,
      whyUnreserved: 'workflows, schedules, the shards of a stream and people of the account who decide begin it, and no client of a gateway',
      ...(isAsynchronous ? { whyNoDeadLetterQueue: 'what it fails on goes to the queue that its failures, its rules and its stream have in common, and raises an alarm' } : {}),
    });
    const { function: handler, logGroup } = this.inner;
    this.function = handler;
    this.logGroup = logGroup;
    if (access) grantTableAccess(registry, handler, access);
    for (const [name, value] of Object.entries(secondOpinion?.bind(this, handler) ?? {})) handler.addEnvironment(name, value);
  }

  /** Moves it into a network that is there only now. */
  moveInto({ vpcSubnets, securityGroup, dynamoDbUrl }: FunctionPlace): void {
    this.inner.moveInto(vpcSubnets, [securityGroup]);
    this.function.addEnvironment('AWS_ENDPOINT_URL_DYNAMODB', dynamoDbUrl);
  }
}
