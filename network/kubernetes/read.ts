import { cidr, prefixLength, subtractRanges } from '../address';
import { NO_DNS_FIREWALL } from '../model/dns-firewall';
import type { Network, Party, Place, Placement, Subnet, Unknown, Vpc } from '../model';
import type { Manifest } from './manifest';
import { dnsPods, otherPods, readNamespaces, readPods, type PodGroup } from './pods';
import { readPolicies, type Policy } from './policy';
import { groupsOf, type Population } from './rules';
import { publications } from './services';

/** Where pods and nodes may have their addresses: manifests say nothing of it. */
const PRIVATE_RANGES = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].map(cidr);
const LINK_LOCAL_RANGES = ['169.254.0.0/16'].map(cidr);
const METADATA_SERVICE = ['169.254.169.254/32', 'fd00:ec2::254/128'].map(cidr);
const POD_IDENTITY_AGENT = ['169.254.170.23/32', 'fd00:ec2::23/128'].map(cidr);
const CREDENTIALS = [...METADATA_SERVICE, ...POD_IDENTITY_AGENT];
/** Where the kubelet's questions come from in an ambient mesh of Istio. */
const ISTIO_PROBES = ['fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128'].map(cidr);
/** A block of at most this size is somebody in particular, who was named. */
const NAMED_PREFIX: Readonly<Record<4 | 6, number>> = { 4: 16, 6: 32 };

/**
 * Reads the network that the manifests of a cluster make, as a network plugin makes it that keeps to the rules of NetworkPolicy. Whatever
 * the manifests leave open counts as open.
 *
 * Control: NET-2, MUL-5.
 *
 * @throws TemplateError where a manifest says something that no API server accepts
 */
export function readCluster(manifests: readonly Manifest[]): Network {
  const policies = readPolicies(manifests);
  const namespaces = readNamespaces(manifests);
  const workloads = readPods(manifests);
  const others = otherPods(namespaces, workloads, policies);
  const dns = dnsPods();
  const population: Population = { pods: [...workloads, ...others.own, ...others.foreign, dns], namespaces: new Map([...namespaces, ...others.foreignNamespaces, [dns.namespace, others.foreignNamespaces.get(dns.namespace) ?? namespaces.get(dns.namespace) ?? {}]]) };
  const network = podNetwork();
  const party = (pod: PodGroup) => partyOf(pod, network, policies, population, manifests);
  return {
    vpcs: [],
    subnets: [network],
    parties: [...workloads, ...others.own, ...others.foreign].map(party),
    endpoints: [],
    firewalls: [],
    peerings: [],
    transitGateways: [],
    unknowns: readUnknowns(manifests),
    cluster: { places: places(policies), resolver: party(dns) },
  };
}

function podNetwork(): Subnet {
  return {
    id: 'pods',
    name: 'the pod network',
    vpc: namespaceOf('*'),
    ranges: subtractRanges(PRIVATE_RANGES, [...CREDENTIALS, ...ISTIO_PROBES]),
    mapsPublicAddress: false,
    routeTable: { routes: [{ ranges: ['0.0.0.0/0', '::/0'].map(cidr), target: { kind: 'node', id: 'its own' }, destination: 'everything' }] },
  };
}

/** A namespace is to its policies what a VPC is to its groups: what is not known about one opens that one. */
function namespaceOf(namespace: string): Vpc {
  return { id: namespace, name: `namespace ${namespace}`, ranges: [], dnsSupport: false, dnsFirewall: NO_DNS_FIREWALL, forwarding: [] };
}

function partyOf(pod: PodGroup, network: Subnet, policies: readonly Policy[], population: Population, manifests: readonly Manifest[]): Party {
  const published = publications(pod, manifests);
  const placement: Placement = {
    vpc: namespaceOf(pod.namespace),
    subnets: [network],
    groups: groupsOf(pod, policies, population),
    unfiltered: pod.hostNetwork,
    publicAddress: published.length > 0,
    ipv6: published.length > 0,
    rules: 'NetworkPolicy',
    ...(published.length > 0 && { published }),
  };
  return { id: pod.id, name: pod.name, kind: pod.kind, workload: !pod.outside, placement, metadata: 'none', ...(pod.role !== undefined && { role: pod.role }), ...(pod.outside && { outside: true }) };
}

/** What a pod can connect to that is no pod. Blocks that a policy names are told apart from everything that it does not. */
function places(policies: readonly Policy[]): readonly Place[] {
  const blocks = policies.flatMap(({ egress = [] }) => egress.flatMap(({ peers = [] }) => peers.flatMap((peer) => (peer.kind === 'block' ? [peer] : []))));
  const named = blocks.filter((block) => prefixLength(block.cidr) >= NAMED_PREFIX[block.cidr.family]);
  const declared = [...new Map(named.map(({ text, ranges }) => [text, { name: text, ranges: subtractRanges(ranges, CREDENTIALS) }])).values()].filter(({ ranges }) => ranges.length > 0);
  const rest = subtractRanges([...PRIVATE_RANGES, ...LINK_LOCAL_RANGES], [...CREDENTIALS, ...declared.flatMap(({ ranges }) => ranges)]);
  return [
    ...(declared.length > 0 ? [{ id: 'declared', label: 'declared addresses', group: 'domains', meaning: 'limited', blocks: declared } as const] : []),
    { id: 'metadata', label: 'metadata service', group: 'metadata', meaning: 'open', blocks: [{ ranges: METADATA_SERVICE }] },
    { id: 'pod-identity', label: 'Pod Identity agent', group: 'metadata', meaning: 'limited', blocks: [{ ranges: POD_IDENTITY_AGENT }] },
    { id: 'neighbours', label: 'private addresses of no pod', group: 'neighbours', meaning: 'open', blocks: [{ ranges: rest }] },
  ];
}

/** Kinds that let through what no NetworkPolicy does, or connect pods to another network. */
const UNMODELLED: readonly { readonly group: RegExp; readonly kind: RegExp; readonly why: string }[] = [
  { group: /^policy\.networking\.k8s\.io\//, kind: /^(Baseline)?AdminNetworkPolicy$|^ClusterNetworkPolicy$/, why: 'is decided before NetworkPolicies, or after them' },
  { group: /^cilium\.io\//, kind: /^Cilium(Clusterwide)?NetworkPolicy$|^CiliumLocalRedirectPolicy$|^CiliumEgressGatewayPolicy$/, why: 'allows besides NetworkPolicies, in the words of Cilium' },
  { group: /^(crd\.)?projectcalico\.org\//, kind: /NetworkPolicy$/, why: 'allows besides NetworkPolicies, in the words of Calico' },
  { group: /^networking\.k8s\.aws\//, kind: /NetworkPolicy$/, why: 'allows besides NetworkPolicies, in the words of EKS' },
  { group: /^k8s\.cni\.cncf\.io\//, kind: /^NetworkAttachmentDefinition$/, why: 'gives pods another interface, which no policy is about' },
];

function readUnknowns(manifests: readonly Manifest[]): readonly Unknown[] {
  return manifests.flatMap(({ apiVersion, kind, metadata }) => {
    const found = UNMODELLED.find((entry) => entry.group.test(apiVersion) && entry.kind.test(kind));
    return found ? [{ subject: `${kind} ${[metadata?.namespace, metadata?.name].filter((part) => part !== undefined).join('/')}`, why: found.why, ...(metadata?.namespace !== undefined && { vpc: metadata.namespace }) }] : [];
  });
}
