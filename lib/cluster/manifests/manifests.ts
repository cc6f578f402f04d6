import type { ClusterManifestsProps } from './props';
import type * as Rendering from './render';

/** Read when manifests are made: cdk8s takes a third of a second, which an app without a cluster should not pay. */
declare const require: (id: './render') => typeof Rendering;

/** An object of Kubernetes, as it is written. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: { [name: string]: string }; readonly annotations?: { [name: string]: string } };
  readonly [field: string]: unknown;
}

/**
 * Everything that is to be applied to a cluster, in the order to apply it in. The same props give the same objects in the same order.
 *
 * @throws Error in one sentence: which workload, what is wrong, what was expected
 */
export function renderManifests(props: ClusterManifestsProps): KubernetesObject[] {
  return require('./render').render(props);
}
