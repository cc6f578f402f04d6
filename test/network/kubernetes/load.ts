import { stringify } from 'yaml';
import { computeMatrix, readCluster, type Manifest, type Matrix } from '../../../network';
import { readManifestText } from '../../../network/kubernetes';

export type Spec = Record<string, any>;

export function namespace(name: string, labels: Record<string, string> = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

export function policy(inNamespace: string, name: string, spec: Spec): Manifest {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: inNamespace }, spec };
}

export function deployment(inNamespace: string, name: string, labels: Record<string, string>, ports: readonly Spec[] = [], pod: Spec = {}): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: inNamespace },
    spec: { template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'image', ports }], ...pod } } },
  };
}

export function service(inNamespace: string, name: string, spec: Spec, annotations: Record<string, string> = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: inNamespace, annotations }, spec };
}

/** The matrix of manifests, by way of their text, as `verify network` reads them. */
export function matrixOfManifests(manifests: readonly Manifest[]): Matrix {
  return computeMatrix(readCluster(readManifestText(manifests.map((manifest) => stringify(manifest, { aliasDuplicateObjects: false })).join('---\n'), 'manifests.yaml')));
}
