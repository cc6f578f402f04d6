import { Construct } from 'constructs';
import { PolicyStore } from '../authorization';
import { McpGateway } from '../gateway';
import type { AddServerOptions, McpGatewayOptions, McpServer } from '../gateway';
import { Observability } from '../observability';
import type { ObservabilityOptions } from '../observability';
import { warnUnobserved } from './unobserved';

/** Properties for MCP servers behind an API gateway. */
export interface ApiGatewayCentricProps extends McpGatewayOptions {
  /**
   * Folder of Cedar policies, `*.cedar`.
   *
   * @default - no policies but those that are granted
   */
  readonly policiesFolder?: string;

  /**
   * The audit trail, monitoring and threat detection.
   *
   * @default - all three, with their defaults
   */
  readonly observability?: ObservabilityOptions;

  /**
   * Make no audit trail, monitoring and threat detection: what the gateway records stays in its logs.
   *
   * @default false
   */
  readonly unsafeUnobserved?: boolean;
}

/**
 * The API-gateway-centric model: MCP servers behind one gateway, its own or your organization's, which authenticates, authorizes,
 * limits and records every request to them.
 *
 * @example
 * const model = new ApiGatewayCentric(this, 'Mcp', {
 *   tokenIssuers: [{ issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' }],
 *   policiesFolder: 'policies',
 * });
 * model.addServer('files', { url: 'https://files.internal.example.com/mcp' });
 */
export class ApiGatewayCentric extends Construct {
  /** The policies that decide every request. */
  readonly policyStore: PolicyStore;

  /** The gateway in front of the servers. */
  readonly gateway: McpGateway;

  /** Its eyes. */
  readonly observability?: Observability;

  constructor(scope: Construct, id: string, props: ApiGatewayCentricProps) {
    super(scope, id);
    const { policiesFolder, observability, unsafeUnobserved = false, ...gateway } = props;
    this.policyStore = new PolicyStore(this, 'PolicyStore', { policiesFolder });
    this.gateway = new McpGateway(this, 'Gateway', { ...gateway, policyStore: this.policyStore });
    if (unsafeUnobserved) warnUnobserved(this);
    else this.observability = new Observability(this, 'Observability', { ...observability, gateway: this.gateway, registry: props.registry, accessGrants: props.accessGrants });
  }

  /**
   * Puts an MCP server behind the gateway.
   *
   * @param name lower-case letters, digits, `_` and `-`; starts with a letter or digit
   * @param options where the server is and how its calls are checked
   */
  addServer(name: string, options: AddServerOptions): McpServer {
    return this.gateway.addServer(name, options);
  }
}
