import type { Manifest } from '../../network';
import type { PodHost } from './plan';

/**
 * NetworkPolicies as nftables, by code of its own: what a network plugin does on the node of a pod. It shares nothing with the
 * prediction but the parsed manifests.
 */
export interface PodRules {
  /** Statements that let packets through; undefined where no policy selects the pod for this direction. */
  readonly ingress?: readonly string[];
  readonly egress?: readonly string[];
}

interface Rule {
  readonly from?: readonly PeerSpec[];
  readonly to?: readonly PeerSpec[];
  readonly ports?: readonly { readonly protocol?: string; readonly port?: number | string; readonly endPort?: number }[];
}

interface PeerSpec {
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
  readonly namespaceSelector?: SelectorSpec;
  readonly podSelector?: SelectorSpec;
}

interface SelectorSpec {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

interface PolicySpec {
  readonly podSelector: SelectorSpec;
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

export function compilePod(pod: PodHost, pods: readonly PodHost[], manifests: readonly Manifest[]): PodRules {
  const own = manifests.filter(({ kind, metadata }) => kind === 'NetworkPolicy' && (metadata?.namespace ?? 'default') === pod.namespace);
  const specs = own.map(({ spec }) => spec as PolicySpec).filter(({ podSelector }) => selected(podSelector, pod.labels));
  const world: Lookup = { pods, namespaces: new Map(manifests.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => [metadata?.name ?? '', metadata?.labels ?? {}])) };
  const about = (type: 'Ingress' | 'Egress') => specs.filter(({ policyTypes, egress }) => (policyTypes && policyTypes.length > 0 ? policyTypes.includes(type) : type === 'Ingress' || (egress ?? []).length > 0));
  const ingress = about('Ingress');
  const egress = about('Egress');
  return {
    ...(ingress.length > 0 && { ingress: ingress.flatMap((spec) => (spec.ingress ?? []).flatMap((rule) => statements(rule.from, rule.ports, 'saddr', pod, world))) }),
    ...(egress.length > 0 && { egress: egress.flatMap((spec) => (spec.egress ?? []).flatMap((rule) => statements(rule.to, rule.ports, 'daddr', pod, world))) }),
  };
}

interface Lookup {
  readonly pods: readonly PodHost[];
  readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

type Side = 'saddr' | 'daddr';

function statements(peers: readonly PeerSpec[] = [], ports: Rule['ports'] = [], side: Side, pod: PodHost, world: Lookup): readonly string[] {
  const matchers: readonly (readonly string[])[] = peers.length === 0 ? [['']] : peers.map((peer) => matchPeer(peer, side, pod, world));
  if (ports.length === 0) return matchers.flat().map((matcher) => `${matcher} return`.trim());
  return ports.flatMap(({ protocol = 'TCP', port, endPort }) => {
    const over = `meta l4proto ${protocol.toLowerCase()}`;
    if (port === undefined) return matchers.flat().map((matcher) => `${matcher} ${over} return`.trim());
    if (typeof port === 'number') return matchers.flat().map((matcher) => `${matcher} ${over} th dport ${port}-${endPort ?? port} return`.trim());
    // A name is a port of the pod that is connected to.
    const targets = side === 'saddr' ? [pod] : world.pods;
    return targets.flatMap((target) => {
      const toTarget = side === 'saddr' ? matchers.flat() : towards(peers, target, pod, world);
      return target.ports.filter((own) => own.name === port && (own.protocol ?? 'TCP') === protocol).flatMap(({ containerPort }) => toTarget.map((matcher) => `${matcher} ${over} th dport ${containerPort} return`.trim()));
    });
  });
}

/** As much of some peers as is one pod. */
function towards(peers: readonly PeerSpec[], target: PodHost, pod: PodHost, world: Lookup): readonly string[] {
  if (peers.length === 0) return [`ip daddr ${target.v4}`, `ip6 daddr ${target.v6}`];
  return peers.flatMap((peer) => matchPeer(peer, 'daddr', pod, { ...world, pods: [target] }).map((matcher) => (peer.ipBlock ? `${matcher} ${peer.ipBlock.cidr.includes(':') ? `ip6 daddr ${target.v6}` : `ip daddr ${target.v4}`}` : matcher)));
}

/** One match for each family of addresses. */
function matchPeer({ ipBlock, namespaceSelector, podSelector }: PeerSpec, side: Side, { namespace }: PodHost, { pods, namespaces }: Lookup): readonly string[] {
  if (ipBlock) {
    const family = ipBlock.cidr.includes(':') ? 'ip6' : 'ip';
    return [`${family} ${side} ${ipBlock.cidr}${(ipBlock.except ?? []).map((hole) => ` ${family} ${side} != ${hole}`).join('')}`];
  }
  const found = pods.filter((pod) => {
    const near = namespaceSelector ? selected(namespaceSelector, { ...namespaces.get(pod.namespace), 'kubernetes.io/metadata.name': pod.namespace }) : pod.namespace === namespace;
    return near && (!podSelector || selected(podSelector, pod.labels));
  });
  return found.length === 0 ? [] : [`ip ${side} { ${found.map(({ v4 }) => v4).join(', ')} }`, `ip6 ${side} { ${found.map(({ v6 }) => v6).join(', ')} }`];
}

function selected({ matchLabels, matchExpressions }: SelectorSpec, labels: Readonly<Record<string, string>>): boolean {
  const has = (key: string) => Object.keys(labels).includes(key);
  const tests: Readonly<Record<string, (key: string, values: readonly string[]) => boolean>> = {
    In: (key, values) => has(key) && values.includes(labels[key]!),
    NotIn: (key, values) => !(has(key) && values.includes(labels[key]!)),
    Exists: has,
    DoesNotExist: (key) => !has(key),
  };
  return Object.entries(matchLabels ?? {}).every(([key, value]) => labels[key] === value) && (matchExpressions ?? []).every(({ key, operator, values = [] }) => tests[operator]!(key, values));
}
