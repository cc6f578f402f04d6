import type { KubernetesObject } from './manifests';
import { NODES } from './nodes';

/** Nodes by the namespace of the pods that run on them. */
export type NodesOf = (namespace: string) => string | undefined;

interface PodTemplate {
  readonly spec: object;
}

/**
 * The same objects, with pods on the nodes that are there for them. A server that breaks out of its pod is on a node with no pod of the gateway,
 * and gets no credentials of one.
 *
 * Control: MUL-2, MUL-4.
 */
export function placeOnNodes(objects: readonly KubernetesObject[], nodesOf: NodesOf): KubernetesObject[] {
  return objects.map((object) => {
    const nodes = object.kind === 'Deployment' ? nodesOf(object.metadata.namespace ?? '') : undefined;
    if (nodes === undefined) return object;
    const spec = object.spec as { readonly template: PodTemplate };
    const placed = { nodeSelector: { [NODES]: nodes }, tolerations: [{ key: NODES, operator: 'Equal', value: nodes, effect: 'NoSchedule' }] };
    return { ...object, spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, ...placed } } } };
  });
}
