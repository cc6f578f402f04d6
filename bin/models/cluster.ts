import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnOutput } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ContainerizedMicroservices, ImageRegistry, ServiceMesh } from '../../lib';
import { addAccessGrants } from './access-grants';
import type { McpToolDefinition } from '../../lib';
import { addObservabilityOutputs } from './outputs';
import { ReferenceStack } from './reference-stack';
import { addToolRegistry } from './tool-registry';

/** Servers of the reference stack; the policies of `policies/` are about them. */
const SERVERS = ['everything', 'files', 'memory'];

export interface ClusterModelSettings {
  /** `iss` of the access tokens. */
  readonly issuer: string;
  /** Client id of the approval page at the issuer. */
  readonly approvalClientId: string;
  /** Its keys, as JSON: the gateway has no way out to fetch them. */
  readonly jwks: string;
  /** The gateway is at `gateway.<domainName>` inside of the zone. */
  readonly domainName: string;
  /** Certificate of `*.<domainName>`. */
  readonly certificateArn: string;
  /** Addresses of clients in connected networks. */
  readonly clientCidr: string;
  /** Names that the server `everything` may reach outside of the zone; none, and the zone has no way out at all. */
  readonly egressDomains: readonly string[];
  /** Digest of each image. */
  readonly imageDigest: string;
  /** Name of the role that administers the cluster. */
  readonly administratorRole: string;
  /** Layer with `kubectl`; none, and manifests are put into a bucket. */
  readonly kubectlLayerArn?: string;
}

/** The containerised-microservices model, with three servers. */
export class ClusterModel extends ReferenceStack {
  constructor(scope: Construct, id: string, settings: ClusterModelSettings) {
    super(scope, id, { description: 'MCP servers as microservices in Kubernetes' });
    const { imageDigest, kubectlLayerArn } = settings;
    const images = new ImageRegistry(this, 'Images', { enhancedScanning: true });
    const model = new ContainerizedMicroservices(this, 'Mcp', {
      tokenIssuers: [{ issuer: settings.issuer, jwks: settings.jwks }],
      policiesFolder: join(__dirname, '..', '..', 'policies'),
      gatewayImage: { repository: images.addRepository('gateway'), imageDigest },
      domainName: settings.domainName,
      certificate: acm.Certificate.fromCertificateArn(this, 'Certificate', settings.certificateArn),
      registry: addToolRegistry(this, { nested: true }),
      accessGrants: addAccessGrants(this, settings, { nested: true }),
      clientCidrs: [settings.clientCidr],
      administrators: [iam.Role.fromRoleName(this, 'Administrator', settings.administratorRole)],
      kubectlLayer: kubectlLayerArn === undefined ? undefined : lambda.LayerVersion.fromLayerVersionArn(this, 'Kubectl', kubectlLayerArn),
      mesh: ServiceMesh.istioAmbient(),
    });
    addObservabilityOutputs(this, model.observability!);
    for (const name of SERVERS) {
      const { server } = model.addServer(name, {
        repository: images.addRepository(name),
        imageDigest,
        toolDefinitions: toolsOf(name),
        egress: name === 'everything' && settings.egressDomains.length > 0 ? { domains: [...settings.egressDomains] } : undefined,
      });
      new CfnOutput(this, `Url-${name}`, { value: server.serverUrl });
    }
  }
}

function toolsOf(server: string): McpToolDefinition[] {
  return JSON.parse(readFileSync(join(__dirname, 'tools', `${server}.json`), 'utf8'));
}
