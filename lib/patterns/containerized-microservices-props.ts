import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type { ClusterNodesOptions, IstioOptions, McpClusterOptions } from '../cluster';
import type { ImageSignatures, ServiceMesh, WorkloadResources, WorkloadScaling } from '../cluster/manifests';
import type { McpServingOptions } from '../gateway';
import type { ObservabilityOptions } from '../observability';
import type { EgressOptions, ZoneEgressProps } from '../zone';
import type { GivenCluster } from './given-cluster';
import type { PodImage } from './pod-server-props';

/** Properties for MCP servers as microservices in Kubernetes. */
export interface ContainerizedMicroservicesProps extends McpServingOptions, McpClusterOptions {
  /** The gateway's image, which `Dockerfile` of this package makes. */
  readonly gatewayImage: PodImage;

  /**
   * Domain inside of the zone: the gateway is at `https://gateway.<domainName>`. The name exists in this VPC only.
   *
   * @default - none; required unless `givenCluster` is
   */
  readonly domainName?: string;

  /**
   * Certificate of `*.<domainName>` for the load balancer (NET-4).
   *
   * @default - none; required unless `givenCluster` is
   */
  readonly certificate?: acm.ICertificate;

  /**
   * A cluster that is there already.
   *
   * @default - a cluster of its own, in a security zone of its own
   */
  readonly givenCluster?: GivenCluster;

  /**
   * Folder of Cedar policies, `*.cedar`.
   *
   * @default - no policies but those that are granted
   */
  readonly policiesFolder?: string;

  /**
   * Stage of the environment: `dev`, `test`, `prod`. Of models of different stages, synthesis fails where they share a key, a policy store, a
   * token issuer or a trust (MUL-7).
   *
   * @default - none; nothing is compared
   */
  readonly stage?: string;

  /**
   * Private addresses of the zone, from /16 to /20. Each pod has one.
   *
   * @default '10.80.0.0/16'
   */
  readonly cidr?: string;

  /**
   * Availability zones, 2 or 3.
   *
   * @default 2
   */
  readonly maxAzs?: number;

  /**
   * Addresses of clients in networks that are connected to the zone's VPC.
   *
   * @default - none
   */
  readonly clientCidrs?: string[];

  /**
   * Requests from one source address within five minutes before AWS WAF blocks it (GW-3). Clients behind one translated address share it.
   *
   * @default 15000
   */
  readonly addressRateLimit?: number;

  /**
   * How declared egress is guarded.
   *
   * @default - server names are read and nothing is decrypted; no managed rule groups
   */
  readonly egress?: ZoneEgressProps;

  /**
   * What the gateway may reach outside of the zone: where the keys of its token issuers are, and servers elsewhere.
   *
   * @default - nothing; keys are given with `jwks`
   */
  readonly gatewayEgress?: EgressOptions;

  /**
   * Nodes of the gateway, and of what runs the cluster.
   *
   * @default - two m7g.large
   */
  readonly gatewayNodes?: ClusterNodesOptions;

  /**
   * Nodes that servers without egress share.
   *
   * @default - two m7g.large
   */
  readonly serverNodes?: ClusterNodesOptions;

  /**
   * How many pods of the gateway run (TBL-1).
   *
   * @default - 2 to 6, more of them above 70 % of the CPU request
   */
  readonly gatewayScaling?: WorkloadScaling;

  /**
   * What one pod of the gateway may use.
   *
   * @default - 1 CPU, 1 GiB memory and 128 MiB storage
   */
  readonly gatewayResources?: WorkloadResources;

  /**
   * What encrypts and authenticates connections between gateway and servers (NET-2). Istio has to be in the cluster before the manifests are.
   *
   * @default ServiceMesh.istioAmbient()
   */
  readonly mesh?: ServiceMesh;

  /**
   * Install Istio in ambient mode from repositories of this account. Needs `kubectlLayer`.
   *
   * @default - Istio is there already, or `mesh` does without
   */
  readonly istio?: IstioOptions;

  /**
   * Whose signature an image must have before a pod of it starts (SC-1).
   *
   * @default - signatures are not checked, digests are
   */
  readonly imageSignatures?: ImageSignatures;

  /**
   * The audit trail, monitoring and threat detection.
   *
   * @default - all three, with their defaults; audit events are locked for `logRetention`, and GuardDuty looks at the cluster too
   */
  readonly observability?: ObservabilityOptions;

  /**
   * Make no audit trail, monitoring and threat detection: what the gateway records stays in its logs.
   *
   * @default false
   */
  readonly unsafeUnobserved?: boolean;

  /**
   * What namespaces begin with.
   *
   * @default 'mcp-'
   */
  readonly namespacePrefix?: string;
}
