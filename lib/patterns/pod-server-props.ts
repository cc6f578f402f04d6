import type * as ecr from 'aws-cdk-lib/aws-ecr';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { ClusterNodesOptions } from '../cluster';
import type { Sandbox, SeccompProfile, WorkloadResources, WorkloadScaling, WritablePath } from '../cluster/manifests';
import type { McpServerOptions } from '../gateway';
import type { EgressOptions } from '../zone';

/** An image of a repository in this account and region. */
export interface PodImage {
  /** Repository of the image. Images in it should be scanned (CON-5): `ImageRegistry` makes such. */
  readonly repository: ecr.IRepository;

  /** Digest of the image, `sha256:` and 64 hexadecimal digits. A tag can be moved to another image, a digest cannot (SC-1). */
  readonly imageDigest: string;
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
