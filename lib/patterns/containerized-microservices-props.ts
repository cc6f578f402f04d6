import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as ecr from 'aws-cdk-lib/aws-ecr';
import type * as eks from 'aws-cdk-lib/aws-eks-v2';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { ClusterNodesOptions, IstioOptions, McpClusterOptions } from '../cluster';
import type { EgressRule, ImageSignatures, Sandbox, SeccompProfile, ServiceMesh, TrafficSource, WorkloadResources, WorkloadScaling, WritablePath } from '../cluster/manifests';
import type { McpServerOptions, McpServingOptions } from '../gateway';
import type { ObservabilityOptions } from '../observability';
import type { EgressOptions, ZoneEgressProps } from '../zone';

/** An image of a repository in this account and region. */
export interface PodImage {
  /** Repository of the image. Images in it should be scanned (CON-5): `ImageRegistry` makes such. */
  readonly repository: ecr.IRepository;

  /** Digest of the image, `sha256:` and 64 hexadecimal digits. A tag can be moved to another image, a digest cannot (SC-1). */
  readonly imageDigest: string;
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
   * Whether nodes have AppArmor; Amazon Linux 2023 and Bottlerocket have SELinux instead.
   *
   * @default false
   */
  readonly appArmor?: boolean;
}

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

/** An MCP server in pods. */
export interface AddPodServerOptions extends McpServerOptions, PodImage {
  /**
   * Port on which it speaks Streamable HTTP, from 1024.
   *
   * @default 8080
   */
  readonly port?: number;

  /**
   * Path of its MCP endpoint.
   *
   * @default '/mcp'
   */
  readonly path?: string;

  /**
   * Command of the container.
   *
   * @default - the image's own
   */
  readonly command?: string[];

  /**
   * Arguments of the command.
   *
   * @default - the image's own
   */
  readonly args?: string[];

  /**
   * User and group that it runs as. Root (0) is refused.
   *
   * @default 65532
   */
  readonly user?: number;

  /**
   * Environment variables. Those that are named like secrets are refused.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Secrets by the names of files in `/run/secrets/mcp` (MUL-3).
   *
   * @default - none
   */
  readonly secrets?: { [file: string]: secretsmanager.ISecret };

  /**
   * Folders that it may write to; the rest of its file system is read-only (CON-1).
   *
   * @default - none
   */
  readonly writablePaths?: WritablePath[];

  /**
   * What one pod may use (CON-3, MUL-4).
   *
   * @default - 250m CPU, 256 MiB memory and 128 MiB storage
   */
  readonly resources?: WorkloadResources;

  /**
   * How many pods run (TBL-1).
   *
   * @default - 2 to 6, more of them above 70 % of the CPU request
   */
  readonly scaling?: WorkloadScaling;

  /**
   * System calls that are allowed (CON-4).
   *
   * @default SeccompProfile.RUNTIME_DEFAULT
   */
  readonly seccompProfile?: SeccompProfile;

  /**
   * Whether it runs code that its callers or a model wrote. Then it runs in a sandbox (CON-0), which nodes of yours must have: those that are
   * made here have none.
   *
   * @default false
   */
  readonly executesCode?: boolean;

  /**
   * What keeps it from the node's kernel (CON-0).
   *
   * @default - Sandbox.GVISOR where it executes code, none elsewhere
   */
  readonly sandbox?: Sandbox;

  /**
   * What it may reach outside of the zone. It gets nodes of its own then, in subnets of their own, by which the firewall knows it (NET-1).
   *
   * @default - nothing
   */
  readonly egress?: EgressOptions;

  /**
   * Nodes of its own.
   *
   * @default - with `egress`, two m7g.large; otherwise those that servers share
   */
  readonly nodes?: ClusterNodesOptions;
}
