import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-33';
import { PROBE_RESOURCES, isServer, type Plan, type PlannedWorkload } from './plan';
import { labelsOf, quantitiesOf } from './pod';
import { meshNamespaceLabels, SIDECAR_RESOURCES } from './mesh';
import type { ContainerResources } from './workload-props';

/** The strictest of the Pod Security Standards, as the API server knows it. */
export const POD_SECURITY_LABELS: { readonly [name: string]: string } = Object.fromEntries(
  ['enforce', 'audit', 'warn'].flatMap((mode) => [
    [`pod-security.kubernetes.io/${mode}`, 'restricted'],
    [`pod-security.kubernetes.io/${mode}-version`, 'latest'],
  ]),
);

/**
 * A namespace of its own, with the strictest of the Pod Security Standards, and what all of its pods may use together: one server cannot starve
 * another.
 *
 * Control: CON-2, CON-3, MUL-2, MUL-4.
 */
export function addNamespace(chart: Chart, plan: Plan, workload: PlannedWorkload): void {
  const { namespace, name } = workload;
  const labels = labelsOf(workload);
  new k8s.KubeNamespace(chart, `namespace-${name}`, {
    metadata: { name: namespace, labels: { ...labels, ...POD_SECURITY_LABELS, ...meshNamespaceLabels(plan), ...signatureLabels(plan) } },
  });
  // One pod more than the most: a new one starts before an old one ends.
  const pods = workload.scaling.maxReplicas + 1;
  const pod = sum(containersOf(plan, workload));
  const all: Required<ContainerResources> = { cpuMillis: pod.cpuMillis * pods, memoryMiB: pod.memoryMiB * pods, storageMiB: pod.storageMiB * pods };
  new k8s.KubeResourceQuota(chart, `quota-${name}`, {
    metadata: { name, namespace, labels },
    spec: { hard: { ...quotaOf('requests', all), ...quotaOf('limits', all), ...COUNTS, 'services.nodeports': k8s.Quantity.fromNumber(!isServer(workload) && workload.props.nodePort !== undefined ? 1 : 0), pods: k8s.Quantity.fromNumber(pods) } },
  });
  const largest = containersOf(plan, workload).reduce(most);
  // For what an injector adds and says nothing of.
  const small = quantitiesOf(plan.mesh._kind === 'sidecar' ? SIDECAR_RESOURCES : PROBE_RESOURCES);
  new k8s.KubeLimitRange(chart, `limits-${name}`, {
    metadata: { name, namespace, labels },
    spec: { limits: [{ type: 'Container', max: quantitiesOf(largest), default: small, defaultRequest: small }] },
  });
}

/** Things that a namespace of an MCP server has no use for, and that somebody in it would have. */
const COUNTS = {
  persistentvolumeclaims: k8s.Quantity.fromNumber(0),
  'services.loadbalancers': k8s.Quantity.fromNumber(0),
};

function containersOf(plan: Plan, workload: PlannedWorkload): readonly Required<ContainerResources>[] {
  return [workload.resources, ...(isServer(workload) ? [PROBE_RESOURCES] : []), ...(plan.mesh._kind === 'sidecar' ? [SIDECAR_RESOURCES] : [])];
}

function sum(containers: readonly Required<ContainerResources>[]): Required<ContainerResources> {
  return containers.reduce((left, right) => ({ cpuMillis: left.cpuMillis + right.cpuMillis, memoryMiB: left.memoryMiB + right.memoryMiB, storageMiB: left.storageMiB + right.storageMiB }));
}

function most(left: Required<ContainerResources>, right: Required<ContainerResources>): Required<ContainerResources> {
  return { cpuMillis: Math.max(left.cpuMillis, right.cpuMillis), memoryMiB: Math.max(left.memoryMiB, right.memoryMiB), storageMiB: Math.max(left.storageMiB, right.storageMiB) };
}

function quotaOf(kind: 'requests' | 'limits', resources: Required<ContainerResources>): { [name: string]: k8s.Quantity } {
  return Object.fromEntries(Object.entries(quantitiesOf(resources)).map(([name, quantity]) => [`${kind}.${name}`, quantity]));
}

/** sigstore's policy-controller looks at the namespaces that ask for it. */
function signatureLabels({ props }: Plan): { [name: string]: string } {
  return props.imageSignatures === undefined ? {} : { 'policy.sigstore.dev/include': 'true' };
}
