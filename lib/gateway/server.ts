import { Annotations, Token } from 'aws-cdk-lib';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { isIP } from 'node:net';
import { isAllowedAddress, isLoopback } from '../../lambda/outbound/address';
import { PolicyStore } from '../authorization';
import type { IPolicyStore, McpToolDefinition } from '../authorization';
import type { DataGuard } from '../data-guard';
import { SERVER_NAME } from './routes';
import type { SenderConstraint } from './sender-constraint';
import { McpServerGrants } from './server-grants';
import type { McpServingGateway } from './serving-gateway';
import { requirementSettings, type McpTokenRequirement } from './token-requirement';
import type { UpstreamCredentials } from './upstream-credentials';

/** What happens to arguments that a tool's schema does not know (IOV-4). */
export enum UnknownArguments {
  /** The call is refused. */
  REFUSE = 'refuse',
  /** They are passed on, unchecked. */
  ALLOW = 'allow',
}

/** Something that a server may ask of a client. */
export enum McpClientCapability {
  /** The folders or sites that the client works with. */
  ROOTS = 'roots',
  /** An answer of the client's model. */
  SAMPLING = 'sampling',
  /** An answer of the person at the client. */
  ELICITATION = 'elicitation',
}

/** How requests to an MCP server and its answers are checked, wherever it is. */
export interface McpServerOptions {
  /**
   * The server's own credential: a JSON object of header names and values that the proxy sends with every request. A client's
   * token never reaches a server (IAM-3).
   *
   * @default - the proxy sends no credential
   */
  readonly headersSecret?: secretsmanager.ISecret;

  /**
   * What the gateway shows the server, besides the headers of `headersSecret` (IAM-3).
   *
   * @default - nothing
   */
  readonly credentials?: UpstreamCredentials;

  /**
   * Whether access tokens for this server have to be bound to a key of their sender (IAM-4).
   *
   * @default - as the gateway says
   */
  readonly senderConstraint?: SenderConstraint;

  /**
   * What access tokens must show for the server or some of its tools, besides what every token must (CV-3).
   *
   * @default - nothing
   */
  readonly tokenRequirements?: McpTokenRequirement[];

  /**
   * Forward strings in the normal form that was validated and decided on (IOV-6). When false, the original is forwarded, and
   * schema and policies must hold for both forms.
   *
   * @default true
   */
  readonly normalize?: boolean;

  /**
   * What happens to arguments that a tool's schema does not know (IOV-4).
   *
   * @default UnknownArguments.REFUSE
   */
  readonly unknownArguments?: UnknownArguments;

  /**
   * What the server may ask of clients. Roots are not among the defaults: a server that is told of a client's roots takes them
   * for what it may access.
   *
   * @default - sampling and elicitation
   */
  readonly clientCapabilities?: McpClientCapability[];

  /**
   * The server's tools as its `tools/list` gives them. With them, policies may look at arguments (`context.arguments.path`), and
   * synthesis fails for a policy that gets a tool or an argument wrong.
   *
   * @default - tools are known by the names that grants give them, and policies cannot look at their arguments
   */
  readonly toolDefinitions?: McpToolDefinition[];

  /**
   * A policy store of the server's own: decisions on this server are taken by its policies alone. For servers whose tools
   * are too many for one Cedar schema.
   *
   * @default - the policy store of the gateway
   */
  readonly policyStore?: IPolicyStore;

  /**
   * What may reach the server's tools beyond their schemas, and what of its answers may reach a client (DLP-1 to DLP-4).
   *
   * @default - arguments are checked against the schemas, and answers against the protocol
   */
  readonly dataGuard?: DataGuard;
}

/** How an MCP server is reached through the gateway. */
export interface AddServerOptions extends McpServerOptions {
  /** Where the server speaks Streamable HTTP, an https URL. */
  readonly url: string;

  /**
   * Reach the server without TLS, where the network between the proxy and the server protects them (NET-4).
   *
   * @default false
   */
  readonly unsafeAllowPlainHttp?: boolean;
}

/** Properties for an MCP server behind a gateway. */
export interface McpServerProps extends AddServerOptions {
  /** The gateway in front of the server. */
  readonly gateway: McpServingGateway;
}

/** An MCP server behind a gateway. Made by `gateway.addServer()`. */
export class McpServer extends Construct {
  /** The name in the server's route and in Cedar. */
  readonly serverName: string;

  /** Where clients reach the server, the resource their tokens are for. */
  readonly serverUrl: string;

  /** What principals may do with the server. */
  readonly grants: McpServerGrants;

  /** The policies that decide on the server. */
  readonly policyStore: IPolicyStore;

  /** Whether access tokens for the server are bound to a key of their sender. */
  readonly senderConstraint: SenderConstraint;

  private readonly props: McpServerProps;
  private readonly credentials: Readonly<Record<string, unknown>> | undefined;
  private readonly tokenRequirements: object[] | undefined;
  private readonly dataGuard: Readonly<Record<string, unknown>> | undefined;

  constructor(scope: Construct, name: string, props: McpServerProps) {
    if (!SERVER_NAME.test(name)) {
      throw new Error(`the name of an MCP server is ${JSON.stringify(name)}, expected lower-case letters, digits, _ and -, at most 63, beginning with a letter or digit`);
    }
    super(scope, name);
    this.serverName = name;
    this.serverUrl = `${props.gateway.gatewayUrl}/mcp/${name}`;
    this.props = props;
    this.assertUrl();
    props.headersSecret?.grantRead(props.gateway);
    this.credentials = props.credentials?._bind(props.gateway);
    this.dataGuard = props.dataGuard?._bind(props.gateway);
    this.senderConstraint = props.senderConstraint ?? props.gateway.senderConstraint;
    this.tokenRequirements = requirementSettings(props.tokenRequirements);
    this.policyStore = props.policyStore ?? props.gateway.policyStore;
    if (this.policyStore instanceof PolicyStore) this.policyStore.addServer(name, { toolDefinitions: props.toolDefinitions });
    this.grants = McpServerGrants.fromMcpServer(this, this.policyStore);
  }

  private assertUrl(): void {
    const { url, unsafeAllowPlainHttp } = this.props;
    if (Token.isUnresolved(url)) return;
    const what = `the url of the MCP server ${JSON.stringify(this.serverName)}`;
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || (parsed.protocol !== 'https:' && !(parsed.protocol === 'http:' && unsafeAllowPlainHttp))) {
      throw new Error(`${what} is ${JSON.stringify(url)}, expected an https URL`);
    }
    if (parsed.username !== '' || parsed.password !== '') throw new Error(`${what} has credentials in it, which would be in the template: give them as headersSecret or credentials`);
    if (parsed.hash !== '') throw new Error(`${what} is ${JSON.stringify(url)}, expected one without a fragment`);
    if (isNeverReached(parsed.hostname)) throw new Error(`${what} is ${JSON.stringify(url)}, which the proxy never calls: it leads to the proxy itself, or to a link-local address`);
    if (parsed.protocol === 'https:') return;
    Annotations.of(this).addWarningV2('cdk-mcp-zero-trust:plaintextUpstream', `the proxy reaches the MCP server ${JSON.stringify(this.serverName)} without TLS`);
  }

  /**
   * The server as the proxy reads it.
   *
   * @internal
   */
  _settings(): Record<string, unknown> {
    const { url, headersSecret, normalize, unknownArguments, clientCapabilities, unsafeAllowPlainHttp } = this.props;
    const { tokenRequirements, credentials, dataGuard } = this;
    return { name: this.serverName, url, headersSecretArn: headersSecret?.secretArn, normalize, unknownArguments, clientCapabilities, unsafeAllowPlainHttp, tokenRequirements, credentials, dataGuard };
  }
}

/** What runs the proxy is no MCP server, and has credentials at its link-local addresses. */
function isNeverReached(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 0) return host === 'localhost' || host.endsWith('.localhost');
  return isLoopback(host) || !isAllowedAddress(host, { allowPrivate: true });
}
