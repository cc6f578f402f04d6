import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ApiGatewayCentric } from '../../lib';
import { addAccessGrants } from './access-grants';
import type { McpToolDefinition } from '../../lib';
import { addObservabilityOutputs } from './outputs';
import { ReferenceStack } from './reference-stack';
import { addToolRegistry } from './tool-registry';

/** Servers of the reference stack; the policies of `policies/` are about them. */
const SERVERS = ['everything', 'files', 'memory'];

export interface GatewayModelSettings {
  /** `iss` of the access tokens. */
  readonly issuer: string;
  readonly jwksUri: string;
  /** Client id of the approval page at the issuer, whose endpoints are `<issuer>/authorize` and `<issuer>/token`. */
  readonly approvalClientId: string;
  /** The servers are at `https://<name>.<upstreamDomain>/mcp`. */
  readonly upstreamDomain: string;
}

/** The API-gateway-centric model, in front of three servers. */
export class GatewayModel extends ReferenceStack {
  constructor(scope: Construct, id: string, settings: GatewayModelSettings) {
    super(scope, id, { description: 'MCP servers behind a zero-trust gateway' });
    const registry = addToolRegistry(this);
    const accessGrants = addAccessGrants(this, settings);
    const model = new ApiGatewayCentric(this, 'Mcp', {
      registry,
      accessGrants,
      tokenIssuers: [{ issuer: settings.issuer, jwksUri: settings.jwksUri }],
      policiesFolder: join(__dirname, '..', '..', 'policies'),
    });
    addObservabilityOutputs(this, model.observability!);
    for (const name of SERVERS) {
      const server = model.addServer(name, { url: `https://${name}.${settings.upstreamDomain}/mcp`, toolDefinitions: toolsOf(name) });
      new CfnOutput(this, `Url-${name}`, { value: server.serverUrl });
    }
  }
}

function toolsOf(server: string): McpToolDefinition[] {
  return JSON.parse(readFileSync(join(__dirname, 'tools', `${server}.json`), 'utf8'));
}
