import type { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { AccessGrants } from '../access-grants';
import type { IPolicyStore } from '../authorization';
import type { IToolRegistry } from '../registry';
import type { DecisionMode } from './decision-mode';
import type { SenderConstraint } from './sender-constraint';
import type { McpTokenIssuer } from './token-issuer';
import type { TraceExport } from './trace-export';

/** What every gateway in front of MCP servers can be told, wherever it runs. */
export interface McpServingOptions {
  /** The authorization servers whose access tokens are accepted (IAM-1). */
  readonly tokenIssuers: McpTokenIssuer[];

  /**
   * Scopes that every token must have; challenges and metadata name them (IAM-2).
   *
   * @default - none
   */
  readonly scopes?: string[];

  /**
   * Whether access tokens have to be bound to a key of their sender (IAM-4); a server may say otherwise.
   *
   * @default SenderConstraint.OFF
   */
  readonly senderConstraint?: SenderConstraint;

  /**
   * Where decisions are taken.
   *
   * @default DecisionMode.IN_PROCESS
   */
  readonly decisionMode?: DecisionMode;

  /**
   * How old the functions' copy of the policies may get before it is refreshed in the background. Only for
   * `DecisionMode.IN_PROCESS`.
   *
   * @default Duration.seconds(30)
   */
  readonly policyRefreshInterval?: Duration;

  /**
   * Address ranges (`10.0.0.0/8`, or single addresses) by the name that policies know them by, `context.network.zone` (JIT-2). The
   * first that fits counts; an address in none is in `outside`.
   *
   * @default - policies see addresses, and no zones
   */
  readonly networkZones?: { readonly [zone: string]: string[] };

  /**
   * Only tools and instructions that it holds approved are served, exactly as they were approved (TD-4, SC-2). A `ToolRegistry`
   * of this app also asks the gateway's servers what they offer.
   *
   * @default - every tool that the policies permit
   */
  readonly registry?: IToolRegistry;

  /**
   * The largest request body, at most 64 KiB, which is what AWS WAF inspects.
   *
   * @default Size.kibibytes(64)
   */
  readonly maxBodySize?: Size;

  /**
   * Origins of web pages that may call the gateway from a browser.
   *
   * @default - none
   */
  readonly allowedOrigins?: string[];

  /**
   * Key that encrypts logs and the gateway's own secret.
   *
   * @default - a new key, rotated every year
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * How long logs are kept, audit events among them.
   *
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Just-in-time grants, for what the policies permit with one alone, and the kill switch (JIT-1, JIT-4). Adds `/grants` and
   * `/approvals` to where clients reach the gateway.
   *
   * @default - there are no grants
   */
  readonly accessGrants?: AccessGrants;

  /**
   * Where OpenTelemetry spans of the gateway's code go (GW-4).
   *
   * @default - nowhere; AWS X-Ray has segments of functions, and the MCP server gets the trace's context in any case
   */
  readonly traceExport?: TraceExport;

  /**
   * What happens to logs, key and secret when the gateway is deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** What a gateway in front of MCP servers can be told, wherever its policies are. */
export interface McpGatewayOptions extends McpServingOptions {
  /**
   * An API that is there already: the gateway adds its routes and its authorizer to it, and nothing else. Its endpoint, stage,
   * TLS, throttling, web ACL, logs and gateway responses stay as they are; `McpSecurityChecks` says what is missing.
   *
   * @default - the gateway makes an API of its own, with all of these
   */
  readonly restApi?: apigateway.IRestApi;

  /**
   * Where clients reach the gateway, without a trailing slash. Required with `restApi`.
   *
   * @default - `https://<domainName>`, or the URL of the API's stage
   */
  readonly publicUrl?: string;

  /**
   * Interface endpoints (`execute-api`) that the gateway is reached through, and only through. Makes the API private.
   *
   * @default - a regional API
   */
  readonly vpcEndpoints?: ec2.IVpcEndpoint[];

  /**
   * Domain name of the gateway. Clients that look for metadata at the root of the host need one.
   *
   * @default - the gateway is reached at the URL of the API's stage
   */
  readonly domainName?: string;

  /**
   * Certificate of `domainName`.
   *
   * @default - none; required with `domainName`
   */
  readonly certificate?: acm.ICertificate;

  /**
   * The oldest TLS version and the ciphers that are accepted (NET-4). TLS 1.0 is refused.
   *
   * @default SecurityPolicy.TLS13_1_3_2025_09, or SecurityPolicy.TLS_1_2 with `mtls`, which API Gateway has with no other
   */
  readonly securityPolicy?: apigateway.SecurityPolicy;

  /**
   * Mutual TLS: clients authenticate with a certificate of this trust store, besides their token. Needs `domainName`.
   *
   * @default - no client certificates
   */
  readonly mtls?: apigateway.MTLSConfig;

  /**
   * Requests a second that the stage takes, over all clients (GW-3).
   *
   * @default 100
   */
  readonly throttlingRateLimit?: number;

  /**
   * Requests that the stage takes at once, over all clients (GW-3).
   *
   * @default 200
   */
  readonly throttlingBurstLimit?: number;

  /**
   * Requests from one source address within five minutes before AWS WAF blocks it (GW-3).
   *
   * @default 2000
   */
  readonly addressRateLimit?: number;

  /**
   * Let the API set the role by which API Gateway writes logs in this account and region. There is one for all APIs; without one
   * no API can log.
   *
   * @default true
   */
  readonly cloudWatchRole?: boolean;

  /**
   * How long one request may take, streams included; at most 15 minutes.
   *
   * @default Duration.minutes(15)
   */
  readonly proxyTimeout?: Duration;

  /**
   * Memory of the proxy function; its share of the processor grows with it.
   *
   * @default Size.mebibytes(1024)
   */
  readonly proxyMemorySize?: Size;

  /**
   * Requests and open streams that the proxy function serves at once. Reserved from the account's concurrency.
   *
   * @default - not reserved
   */
  readonly proxyReservedConcurrency?: number;

  /**
   * How long the authorizer may take, a cold start included; at most 29 seconds.
   *
   * @default Duration.seconds(10)
   */
  readonly authorizerTimeout?: Duration;

  /**
   * Memory of the authorizer.
   *
   * @default Size.mebibytes(512)
   */
  readonly authorizerMemorySize?: Size;

  /**
   * Requests that the authorizer decides at once. Reserved from the account's concurrency.
   *
   * @default - not reserved
   */
  readonly authorizerReservedConcurrency?: number;

  /**
   * Network of the proxy function, for MCP servers that only it reaches. The authorizer stays outside unless `authorizerInVpc` is set.
   *
   * @default - not in a VPC
   */
  readonly vpc?: ec2.IVpc;

  /**
   * Let the authorizer run in `vpc` too, with the subnets and security groups of the proxy.
   *
   * @default false
   */
  readonly authorizerInVpc?: boolean;

  /**
   * Subnets of the proxy function.
   *
   * @default - the private subnets of `vpc`
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Security groups of the proxy function.
   *
   * @default - one that allows connections to anywhere over HTTPS
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
}

/** Properties for a gateway in front of MCP servers. */
export interface McpGatewayProps extends McpGatewayOptions {
  /** The policies that decide every request (CV-1). */
  readonly policyStore: IPolicyStore;
}

/** What another app says of a gateway. */
export interface McpGatewayAttributes {
  /** Where the gateway is reached, without a trailing slash. */
  readonly gatewayUrl: string;

  /** The CloudWatch namespace of the gateway's metrics. */
  readonly metricNamespace: string;
}
