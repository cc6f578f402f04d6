import type { Manifest } from '../../network';

/** A pod that is built, in a namespace of the kernel of its own. */
export interface PodHost {
  /** `namespace/name`, as the matrix calls it. */
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name?: string; readonly containerPort: number; readonly protocol?: string }[];
  readonly v4: string;
  readonly v6: string;
  /** Which of the nodes it runs on. */
  readonly node: number;
  readonly resolver: boolean;
}

export const NODES = 2;
/** Addresses of nodes, which pods have as their gateway. */
export const nodeAddress = (node: number) => ({ v4: `172.31.0.${node + 1}`, v6: `fd31::${node + 1}` });
export const podBlock = (node: number) => ({ v4: `10.244.${node}.0/24`, v6: `fd44:${node + 1}::/64` });

const DNS_LABELS = { 'k8s-app': 'kube-dns', 'eks.amazonaws.com/component': 'coredns' };

interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly hostNetwork?: boolean; readonly containers?: readonly { readonly ports?: PodHost['ports'] }[] };
}

/** One pod of each workload, a pod without labels in each namespace where it can be told what that is, and CoreDNS. */
export function planPods(manifests: readonly Manifest[]): readonly PodHost[] {
  const workloads = manifests.flatMap((manifest) => {
    const template = (manifest.kind === 'Pod' ? manifest : (manifest.spec as { template?: PodTemplate } | undefined)?.template) as PodTemplate | undefined;
    if (!template?.spec?.containers) return [];
    if (template.spec.hostNetwork) throw new Error(`${manifest.metadata?.name} has the network of its node, which the range does not build`);
    const namespace = manifest.metadata?.namespace ?? 'default';
    return [{ name: `${namespace}/${manifest.metadata?.name}`, namespace, labels: template.metadata?.labels ?? {}, ports: template.spec.containers.flatMap(({ ports = [] }) => ports), resolver: false }];
  });
  const namespaces = [...new Set(manifests.flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata?.name ?? '?'] : [])))];
  // Any other pod could give any of its ports a name.
  const others = namesPorts(manifests) ? [] : namespaces.map((namespace) => ({ name: `${namespace}/(another pod)`, namespace, labels: {}, ports: [], resolver: false }));
  const dns = { name: 'CoreDNS', namespace: 'kube-system', labels: DNS_LABELS, ports: [], resolver: true };
  return [...workloads, ...others, dns].map((pod, index): PodHost => {
    const node = index % NODES;
    return { ...pod, node, v4: `10.244.${node}.${index + 10}`, v6: `fd44:${node + 1}::${(index + 16).toString(16)}` };
  });
}

function namesPorts(manifests: readonly Manifest[]): boolean {
  return manifests.some(({ kind, spec }) => kind === 'NetworkPolicy' && /"port":"/.test(JSON.stringify(spec)));
}
