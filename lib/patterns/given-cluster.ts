import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as eks from 'aws-cdk-lib/aws-eks-v2';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { EgressRule, TrafficSource } from '../cluster/manifests';

/** From where the API of a cluster is reached. */
export interface ClusterApiAccess {
  /** Network of the subnets. */
  readonly vpc: ec2.IVpc;

  /** Subnets that need no way to anything but the API. */
  readonly vpcSubnets: ec2.SubnetSelection;

  /** Security groups that may reach the API, and nothing else. */
  readonly securityGroups: ec2.ISecurityGroup[];
}

/** An API of Amazon API Gateway, for what a gateway in a given cluster has besides its pods. */
export interface GrantsApi {
  /** The API, which `/grants` and `/approvals` are added to. */
  readonly restApi: apigateway.IRestApi;

  /** Where clients and approvers reach it, without a trailing slash. */
  readonly publicUrl: string;
}

/** A cluster that is there already. */
export interface GivenCluster {
  /** The cluster. Its network, nodes, add-ons, logs and the way requests get in are its owner's. */
  readonly cluster: eks.ICluster;

  /** Where clients reach the gateway, without a trailing slash. */
  readonly publicUrl: string;

  /** Who may connect to the gateway's pods: your load balancer or ingress. */
  readonly gatewaySources: TrafficSource[];

  /** Where the gateway's pods may connect to: endpoints of AWS services, and the keys of token issuers. */
  readonly gatewayEgress: EgressRule[];

  /**
   * Where your agents write what the gateway's pods write, line by line, so that there are metrics.
   *
   * @default - there are no metrics
   */
  readonly logGroup?: logs.LogGroup;

  /**
   * From where its API is reached, so that the response to incidents can cut servers off, and block principals. `gatewayEgress` has to lead to DynamoDB
   * then: a gateway that cannot read whom to block serves nobody.
   *
   * @default - it is not reached, no server is cut off and nobody is blocked
   */
  readonly apiAccess?: ClusterApiAccess;

  /**
   * Where just-in-time grants are asked for and approved, with `accessGrants`. `gatewayEgress` has to lead to DynamoDB then.
   *
   * @default - none; required with `accessGrants`
   */
  readonly grantsApi?: GrantsApi;

  /**
   * Whether nodes have AppArmor; Amazon Linux 2023 and Bottlerocket have SELinux instead.
   *
   * @default false
   */
  readonly appArmor?: boolean;
}
