import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { McpServer, McpServerGrants } from '../gateway';
import type { FargateServer, ZoneWorkload } from '../zone';

/** An MCP server that runs in the zone, behind its gateway. */
export class ZonedServer extends Construct implements ec2.IConnectable, iam.IGrantable {
  readonly connections: ec2.Connections;
  readonly grantPrincipal: iam.IPrincipal;

  /** What principals may do with the server's tools. */
  readonly grants: McpServerGrants;

  constructor(
    scope: Construct,
    id: string,
    /** Its place in the zone. */
    readonly workload: ZoneWorkload,
    /** Its tasks. */
    readonly container: FargateServer,
    /** The server as the gateway knows it. */
    readonly server: McpServer,
  ) {
    super(scope, id);
    this.connections = workload.connections;
    this.grantPrincipal = container.grantPrincipal;
    this.grants = server.grants;
  }
}
