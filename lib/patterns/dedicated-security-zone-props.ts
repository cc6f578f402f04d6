import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecr from 'aws-cdk-lib/aws-ecr';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { AccessGrants } from '../access-grants';
import type { McpToolDefinition } from '../authorization';
import type { McpTokenIssuer, TraceExport, UnknownArguments } from '../gateway';
import type { ObservabilityOptions } from '../observability';
import type { IToolRegistry } from '../registry';
import type { ContainerOptions, EgressOptions, ZoneEgressProps } from '../zone';

/** Properties for MCP servers in a security zone of their own. */
export interface DedicatedSecurityZoneProps {
  /** The authorization servers whose access tokens are accepted (IAM-1). */
  readonly tokenIssuers: McpTokenIssuer[];

  /** Domain of the servers inside of the zone: a server is at `<name>.<domainName>`. The name exists in this VPC only. */
  readonly domainName: string;

  /** Certificate of `*.<domainName>` for the load balancer (NET-4). */
  readonly certificate: acm.ICertificate;

  /**
   * The registry of approved tools; only what it holds approved is served (TD-4, SC-2). Its function that asks servers what they offer moves into the zone, where the
   * registry is in the same stack and has no `vpc`; its other functions run outside. `nested` keeps the template below what AWS CloudFormation takes.
   *
   * @default - every tool that the policies permit
   */
  readonly registry?: IToolRegistry;

  /**
   * Just-in-time grants (JIT-1, JIT-4), with `/grants` and `/approvals` on the API in front of the zone. The gateway reaches their table through an
   * endpoint; the function of the pages runs outside of the zone, because it asks the identity provider who approvers are.
   *
   * @default - there are no grants; the response to incidents blocks by a list
   */
  readonly accessGrants?: AccessGrants;

  /**
   * An API that is there already, which the gateway adds its routes to instead of a private API of its own: your API in front, everything
   * behind it in the zone. Needs `publicUrl`.
   *
   * @default - a private API
   */
  readonly restApi?: apigateway.IRestApi;

  /**
   * Where clients reach `restApi`, without a trailing slash.
   *
   * @default - none; required with `restApi`
   */
  readonly publicUrl?: string;

  /**
   * Repository of Amazon GuardDuty's agent for AWS Fargate, in the registry that GuardDuty's documentation names for the region: then GuardDuty sees what the
   * containers do (HOST-0), by an endpoint of the zone, unless `observability` chooses other protection plans.
   *
   * @default - tasks have no agent
   */
  readonly guardDutyAgent?: ecr.IRepository;

  /**
   * Where OpenTelemetry spans of the gateway go (GW-4). AWS X-Ray gets an endpoint in the zone; a way to a collector is for you to declare, for `gatewayWorkload`.
   *
   * @default - nowhere
   */
  readonly traceExport?: TraceExport;

  /**
   * Folder of Cedar policies, `*.cedar`.
   *
   * @default - no policies but those that are granted
   */
  readonly policiesFolder?: string;

  /**
   * Stage of the environment: `dev`, `test`, `prod`. Of zones of different stages, synthesis fails where they share a key, a policy store, a
   * token issuer or a trust (MUL-7).
   *
   * @default - none; nothing is compared
   */
  readonly stage?: string;

  /**
   * Private addresses of the zone, from /16 to /20.
   *
   * @default '10.80.0.0/20'
   */
  readonly cidr?: string;

  /**
   * Availability zones, 2 or 3.
   *
   * @default 2
   */
  readonly maxAzs?: number;

  /**
   * Interface endpoints (`execute-api`) in the VPCs of clients, by which they reach the gateway: no network is connected to the zone then.
   *
   * @default - an endpoint in the zone, for `clientCidrs`
   */
  readonly clientEndpoints?: ec2.IVpcEndpoint[];

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
   * The audit trail, monitoring and threat detection.
   *
   * @default - all three, with their defaults; audit events are locked for `logRetention`
   */
  readonly observability?: ObservabilityOptions;

  /**
   * Make no audit trail, monitoring and threat detection: what the gateway records stays in its logs.
   *
   * @default false
   */
  readonly unsafeUnobserved?: boolean;

  /**
   * How long logs are kept, and archived records cannot be deleted.
   *
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;
}

/** An MCP server in the zone. */
export interface AddZonedServerOptions extends ContainerOptions {
  /**
   * Port on which the container speaks TLS. The load balancer does not check its certificate, which may be made by the container itself.
   *
   * @default 8443
   */
  readonly port?: number;

  /**
   * The container speaks HTTP without TLS (NET-4).
   *
   * @default false
   */
  readonly unsafePlainHttp?: boolean;

  /**
   * Path of the MCP endpoint.
   *
   * @default '/mcp'
   */
  readonly path?: string;

  /**
   * Path that the load balancer asks for whether the server is healthy.
   *
   * @default - the path of the MCP endpoint, where any answer below 500 is healthy
   */
  readonly healthCheckPath?: string;

  /**
   * What the server may reach outside of the zone.
   *
   * @default - nothing
   */
  readonly egress?: EgressOptions;

  /**
   * The server's tools as its `tools/list` gives them.
   *
   * @default - tools are known by the names that grants give them
   */
  readonly toolDefinitions?: McpToolDefinition[];

  /**
   * What happens to arguments that a tool's schema does not know (IOV-4).
   *
   * @default UnknownArguments.REFUSE
   */
  readonly unknownArguments?: UnknownArguments;
}
