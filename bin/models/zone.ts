import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnOutput } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';
import { DedicatedSecurityZone } from '../../lib';
import { addAccessGrants } from './access-grants';
import type { McpToolDefinition } from '../../lib';
import { guardDutyAgent } from './guard-duty-agent';
import { addObservabilityOutputs } from './outputs';
import { ReferenceStack } from './reference-stack';
import { addToolRegistry } from './tool-registry';

/** Servers of the reference stack; the policies of `policies/` are about them. */
const SERVERS = ['everything', 'files', 'memory'];

export interface ZoneModelSettings {
  /** `iss` of the access tokens. */
  readonly issuer: string;
  /** Client id of the approval page at the issuer. */
  readonly approvalClientId: string;
  /** Where its keys are; they are fetched there when the zone has a way out. */
  readonly jwksUri: string;
  /** Its keys, as JSON, when the zone has none. */
  readonly jwks: string;
  /** Servers are at `<name>.<domainName>` inside of the zone. */
  readonly domainName: string;
  /** Certificate of `*.<domainName>`. */
  readonly certificateArn: string;
  /** Addresses of clients in connected networks. */
  readonly clientCidr: string;
  /** Names that the server `everything` may reach outside of the zone; none, and the zone has no way out at all. */
  readonly egressDomains: readonly string[];
  /** Certificate authority by which the firewall decrypts what leaves the zone; none, and it reads names only. */
  readonly tlsInspectionAuthorityArn?: string;
  /** Image of GuardDuty's agent for AWS Fargate; none, and GuardDuty does not see what containers do. */
  readonly guardDutyAgentImage?: string;
  /** Digest of each server's image. */
  readonly imageDigest: string;
}

/** The dedicated-security-zone model, with three servers. */
export class ZoneModel extends ReferenceStack {
  constructor(scope: Construct, id: string, settings: ZoneModelSettings) {
    super(scope, id, { description: 'MCP servers in a security zone of their own' });
    const { tlsInspectionAuthorityArn: authority, guardDutyAgentImage: agent } = settings;
    const isolated = settings.egressDomains.length === 0;
    const model = new DedicatedSecurityZone(this, 'Mcp', {
      tokenIssuers: [isolated ? { issuer: settings.issuer, jwks: settings.jwks } : { issuer: settings.issuer, jwksUri: settings.jwksUri }],
      policiesFolder: join(__dirname, '..', '..', 'policies'),
      domainName: settings.domainName,
      certificate: acm.Certificate.fromCertificateArn(this, 'Certificate', settings.certificateArn),
      registry: addToolRegistry(this, { nested: true }),
      accessGrants: addAccessGrants(this, settings, { nested: true }),
      clientCidrs: [settings.clientCidr],
      guardDutyAgent: agent === undefined ? undefined : guardDutyAgent(this, agent),
      egress: { tlsInspectionAuthority: authority === undefined ? undefined : acm.Certificate.fromCertificateArn(this, 'Authority', authority) },
    });
    if (!isolated) model.zone.allowEgress(model.gatewayWorkload, { domains: [new URL(settings.jwksUri).hostname] });
    addObservabilityOutputs(this, model.observability!);
    for (const name of SERVERS) {
      const server = model.addServer(name, {
        repository: ecr.Repository.fromRepositoryName(this, `Repository-${name}`, `mcp/${name}`),
        imageDigest: settings.imageDigest,
        toolDefinitions: toolsOf(name),
        egress: name === 'everything' && !isolated ? { domains: [...settings.egressDomains] } : undefined,
      });
      new CfnOutput(this, `Url-${name}`, { value: server.server.serverUrl });
    }
  }
}

function toolsOf(server: string): McpToolDefinition[] {
  return JSON.parse(readFileSync(join(__dirname, 'tools', `${server}.json`), 'utf8'));
}
