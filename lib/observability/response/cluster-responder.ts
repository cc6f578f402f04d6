import { Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as eks from 'aws-cdk-lib/aws-eks';
import type * as eksv2 from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { GatewayFunction } from '../../gateway/function';
import { functionCode } from '../../private/bundle';
import { ResponseVariable } from './environment';

/** Properties for what reaches a cluster for the response. */
export interface ClusterResponderProps {
  /** The cluster. */
  readonly cluster: eksv2.ICluster;

  /** Subnets from which its API is reached. They need no way to anything else. */
  readonly vpcSubnets: ec2.SubnetSelection;

  /** Security groups that may reach its API, and nothing else. */
  readonly securityGroups: ec2.ISecurityGroup[];

  /**
   * Its network.
   *
   * @default - that of the cluster
   */
  readonly vpc?: ec2.IVpc;

  /** Key that encrypts its log. */
  readonly encryptionKey: kms.IKey;

  /**
   * How long its log is kept.
   *
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What happens to its log when it is deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The one function of a response to incidents that reaches the API of a cluster: from a network with no way to anything else, by a role that can do
 * nothing in AWS, for the requests of the response about the Deployments that it was told of, and for no others. In the cluster its access entry makes it
 * one of the responders, who may do what `IncidentResponse.kubernetesRoles` say.
 *
 * Control: IR-2, SOC-3, NET-1.
 */
export class ClusterResponder extends Construct {
  /** By which group the cluster knows it. */
  static readonly GROUP = 'mcp-zero-trust:responders';

  readonly cluster: eksv2.ICluster;

  private readonly function: lambda.Function;
  private readonly deployments: Record<string, string[]> = {};

  constructor(scope: Construct, id: string, props: ClusterResponderProps) {
    super(scope, id);
    const { cluster, vpc = props.cluster.vpc, vpcSubnets, securityGroups } = props;
    this.cluster = cluster;
    const stack = Stack.of(this);
    const { function: handler } = new GatewayFunction(this, 'Function', {
      description: 'Reaches the API of a cluster for the response to incidents',
      code: functionCode('response-cluster'),
      environment: {
        [ResponseVariable.CLUSTERS]: stack.toJsonString({ [cluster.clusterName]: { endpoint: cluster.clusterEndpoint, certificateAuthority: cluster.clusterCertificateAuthorityData } }),
        [ResponseVariable.DEPLOYMENTS]: Lazy.uncachedString({ produce: () => stack.toJsonString({ [cluster.clusterName]: this.deployments }) }),
      },
      timeout: Duration.seconds(30),
      memorySize: 256,
      whyUnreserved: 'functions of the response alone ask it, at steps of playbooks',
      encryptionKey: props.encryptionKey,
      logRetention: props.logRetention ?? logs.RetentionDays.ONE_YEAR,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
      vpc, vpcSubnets, securityGroups,
    });
    this.function = handler;
    new eks.CfnAccessEntry(this, 'AccessEntry', { clusterName: cluster.clusterName, principalArn: handler.role!.roleArn, kubernetesGroups: [ClusterResponder.GROUP], type: 'STANDARD' });
  }

  /**
   * Lets it take hold of a Deployment.
   *
   * @internal
   */
  _addDeployment(namespace: string, deployment: string): void {
    (this.deployments[namespace] ??= []).push(deployment);
  }

  /**
   * Lets a function of the response ask it, and says how.
   *
   * @internal
   */
  _environment(): Record<string, string> {
    return { [ResponseVariable.CLUSTER_FUNCTION]: this.function.functionName, [ResponseVariable.URL_SUFFIX]: Stack.of(this).urlSuffix };
  }

  /** @internal */
  _grantAsk(grantee: iam.IGrantable): void {
    iam.Grant.addToPrincipal({ grantee, actions: ['lambda:InvokeFunction'], resourceArns: [this.function.functionArn] });
  }
}
