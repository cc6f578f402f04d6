import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { ClusterNodes, PodRole } from '../cluster';
import type { McpServer, McpServerGrants } from '../gateway';

/** An MCP server that runs in pods, behind its gateway. */
export class PodServer extends Construct implements iam.IGrantable {
  /** What the server's own code may do in AWS: nothing, until it is granted. */
  readonly grantPrincipal: iam.IPrincipal;

  /** What principals may do with the server's tools. */
  readonly grants: McpServerGrants;

  constructor(
    scope: Construct,
    id: string,
    /** Namespace of its pods. */
    readonly namespace: string,
    /** The role of its pods. */
    readonly role: PodRole,
    /** The server as the gateway knows it. */
    readonly server: McpServer,
    /** Where its pods run; not known of a cluster that was given. */
    readonly nodes?: ClusterNodes,
  ) {
    super(scope, id);
    this.grantPrincipal = role;
    this.grants = server.grants;
  }
}
