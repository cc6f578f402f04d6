import { parseCidr, subtractRanges, type AddressRange } from '../address';
import type { PortRange } from '../model';
import { protocolNumber, SCTP, TCP, UDP } from '../model/protocol';
import { TemplateError } from '../template';
import type { Manifest } from './manifest';
import { describeSelector, readSelector, type Selector } from './selector';

/** A NetworkPolicy of `networking.k8s.io/v1` with its defaults filled in. */
export interface Policy {
  readonly name: string;
  readonly namespace: string;
  readonly pods: Selector;
  /** Undefined where the policy says nothing of this direction; empty closes it. */
  readonly ingress?: readonly PolicyRule[];
  readonly egress?: readonly PolicyRule[];
}

export interface PolicyRule {
  /** Undefined is anybody. */
  readonly peers?: readonly Peer[];
  /** Undefined is every port of every protocol. */
  readonly ports?: readonly PolicyPort[];
}

export type Peer =
  | { readonly kind: 'block'; readonly ranges: readonly AddressRange[]; readonly cidr: AddressRange; readonly text: string }
  /** Pods of the policy's own namespace where it names no namespaces. */
  | { readonly kind: 'pods'; readonly namespaces?: Selector; readonly pods: Selector; readonly text: string };

export interface PolicyPort {
  readonly protocol: number;
  /** Undefined is every port of the protocol; a name is looked up in the pod that is connected to. */
  readonly port?: PortRange | string;
}

type Direction = 'ingress' | 'egress';

/** @throws TemplateError where a policy says something that no API server accepts */
export function readPolicies(manifests: readonly Manifest[]): readonly Policy[] {
  return manifests.filter(({ apiVersion, kind }) => kind === 'NetworkPolicy' && apiVersion === 'networking.k8s.io/v1').map(readPolicy);
}

function readPolicy(manifest: Manifest): Policy {
  const name = manifest.metadata?.name ?? '?';
  const namespace = manifest.metadata?.namespace ?? 'default';
  const where = `NetworkPolicy ${namespace}/${name}`;
  const spec = (manifest.spec ?? {}) as Readonly<Record<string, unknown>>;
  const egress = listOf(spec.egress, `${where}: egress`);
  const declared = listOf(spec.policyTypes, `${where}: policyTypes`).map(String);
  const odd = declared.find((type) => type !== 'Ingress' && type !== 'Egress');
  if (odd !== undefined) throw new TemplateError(`${where} has the policy type ${odd}; expected Ingress or Egress`);
  // What the API server fills in: always ingress, and egress where there is a rule for it.
  const types = declared.length > 0 ? declared : egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  return {
    name,
    namespace,
    pods: readSelector(spec.podSelector, `${where}: podSelector`),
    ...(types.includes('Ingress') && { ingress: listOf(spec.ingress, `${where}: ingress`).map((rule, index) => readRule(rule, 'ingress', `${where}: ingress[${index}]`)) }),
    ...(types.includes('Egress') && { egress: egress.map((rule, index) => readRule(rule, 'egress', `${where}: egress[${index}]`)) }),
  };
}

function readRule(rule: unknown, direction: Direction, where: string): PolicyRule {
  const given = recordOf(rule, where);
  const peers = listOf(given[direction === 'ingress' ? 'from' : 'to'], where);
  const ports = listOf(given.ports, where);
  return {
    ...(peers.length > 0 && { peers: peers.map((peer) => readPeer(peer, where)) }),
    ...(ports.length > 0 && { ports: ports.map((port) => readPort(port, where)) }),
  };
}

function readPeer(peer: unknown, where: string): Peer {
  const { ipBlock, namespaceSelector, podSelector } = recordOf(peer, where);
  if (ipBlock !== undefined && ipBlock !== null) {
    if (namespaceSelector ?? podSelector) throw new TemplateError(`${where} has a peer with ipBlock and a selector; a peer is one or the other`);
    const { cidr, except } = recordOf(ipBlock, where);
    const block = parseCidr(cidr);
    const holes = listOf(except, where).map(parseCidr);
    if (!block || holes.includes(undefined)) throw new TemplateError(`${where} has an ipBlock that is no CIDR block: ${JSON.stringify(ipBlock)}`);
    const text = `${String(cidr)}${holes.length > 0 ? ` except ${listOf(except, where).join(', ')}` : ''}`;
    return { kind: 'block', cidr: block, ranges: subtractRanges([block], holes.filter((hole) => hole !== undefined)), text };
  }
  if ((namespaceSelector ?? podSelector ?? undefined) === undefined) throw new TemplateError(`${where} has a peer that names nobody; expected ipBlock, namespaceSelector or podSelector`);
  const namespaces = namespaceSelector === undefined || namespaceSelector === null ? undefined : readSelector(namespaceSelector, where);
  const pods = readSelector(podSelector, where);
  const who = pods.length === 0 ? 'every pod' : `pods ${describeSelector(pods)}`;
  const text = namespaces === undefined ? `${who} of its namespace` : `${who} of ${namespaces.length === 0 ? 'every namespace' : `namespaces ${describeSelector(namespaces)}`}`;
  return { kind: 'pods', pods, text, ...(namespaces && { namespaces }) };
}

function readPort(port: unknown, where: string): PolicyPort {
  const given = recordOf(port, where);
  const protocol = protocolNumber(given.protocol ?? 'TCP');
  if (protocol === 'any' || ![TCP, UDP, SCTP].includes(protocol)) throw new TemplateError(`${where} has the protocol ${String(given.protocol)}; expected TCP, UDP or SCTP`);
  if (given.port === undefined || given.port === null) {
    if (given.endPort !== undefined) throw new TemplateError(`${where} has endPort without port`);
    return { protocol };
  }
  if (typeof given.port === 'string') {
    if (given.endPort !== undefined) throw new TemplateError(`${where} has endPort with the name of a port`);
    return { protocol, port: given.port };
  }
  const from = Number(given.port);
  const to = given.endPort === undefined ? from : Number(given.endPort);
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 1 || to > 65_535 || to < from) throw new TemplateError(`${where} has the ports ${String(given.port)} to ${String(given.endPort ?? given.port)}; expected 1 to 65535, the first not after the last`);
  return { protocol, port: { from, to } };
}

function listOf(value: unknown, where: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new TemplateError(`${where} is no list`);
  return value;
}

function recordOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  // An empty rule is written `{}`; a missing one is not a rule.
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TemplateError(`${where} is no object`);
  return value as Readonly<Record<string, unknown>>;
}
