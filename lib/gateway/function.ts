import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';

/** What a function of the gateway is made of. */
export interface GatewayFunctionProps {
  readonly description: string;
  readonly code: lambda.Code;
  readonly environment: Record<string, string>;
  readonly timeout: Duration;
  readonly memorySize: number;
  readonly encryptionKey: kms.IKey;
  readonly logRetention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
  readonly reservedConcurrentExecutions?: number;
  /** What bounds how many of it run at once, where nothing is reserved. */
  readonly whyUnreserved: string;
  readonly vpc?: ec2.IVpc;
  readonly vpcSubnets?: ec2.SubnetSelection;
  readonly securityGroups?: ec2.ISecurityGroup[];
  /** @default - the function is only ever invoked synchronously */
  readonly whyNoDeadLetterQueue?: string;
}

/**
 * A bundled function with a role of its own, which may write its own encrypted log group, send traces, and nothing else. Whoever lets it do more to any
 * resource says why, besides what is acknowledged here.
 */
export class GatewayFunction extends Construct {
  readonly function: lambda.Function;
  readonly logGroup: logs.LogGroup;

  constructor(scope: Construct, id: string, props: GatewayFunctionProps) {
    super(scope, id);
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      encryptionKey: props.encryptionKey,
      retention: props.logRetention,
      removalPolicy: props.removalPolicy,
    });
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(role);
    if (props.vpc) allowNetworkInterfaces(role);

    this.function = new lambda.Function(this, 'Resource', {
      description: props.description,
      code: props.code,
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_LATEST,
      architecture: lambda.Architecture.ARM_64,
      role,
      logGroup: this.logGroup,
      tracing: lambda.Tracing.ACTIVE,
      environment: props.environment,
      timeout: props.timeout,
      memorySize: props.memorySize,
      reservedConcurrentExecutions: props.reservedConcurrentExecutions,
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroups: props.securityGroups,
    });
    this.node.defaultChild = this.function.node.defaultChild;
    acknowledgeFindings(this, props);
  }

  /** Moves it into a network that is there only now. The CDK knows one that a function is made in. */
  moveInto({ subnets = [] }: ec2.SubnetSelection, securityGroups: ec2.ISecurityGroup[]): void {
    allowNetworkInterfaces(this.function.role as iam.Role);
    (this.function.node.defaultChild as lambda.CfnFunction).vpcConfig = {
      subnetIds: subnets.map(({ subnetId }) => subnetId),
      securityGroupIds: securityGroups.map(({ securityGroupId }) => securityGroupId),
    };
  }
}

/** A role that is given to a function in a VPC does not get these from the CDK. The EC2 actions know no resources. */
function allowNetworkInterfaces(role: iam.Role): void {
  role.addToPolicy(new iam.PolicyStatement({
    actions: [
      'ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets',
      'ec2:DeleteNetworkInterface', 'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses',
    ],
    resources: ['*'],
  }));
}

function acknowledgeFindings(scope: GatewayFunction, props: GatewayFunctionProps): void {
  acknowledge(scope, {
    'AwsSolutions-IAM5[Resource::*]': 'the X-Ray and, in a VPC, the network interface actions have no resource-level permissions',
    'NIST.800.53.R5-IAMNoInlinePolicy': 'the policy is part of one role of one function and lives and dies with it',
    'NIST.800.53.R5-LambdaDLQ': props.whyNoDeadLetterQueue ?? 'the function is only ever invoked synchronously, so there is no event that a dead-letter queue could keep',
  });
  if (!props.vpc) {
    acknowledge(scope, {
      'NIST.800.53.R5-LambdaInsideVPC': 'outside of a VPC the function reaches public upstreams and AWS endpoints only; give `vpc` when upstreams are private',
    });
  }
  if (props.reservedConcurrentExecutions === undefined) {
    acknowledge(scope, {
      'NIST.800.53.R5-LambdaConcurrency': props.whyUnreserved,
    });
  }
}
