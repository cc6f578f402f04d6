import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../../network';
import { startAgent, type Agent } from '../kernel/agent';
import { ip, nextPrefix, runIn } from '../kernel/namespaces';
import { compilePod } from './compile';
import { NODES, type PodHost } from './plan';
import { AUTHORITY, nodeScript, outsideScript, podScript } from './scripts';

/** A cluster that stands, in namespaces of its own. */
export interface ClusterWorld {
  readonly agent: Agent;
  namespaceOf(pod: PodHost): string;
  nodeNamespace(node: number): string;
  close(): Promise<void>;
}

/** Protocols of IP that everybody listens to: ICMP, SCTP, 6in4 and GRE. */
const RAW_PROTOCOLS = [1, 132, 41, 47];
/** What every name of the range's internet resolves to. */
const ANY_ADDRESS = '203.0.113.250';

/**
 * Builds nodes, pods and everything around them. Whatever happens, all of it is removed: by `close`, or by the agent when this process ends.
 *
 * @param addresses everything outside of the cluster that answers
 */
export async function buildCluster(manifests: readonly Manifest[], pods: readonly PodHost[], addresses: readonly string[], atOnce: number): Promise<ClusterWorld> {
  const prefix = nextPrefix();
  const folder = mkdtempSync(join(tmpdir(), 'range-'));
  const agent = startAgent(prefix, atOnce, folder);
  const nodes = Array.from({ length: NODES }, (_, index) => `${prefix}-node${index}`);
  const [fabric, outside] = [`${prefix}-fabric`, `${prefix}-outside`];
  const namespaceOf = (pod: PodHost) => `${prefix}-pod${pods.indexOf(pod)}`;
  try {
    ip([], [fabric, outside, ...nodes, ...pods.map(namespaceOf)].map((name) => `netns add ${name}`));
    ip(['-n', fabric], ['link add br0 type bridge', 'link set br0 up', ...[...nodes, outside].flatMap((name, index) => [`link add leg${index} type veth peer name fab netns ${name}`, `link set leg${index} master br0 up`])]);
    for (const [index, node] of nodes.entries()) {
      const own = pods.flatMap((pod, at) => (pod.node === index ? [{ pod, link: `p${at}`, rules: compilePod(pod, pods, manifests) }] : []));
      ip(['-n', node], own.map(({ pod, link }) => `link add ${link} type veth peer name eth0 netns ${namespaceOf(pod)}`));
      runIn(node, nodeScript(index, own), folder);
    }
    for (const pod of pods) runIn(namespaceOf(pod), podScript(pod), folder);
    runIn(outside, outsideScript(addresses), folder);
    await startServices(agent, pods, namespaceOf, nodes, outside);
    return { agent, namespaceOf, nodeNamespace: (node) => nodes[node]!, close: () => agent.close() };
  } catch (error) {
    await agent.close();
    throw error;
  }
}

async function startServices(agent: Agent, pods: readonly PodHost[], namespaceOf: (pod: PodHost) => string, nodes: readonly string[], outside: string): Promise<void> {
  await agent.listen(outside, { kind: 'authority', address: AUTHORITY, names: {}, fallback: ANY_ADDRESS });
  for (const name of [outside, ...nodes, ...pods.map(namespaceOf)]) {
    await agent.listen(name, { kind: 'echo' });
    await agent.listen(name, { kind: 'raw', protocols: RAW_PROTOCOLS, both: true });
  }
  const resolver = pods.find((pod) => pod.resolver);
  if (resolver) await agent.start(namespaceOf(resolver), ['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--no-resolv', '--no-hosts', '--cache-size=0', '--dns-forward-max=1000', '--user=root', '--port=53', `--listen-address=${resolver.v4}`, '--bind-interfaces', `--server=${AUTHORITY}`]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await agent.assertAlive();
}
