/** A change of a good object, and what it weakens. */
export interface Weakening {
  readonly name: string;
  readonly control: string;
  readonly changes: readonly Change[];
  /** Whether the Pod Security level "restricted" knows it too. */
  readonly podSecurity?: boolean;
  /** The server whose pod it is. @default 'files' */
  readonly server?: string;
  /** Whether the LimitRange of the namespace puts in what was left out, before anything is refused. @default false */
  readonly mended?: boolean;
}

/** A place in an object, and what is put there; undefined takes away what is there, and `-` is the end of a list. */
export type Change = readonly [path: string, value: unknown];

const CONTAINER = 'spec.containers.0.';
const weak = (control: string, name: string, ...changes: readonly Change[]): Weakening => ({ control, name, changes });
const known = (control: string, name: string, ...changes: readonly Change[]): Weakening => ({ control, name, changes, podSecurity: true });
const token = (audience?: string) => ({ name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token', ...(audience !== undefined && { audience }) } }] } });

/** Weakenings of a server's pod: those that Pod Security refuses as well, and those that only the admission policies know. */
export const POD_WEAKENINGS: readonly Weakening[] = [
  known('CON-2', 'privileged', [`${CONTAINER}securityContext.privileged`, true], [`${CONTAINER}securityContext.allowPrivilegeEscalation`, true]),
  known('CON-2', 'may gain privileges', [`${CONTAINER}securityContext.allowPrivilegeEscalation`, true]),
  known('CON-2', 'nothing said of gaining privileges', [`${CONTAINER}securityContext.allowPrivilegeEscalation`, undefined]),
  known('CON-2', 'CAP_NET_ADMIN', [`${CONTAINER}securityContext.capabilities.add`, ['NET_ADMIN']]),
  known('CON-2', 'CAP_SYS_ADMIN', [`${CONTAINER}securityContext.capabilities.add`, ['SYS_ADMIN']]),
  known('CON-2', 'capabilities of the runtime', [`${CONTAINER}securityContext.capabilities`, undefined]),
  weak('CON-2', 'CAP_NET_BIND_SERVICE', [`${CONTAINER}securityContext.capabilities.add`, ['NET_BIND_SERVICE']]),
  known('CON-2', 'root', [`${CONTAINER}securityContext.runAsUser`, 0], [`${CONTAINER}securityContext.runAsNonRoot`, false]),
  known('CON-2', 'root, by the pod', ['spec.securityContext.runAsUser', 0]),
  known('CON-2', 'perhaps root', ['spec.securityContext.runAsNonRoot', undefined], [`${CONTAINER}securityContext.runAsNonRoot`, undefined]),
  known('CON-2', 'network of the node', ['spec.hostNetwork', true]),
  known('CON-2', 'processes of the node', ['spec.hostPID', true]),
  known('CON-2', 'shared memory of the node', ['spec.hostIPC', true]),
  known('CON-2', 'port of the node', [`${CONTAINER}ports`, [{ containerPort: 8080, hostPort: 8080 }]]),
  known('CON-2', 'unsafe sysctl', ['spec.securityContext.sysctls', [{ name: 'kernel.msgmax', value: '65536' }]]),
  weak('CON-2', 'processes shared in the pod', ['spec.shareProcessNamespace', true]),
  known('CON-4', 'no seccomp', ['spec.securityContext.seccompProfile', { type: 'Unconfined' }]),
  known('CON-4', 'no seccomp in one container', [`${CONTAINER}securityContext.seccompProfile`, { type: 'Unconfined' }]),
  known('CON-4', 'nothing said of seccomp', ['spec.securityContext.seccompProfile', undefined]),
  known('CON-4', 'no AppArmor', ['spec.securityContext.appArmorProfile', { type: 'Unconfined' }]),
  weak('CON-4', 'nothing said of AppArmor', ['spec.securityContext.appArmorProfile', undefined]),
  known('CON-1', 'folder of the node', ['spec.volumes.-', { name: 'host', hostPath: { path: '/' } }]),
  known('CON-1', 'volume over the network', ['spec.volumes.-', { name: 'nfs', nfs: { server: '192.0.2.1', path: '/' } }]),
  weak('CON-1', 'writable root', [`${CONTAINER}securityContext.readOnlyRootFilesystem`, false]),
  weak('CON-1', 'nothing said of the root', [`${CONTAINER}securityContext.readOnlyRootFilesystem`, undefined]),
  weak('CON-3', 'temporary folder without limit', ['spec.volumes.-', { name: 'more', emptyDir: {} }]),
  { control: 'CON-3', name: 'no requests and limits', changes: [[`${CONTAINER}resources`, undefined]], mended: true },
  { control: 'CON-0', name: 'code outside of its sandbox', changes: [['spec.runtimeClassName', undefined]], server: 'code' },
  weak('CON-2', "token of the cluster's API", ['spec.automountServiceAccountToken', true]),
  weak('CON-2', "token of the cluster's API, by hand", ['spec.volumes.-', token()]),
  weak('MUL-3', 'Secret as a variable', [`${CONTAINER}env`, [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'token', key: 'token' } } }]]),
  weak('MUL-3', 'Secret as variables', [`${CONTAINER}envFrom`, [{ secretRef: { name: 'token' } }]]),
  weak('SC-1', 'image by tag', [`${CONTAINER}image`, 'registry.example.com/mcp/files:latest']),
  weak('NET-2', 'identity of nobody', ['spec.serviceAccountName', 'default']),
  weak('NET-2', 'out of the mesh', ['metadata.labels.istio\\.io/dataplane-mode', 'none']),
];

/** Weakenings of what is around pods, by the kind of the object. */
export const OBJECT_WEAKENINGS: readonly (Weakening & { readonly kind: 'Service' | 'NetworkPolicy' | 'Namespace' })[] = [
  { kind: 'Service', control: 'MUL-5', name: 'load balancer', changes: [['spec.type', 'LoadBalancer']] },
  { kind: 'Service', control: 'MUL-5', name: 'port of every node', changes: [['spec.type', 'NodePort']] },
  { kind: 'Service', control: 'MUL-5', name: 'external address', changes: [['spec.externalIPs', ['203.0.113.1']]] },
  { kind: 'NetworkPolicy', control: 'NET-1', name: 'ingress from everybody', changes: [['spec.ingress', [{}]]] },
  { kind: 'NetworkPolicy', control: 'NET-1', name: 'egress to everybody', changes: [['spec.egress', [{}]], ['spec.policyTypes', ['Egress']]] },
  { kind: 'NetworkPolicy', control: 'NET-1', name: 'egress to every address', changes: [['spec.egress', [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 443 }] }]], ['spec.policyTypes', ['Egress']]] },
  { kind: 'NetworkPolicy', control: 'NET-1', name: 'egress to half of all addresses', changes: [['spec.egress', [{ to: [{ ipBlock: { cidr: '128.0.0.0/1' } }], ports: [{ port: 443 }] }]], ['spec.policyTypes', ['Egress']]] },
  { kind: 'NetworkPolicy', control: 'MUL-5', name: 'ingress from every namespace', changes: [['spec.ingress', [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8080 }] }]]] },
  { kind: 'Namespace', control: 'CON-2', name: 'Pod Security not enforced', changes: [['metadata.labels.pod-security\\.kubernetes\\.io/enforce', 'privileged']] },
  { kind: 'Namespace', control: 'NET-2', name: 'namespace out of the mesh', changes: [['metadata.labels.istio\\.io/dataplane-mode', 'none']] },
];

/** A copy of an object with changes. */
export function changed<T extends object>(object: T, changes: readonly Change[]): T {
  const copy = structuredClone(object);
  for (const [path, value] of changes) put(copy as Node, path.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.')), value);
  return copy;
}

type Node = Record<string, unknown>;

function put(node: Node, [key, ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    if (value === undefined) delete node[key!];
    else node[key!] = value;
    return;
  }
  if (rest.length === 1 && rest[0] === '-') {
    node[key!] = [...((node[key!] as unknown[] | undefined) ?? []), value];
    return;
  }
  put((node[key!] ??= {}) as Node, rest, value);
}
