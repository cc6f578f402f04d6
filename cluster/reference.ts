import { renderManifests, SecretStore, ServiceMesh, type ClusterManifestsProps, type KubernetesObject } from '../lib/cluster/manifests';

const image = (name: string, digit: string) => `registry.example.com/mcp/${name}@sha256:${digit.repeat(64)}`;
const AUTHORITY = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

/** The block that the server `web` declares, which is of documentation (RFC 5737). */
export const DECLARED_BLOCK = '203.0.113.0/24';
/** Where the clients of the gateway are. */
export const CLIENTS = { namespace: 'ingress', podLabels: { app: 'ingress' } };

/** By which the cluster knows the response to incidents. */
export const RESPONDERS = 'mcp-zero-trust:responders';

export type ReferenceMesh = 'ambient' | 'none';

/** A cluster with one of everything: a server that reaches nothing, one with egress and a secret, and one that executes code. */
export function referenceProps(mesh: ReferenceMesh): ClusterManifestsProps {
  return {
    mesh: mesh === 'ambient' ? ServiceMesh.istioAmbient() : ServiceMesh.none({ serverAuthority: AUTHORITY }),
    secretStore: SecretStore.awsSecretsManager(),
    responders: RESPONDERS,
    gateway: {
      image: image('gateway', 'a'),
      publicUrl: 'https://mcp.example.com',
      sources: [CLIENTS],
      podIdentity: true,
      environment: { MCP_ISSUERS: '[]', MCP_POLICY_STORE_ID: 'store', MCP_KEY_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:key' },
    },
    servers: [
      { name: 'files', image: image('files', 'b'), writablePaths: [{ path: '/tmp' }] },
      { name: 'web', image: image('web', 'c'), podIdentity: true, egress: [{ cidrs: [DECLARED_BLOCK] }], secrets: [{ name: 'token', reference: 'mcp/web/token' }] },
      { name: 'code', image: image('code', 'd'), executesCode: true },
    ],
  };
}

export function referenceManifests(mesh: ReferenceMesh): readonly KubernetesObject[] {
  return renderManifests(referenceProps(mesh));
}
