import type { KubernetesObject } from '../lib/cluster/manifests';
import type { PodSpec } from './pod-security';

export interface Pod extends KubernetesObject {
  readonly spec: PodSpec;
}

/** The pods that the controllers of Deployments would make, one of each. */
export function podsOf(manifests: readonly KubernetesObject[]): readonly Pod[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    if (kind !== 'Deployment') return [];
    const { template } = spec as { readonly template: { readonly metadata: KubernetesObject['metadata']; readonly spec: PodSpec } };
    return [{ apiVersion: 'v1', kind: 'Pod', metadata: { ...template.metadata, name: metadata.name, namespace: metadata.namespace }, spec: template.spec } as Pod];
  });
}
