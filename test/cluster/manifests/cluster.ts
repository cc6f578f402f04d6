import { renderManifests, type ClusterManifestsProps, type GatewayWorkload, type ServerWorkload } from '../../../lib/cluster/manifests';

/** Tests read objects whose shape is what they assert. */
export type Manifest = any;

export const IMAGE = `registry.example.com/mcp/image@sha256:${'a'.repeat(64)}`;

export const GATEWAY: GatewayWorkload = {
  image: IMAGE.replace('image', 'gateway'),
  publicUrl: 'https://mcp.example.com',
  sources: [{ cidr: '10.1.0.0/16' }],
  environment: { MCP_ISSUERS: '[]', MCP_POLICY_STORE_ID: 'PS1', MCP_KEY_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:key' },
};

export function server(options: Partial<ServerWorkload> = {}): ServerWorkload {
  return { name: 'crm', image: IMAGE, ...options };
}

export function cluster(options: Partial<ClusterManifestsProps> = {}): Manifest[] {
  return renderManifests({ gateway: GATEWAY, servers: [server()], ...options });
}

/** Those of a kind, in a namespace. */
export function all(manifests: Manifest[], kind: string, namespace?: string): Manifest[] {
  return manifests.filter((manifest) => manifest.kind === kind && (namespace === undefined || manifest.metadata.namespace === namespace));
}

export function one(manifests: Manifest[], kind: string, namespace?: string, name?: string): Manifest {
  const found = all(manifests, kind, namespace).filter((manifest) => name === undefined || manifest.metadata.name === name);
  if (found.length !== 1) throw new Error(`there are ${found.length} of ${kind} ${name ?? ''} in ${namespace ?? 'all namespaces'}`);
  return found[0];
}

/** The pod of a workload, as the Deployment's controller makes it. */
export function podOf(manifests: Manifest[], namespace: string): Manifest {
  const { template } = one(manifests, 'Deployment', namespace).spec;
  return clone({ apiVersion: 'v1', kind: 'Pod', metadata: { ...template.metadata, name: 'pod', namespace }, spec: template.spec });
}

/** A copy of this realm's own objects: `structuredClone` makes those of Node.js's, whose types the CEL library does not know in Jest. */
export function clone(manifest: Manifest): Manifest {
  return JSON.parse(JSON.stringify(manifest));
}
