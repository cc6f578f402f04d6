import type { PodKind } from '../model';
import { protocolNumber, TCP } from '../model/protocol';
import type { Manifest } from './manifest';
import { labelsFor, type Labels, type Selector } from './selector';
import type { Policy } from './policy';

/** Pods that are alike: those of a workload, or those that could be in a namespace. */
export interface PodGroup {
  readonly id: string;
  readonly name: string;
  readonly kind: PodKind;
  readonly namespace: string;
  /** Whoever makes them may give them any label that a policy asks for. */
  readonly labels: Labels | 'any';
  readonly ports: readonly ContainerPort[] | 'any';
  /** Pods in the network of their node, about which no policy can say anything. */
  readonly hostNetwork: boolean;
  readonly role?: string;
  /** Whether they are of a namespace that no manifest is in. */
  readonly outside: boolean;
}

export interface ContainerPort {
  readonly name?: string;
  readonly protocol: number;
  readonly port: number;
  /** The port of the node that leads to it. */
  readonly hostPort?: number;
}

/** The label of whatever belongs to a server or the gateway. */
export const ROLE_LABEL = 'mcp-zero-trust/role';
/** The label that every namespace has, with its name, and that nobody can choose. */
export const NAME_LABEL = 'kubernetes.io/metadata.name';
const DNS_NAMESPACE = 'kube-system';
const OTHER_NAMESPACE = 'another-namespace';

const KINDS: Readonly<Record<string, PodKind>> = {
  Deployment: 'deployment',
  StatefulSet: 'stateful-set',
  DaemonSet: 'daemon-set',
  ReplicaSet: 'replica-set',
  ReplicationController: 'replica-set',
  Job: 'job',
  CronJob: 'cron-job',
  Pod: 'pod',
};

/** Labels of namespaces by name: those of the manifests, and the names that Kubernetes gives as labels to all others. */
export function readNamespaces(manifests: readonly Manifest[]): ReadonlyMap<string, Labels> {
  const declared = new Map(manifests.filter(({ kind, apiVersion }) => kind === 'Namespace' && apiVersion === 'v1').map(({ metadata }) => [metadata?.name ?? '?', metadata?.labels ?? {}]));
  const used = manifests.flatMap(({ kind, metadata }) => (kind in KINDS || kind === 'NetworkPolicy' ? [metadata?.namespace ?? 'default'] : []));
  return new Map([...new Set([...declared.keys(), ...used])].map((name) => [name, { ...declared.get(name), [NAME_LABEL]: name }]));
}

/** The workloads of the manifests. */
export function readPods(manifests: readonly Manifest[]): readonly PodGroup[] {
  const found = manifests.flatMap((manifest): readonly PodGroup[] => {
    const kind = KINDS[manifest.kind];
    if (kind === undefined) return [];
    const template = templateOf(manifest);
    const name = manifest.metadata?.name ?? '?';
    const namespace = manifest.metadata?.namespace ?? 'default';
    const labels = template.metadata?.labels ?? {};
    const containers = [...(template.spec?.containers ?? []), ...(template.spec?.initContainers ?? [])];
    return [
      {
        id: `${namespace}/${kind}/${name}`,
        name: `${namespace}/${name}`,
        kind,
        namespace,
        labels,
        ports: containers.flatMap(({ ports }) => ports ?? []).map((port) => readContainerPort(port, template.spec?.hostNetwork ?? false)),
        hostNetwork: template.spec?.hostNetwork ?? false,
        outside: false,
        ...(labels[ROLE_LABEL] !== undefined && { role: labels[ROLE_LABEL] }),
      },
    ];
  });
  return found.map((pod) => (found.filter(({ name }) => name === pod.name).length > 1 ? { ...pod, name: pod.id } : pod));
}

/**
 * Whoever else could be there: a pod without labels in each namespace of the manifests, pods with any labels in the others that a policy
 * could mean, and in one that none does.
 */
export function otherPods(namespaces: ReadonlyMap<string, Labels>, pods: readonly PodGroup[], policies: readonly Policy[]): { readonly own: readonly PodGroup[]; readonly foreign: readonly PodGroup[]; readonly foreignNamespaces: ReadonlyMap<string, Labels> } {
  const own = [...namespaces.keys()].map((namespace): PodGroup => {
    const roles = new Set(pods.filter((pod) => pod.namespace === namespace).map(({ role }) => role));
    const [role] = roles;
    return { ...anyPod(namespace, `${namespace}/(another pod)`, false), labels: {}, ...(roles.size === 1 && role !== undefined && { role }) };
  });
  const foreignNamespaces = foreign(namespaces, policies);
  return { own, foreignNamespaces, foreign: [...foreignNamespaces.keys()].map((namespace) => anyPod(namespace, namespace === OTHER_NAMESPACE ? 'pods of another namespace' : `pods of ${namespace}`, true)) };
}

/** CoreDNS, wherever it is not in the manifests itself. */
export function dnsPods(): PodGroup {
  return {
    ...anyPod(DNS_NAMESPACE, 'CoreDNS', true),
    id: `${DNS_NAMESPACE}/coredns`,
    labels: { 'k8s-app': 'kube-dns', 'eks.amazonaws.com/component': 'coredns' },
    ports: [
      { name: 'dns', protocol: protocolNumber('UDP') as number, port: 53 },
      { name: 'dns-tcp', protocol: TCP, port: 53 },
      { name: 'metrics', protocol: TCP, port: 9153 },
    ],
  };
}

function anyPod(namespace: string, name: string, outside: boolean): PodGroup {
  return { id: `${namespace}/*`, name, kind: 'any-pod', namespace, labels: 'any', ports: 'any', hostNetwork: false, outside };
}

/** Namespaces that are not in the manifests: those that a policy names, one for each selector that others could have, and one more. */
function foreign(known: ReadonlyMap<string, Labels>, policies: readonly Policy[]): ReadonlyMap<string, Labels> {
  const found = new Map<string, Labels>([[OTHER_NAMESPACE, { [NAME_LABEL]: OTHER_NAMESPACE }], [DNS_NAMESPACE, { [NAME_LABEL]: DNS_NAMESPACE }]]);
  for (const selector of policies.flatMap(namespaceSelectors)) {
    const labels = labelsFor(selector);
    if (!labels || selector.length === 0) continue;
    const named = selector.filter(({ key, operator }) => key === NAME_LABEL && operator === 'In').flatMap(({ values }) => values);
    const others = Object.entries(labels).filter(([key]) => key !== NAME_LABEL);
    if (named.length === 0) found.set(others.map(([key, value]) => `${key}=${value}`).join(', ') || OTHER_NAMESPACE, { ...labels, [NAME_LABEL]: OTHER_NAMESPACE });
    else for (const name of named) found.set(name, { ...found.get(name), ...Object.fromEntries(others), [NAME_LABEL]: name });
  }
  for (const name of known.keys()) found.delete(name);
  return found;
}

function namespaceSelectors({ ingress = [], egress = [] }: Policy): readonly Selector[] {
  return [...ingress, ...egress].flatMap(({ peers }) => (peers ?? []).flatMap((peer) => (peer.kind === 'pods' && peer.namespaces ? [peer.namespaces] : [])));
}

interface PodTemplate {
  readonly metadata?: { readonly labels?: Labels };
  readonly spec?: { readonly hostNetwork?: boolean; readonly containers?: readonly Container[]; readonly initContainers?: readonly Container[] };
}

interface Container {
  readonly ports?: readonly { readonly name?: string; readonly containerPort?: number; readonly hostPort?: number; readonly protocol?: string }[];
}

function templateOf(manifest: Manifest): PodTemplate {
  if (manifest.kind === 'Pod') return manifest as PodTemplate;
  const spec = manifest.spec as { readonly template?: PodTemplate; readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } } } | undefined;
  return (manifest.kind === 'CronJob' ? spec?.jobTemplate?.spec?.template : spec?.template) ?? {};
}

function readContainerPort({ name, containerPort, hostPort, protocol }: NonNullable<Container['ports']>[number], hostNetwork: boolean): ContainerPort {
  const port = Number(containerPort);
  const number = protocolNumber(protocol ?? 'TCP');
  return { protocol: number === 'any' ? TCP : number, port, ...(name !== undefined && { name }), ...((hostPort ?? (hostNetwork ? port : undefined)) !== undefined && { hostPort: hostPort ?? port }) };
}
