import type { Manifest } from '../../../network';

/**
 * What NetworkPolicies say of one packet between two pods, or a pod and an address, read from the manifests word by word as the
 * reference of the API describes them: slow, and sharing nothing with the engine.
 */
export interface End {
  /** A pod with its namespace; otherwise only an address. */
  readonly pod?: { readonly namespace: string; readonly labels: Record<string, string>; readonly ports: readonly { readonly name: string; readonly containerPort: number; readonly protocol: string }[] };
  readonly address: string;
}

export interface Packet {
  readonly from: End;
  readonly to: End;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
}

export function arrives(manifests: readonly Manifest[], packet: Packet): boolean {
  return permits(manifests, packet, 'Egress') && permits(manifests, packet, 'Ingress');
}

function permits(manifests: readonly Manifest[], packet: Packet, type: 'Ingress' | 'Egress'): boolean {
  const self = type === 'Ingress' ? packet.to : packet.from;
  const peer = type === 'Ingress' ? packet.from : packet.to;
  if (!self.pod) return true;
  let isolated = false;
  for (const { kind, metadata, spec } of manifests) {
    if (kind !== 'NetworkPolicy' || metadata?.namespace !== self.pod.namespace) continue;
    const { podSelector, policyTypes, ingress, egress } = spec as any;
    if (!matches(podSelector, self.pod.labels)) continue;
    const types = policyTypes?.length ? policyTypes : ['Ingress', ...(egress?.length ? ['Egress'] : [])];
    if (!types.includes(type)) continue;
    isolated = true;
    for (const rule of (type === 'Ingress' ? ingress : egress) ?? []) {
      const peers = type === 'Ingress' ? rule.from : rule.to;
      if (!(peers?.length ? peers.some((one: any) => isPeer(manifests, one, peer, metadata.namespace!)) : true)) continue;
      if (rule.ports?.length ? rule.ports.some((one: any) => isPort(one, packet)) : true) return true;
    }
  }
  return !isolated;
}

function isPeer(manifests: readonly Manifest[], { ipBlock, namespaceSelector, podSelector }: any, { pod, address }: End, namespace: string): boolean {
  if (ipBlock) return inBlock(address, ipBlock.cidr) && !(ipBlock.except ?? []).some((block: string) => inBlock(address, block));
  if (!pod) return false;
  const found = manifests.find(({ kind, metadata }) => kind === 'Namespace' && metadata?.name === pod.namespace);
  const labels = { ...found?.metadata?.labels, 'kubernetes.io/metadata.name': pod.namespace };
  if (namespaceSelector ? !matches(namespaceSelector, labels) : pod.namespace !== namespace) return false;
  return podSelector ? matches(podSelector, pod.labels) : true;
}

function isPort({ protocol = 'TCP', port, endPort }: any, packet: Packet): boolean {
  if (protocol !== packet.protocol) return false;
  if (port === undefined) return true;
  if (typeof port === 'string') return (packet.to.pod?.ports ?? []).some((one) => one.name === port && one.protocol === protocol && one.containerPort === packet.port);
  return packet.port >= port && packet.port <= (endPort ?? port);
}

function matches({ matchLabels = {}, matchExpressions = [] }: any, labels: Record<string, string>): boolean {
  for (const key of Object.keys(matchLabels)) if (labels[key] !== matchLabels[key]) return false;
  for (const { key, operator, values } of matchExpressions) {
    const has = key in labels;
    if (operator === 'Exists' && !has) return false;
    if (operator === 'DoesNotExist' && has) return false;
    if (operator === 'In' && !(has && values.includes(labels[key]))) return false;
    if (operator === 'NotIn' && has && values.includes(labels[key])) return false;
  }
  return true;
}

/** IPv4, bit by bit. */
function inBlock(address: string, block: string): boolean {
  const [base, length] = block.split('/');
  const bits = (text: string) => text.split('.').map((byte) => Number(byte).toString(2).padStart(8, '0')).join('');
  return bits(address).slice(0, Number(length)) === bits(base!).slice(0, Number(length));
}
