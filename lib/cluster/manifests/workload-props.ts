import type { Sandbox } from './sandbox';
import type { SeccompProfile } from './seccomp-profile';

/** What runs in pods, hardened. */
export interface WorkloadOptions {
  /** Image by digest, `registry/repository@sha256:` and 64 hexadecimal digits. A tag can be moved to another image and is refused (SC-1). */
  readonly image: string;

  /**
   * What its container may use (CON-3, MUL-4).
   *
   * @default - a quarter of a processor and 256 MiB for a server, one processor and 1 GiB for the gateway
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
   * Environment variables. Those that are named like secrets are refused (MUL-3).
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Secrets, each a file of `/run/secrets/mcp` (MUL-3).
   *
   * @default - none
   */
  readonly secrets?: WorkloadSecret[];

  /**
   * Where it may connect to besides.
   *
   * @default - nowhere
   */
  readonly egress?: EgressRule[];

  /**
   * Annotations of its service account, such as the role that it has in a cloud.
   *
   * @default - none
   */
  readonly serviceAccountAnnotations?: { [name: string]: string };

  /**
   * Whether its service account has an IAM role by EKS Pod Identity: lets the pods reach the agent on their node, and nothing else.
   *
   * @default false
   */
  readonly podIdentity?: boolean;
}

/** One MCP server. */
export interface ServerWorkload extends WorkloadOptions {
  /** The name that clients know it by, `/mcp/<name>`: lower-case letters, digits and -, at most 40. */
  readonly name: string;

  /**
   * Port on which it speaks Streamable HTTP.
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
   * Folders that it may write to; the rest of its file system is read-only (CON-1). What is written is in memory or on the node, and lost with the pod.
   *
   * @default - none
   */
  readonly writablePaths?: WritablePath[];

  /**
   * Whether it runs code that its callers or a model wrote. Then it runs in a sandbox (CON-0).
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
   * What the secret store knows the gateway's credential for this server by: a JSON object of headers that every request to it carries. The gateway
   * has it as a file; the server's own pods do not.
   *
   * @default - the gateway shows the server no headers
   */
  readonly headersSecret?: string;

  /**
   * What else the gateway is told of it: fields of an entry of `MCP_SERVERS`, such as `tokenRequirements`.
   *
   * @default - name and URL
   */
  readonly gatewaySettings?: { [name: string]: unknown };
}

/** The gateway, from the image of this package's `Dockerfile`. */
export interface GatewayWorkload extends WorkloadOptions {
  /** Origin at which clients reach it; a server is at `<publicUrl>/mcp/<name>`. Tokens are for that URL. */
  readonly publicUrl: string;

  /** Who may connect to it. */
  readonly sources: TrafficSource[];

  /**
   * What the secret store knows the gateway's key by: at least 32 characters that session ids, request state and argument digests are keyed with. The
   * gateway has it as a file.
   *
   * @default - the gateway reads it itself from AWS Secrets Manager; `environment` has its ARN, MCP_KEY_SECRET_ARN
   */
  readonly keySecret?: string;

  /**
   * Port of the nodes that leads to the gateway's pods on them, for a load balancer that knows nodes and not pods. A node without such a pod says
   * that it has none, and connections keep the address of the load balancer: its addresses have to be among the sources.
   *
   * @default - the gateway is reached at its ClusterIP, and at its pods
   */
  readonly nodePort?: number;

  /**
   * Pods that take its OpenTelemetry spans (GW-4).
   *
   * @default - nobody takes any; the environment may name a receiver elsewhere, and `egress` the way to it
   */
  readonly telemetry?: TelemetryPods;

  /**
   * How many proxies in front of it append to `X-Forwarded-For`.
   *
   * @default 1
   */
  readonly proxies?: number;
}

/** What one container may use. Requests are limits, so that no pod lives on what another was promised. */
export interface WorkloadResources extends ContainerResources {
  /**
   * Megabits a second that a pod may send, and may receive. Enforced where the network plugin does: the bandwidth plugin of CNI, and Cilium for what
   * is sent; the VPC CNI of AWS does not.
   *
   * @default - no limit
   */
  readonly bandwidthMbit?: number;
}

/** The resources of a container that Kubernetes itself holds it to. */
export interface ContainerResources {
  /**
   * Thousandths of a processor.
   *
   * @default - 250 for a server, 1000 for the gateway
   */
  readonly cpuMillis?: number;

  /**
   * Memory in MiB.
   *
   * @default - 256 for a server, 1024 for the gateway
   */
  readonly memoryMiB?: number;

  /**
   * Logs and what is written to the pod's own volumes, in MiB.
   *
   * @default - 128, and what its writable paths may hold
   */
  readonly storageMiB?: number;
}

export interface WorkloadScaling {
  /** @default 2 */
  readonly minReplicas?: number;
  /** @default 6 */
  readonly maxReplicas?: number;
  /**
   * Percent of the CPU request above which there are more pods.
   *
   * @default 70
   */
  readonly cpuUtilization?: number;
}

/** Where connections may go. Each rule is all its addresses and names on all its ports. */
export interface EgressRule {
  /**
   * Addresses in CIDR notation. Those of everything (`0.0.0.0/0`), of the metadata service and of link-local addresses are refused.
   *
   * @default - none
   */
  readonly cidrs?: string[];

  /**
   * Names, exact. Needs `domainPolicies`.
   *
   * @default - none
   */
  readonly domains?: string[];

  /**
   * TCP ports.
   *
   * @default [443]
   */
  readonly ports?: number[];
}

/** Who may connect: pods of a namespace, or addresses. */
export interface TrafficSource {
  /**
   * Namespace of the pods.
   *
   * @default - the source is `cidr`
   */
  readonly namespace?: string;

  /**
   * Labels of the pods.
   *
   * @default - all pods of the namespace
   */
  readonly podLabels?: { [name: string]: string };

  /**
   * Addresses in CIDR notation, such as those of a load balancer's subnets.
   *
   * @default - the source is `namespace`
   */
  readonly cidr?: string;
}

/** A receiver of OTLP over HTTP in JSON in the same cluster, such as an OpenTelemetry Collector. In a mesh it has to be part of it: spans go nowhere past the mesh. */
export interface TelemetryPods {
  /** Its namespace. */
  readonly namespace: string;

  /** Name of its Service. */
  readonly service: string;

  /**
   * Labels of its pods.
   *
   * @default - all pods of the namespace
   */
  readonly podLabels?: { [name: string]: string };

  /**
   * TCP port of the Service and of the pods.
   *
   * @default 4318
   */
  readonly port?: number;
}

/** A secret of the cluster's secret store, as a file in a pod. */
export interface WorkloadSecret {
  /** Name of the file in `/run/secrets/mcp`. */
  readonly name: string;

  /** What the secret store knows it by: a name or an ARN. */
  readonly reference: string;

  /**
   * Environment variable that holds the path of the file.
   *
   * @default - none
   */
  readonly pathVariable?: string;
}

export interface WritablePath {
  /** Absolute path. */
  readonly path: string;

  /**
   * Most that it may hold, in MiB (CON-3).
   *
   * @default 64
   */
  readonly sizeMiB?: number;
}
