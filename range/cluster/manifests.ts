import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { referenceManifests, CLIENTS, type ReferenceMesh } from '../../cluster/reference';
import type { Manifest } from '../../network';
import { readManifestText } from '../../network/kubernetes';

/** Others who are in the cluster, with no policies of their own. */
const OTHERS: readonly Manifest[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'elsewhere' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: CLIENTS.namespace } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } },
  // Labels are free: somebody else's pod may call itself the gateway.
  pod('elsewhere', 'tenant', { 'app.kubernetes.io/name': 'gateway', 'mcp-zero-trust/role': 'gateway' }),
  pod(CLIENTS.namespace, 'controller', CLIENTS.podLabels),
  pod(CLIENTS.namespace, 'dashboard', { app: 'dashboard' }),
  pod('kube-system', 'metrics', { app: 'metrics' }),
];

function pod(namespace: string, name: string, labels: Readonly<Record<string, string>>): Manifest {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels }, spec: { containers: [{ name: 'main', image: 'any' }] } };
}

/** The reference cluster among others. */
export function clusterManifests(mesh: ReferenceMesh): readonly Manifest[] {
  return [...(referenceManifests(mesh) as unknown as readonly Manifest[]), ...OTHERS];
}

/** The same pods, and nobody who says what they may do. */
export function withoutPolicies(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests.filter(({ kind }) => kind !== 'NetworkPolicy');
}

/** Policies of every kind that there is, which nobody would write together. */
export function variedManifests(): readonly Manifest[] {
  const file = join(__dirname, 'varied.yaml');
  return readManifestText(readFileSync(file, 'utf8'), file);
}
