/**
 * The cluster suite of the range: pods and nodes as namespaces of the kernel, NetworkPolicies as nftables. Every cell of the matrix is tried with
 * real packets, and a compromised server tries what it should not reach.
 */
import { readCluster, type Manifest } from '../../network';
import type { Agreement } from '../agreement';
import { measureClusterAgreement, outsideAddresses } from './agreement';
import { clusterManifests, variedManifests, withoutPolicies } from './manifests';
import { planPods } from './plan';
import { kubeletReaches, PROBED_ADDRESSES, runProbes, type ClusterOutcome } from './probes';
import { buildCluster } from './world';

export { concludeClusters, printClusters } from './report';

/** One cluster that was built and tried. */
export interface TriedCluster {
  readonly name: string;
  readonly agreement: Agreement;
  /** Nothing where no server of it was compromised. */
  readonly outcomes: readonly ClusterOutcome[];
  /** Pods that the kubelet of their node does not reach. */
  readonly unprobed: readonly string[];
}

interface Candidate {
  readonly name: string;
  readonly manifests: readonly Manifest[];
  /** The server that somebody took over: one that declared nothing. */
  readonly compromised?: string;
  /** Attempts for each cell, as many of those that should get through as of those that should not. @default - all of them */
  readonly most?: number;
}

/** Attempts at the same time. */
const AT_ONCE = 300;
const SMOKE_ATTEMPTS = 2;
/** Pods that are walled off alike are tried alike. */
const MOST_ATTEMPTS = 8;
const COMPROMISED = 'mcp-files/files';

/** @param smoke a few attempts for each cell */
export async function tryClusters(smoke: boolean): Promise<readonly TriedCluster[]> {
  const candidates: readonly Candidate[] = [
    { name: 'flat cluster', manifests: withoutPolicies(clusterManifests('none')), compromised: COMPROMISED, most: MOST_ATTEMPTS },
    { name: 'cluster', manifests: clusterManifests('none'), compromised: COMPROMISED, most: MOST_ATTEMPTS },
    { name: 'cluster, mesh', manifests: clusterManifests('ambient'), compromised: COMPROMISED, most: MOST_ATTEMPTS },
    { name: 'varied policies', manifests: variedManifests() },
  ];
  const tried: TriedCluster[] = [];
  for (const candidate of candidates) {
    process.stderr.write(`Building: ${candidate.name}\n`);
    tried.push(await tryCluster(candidate, smoke ? SMOKE_ATTEMPTS : candidate.most));
  }
  return tried;
}

async function tryCluster({ name, manifests, compromised }: Candidate, most: number | undefined): Promise<TriedCluster> {
  const network = readCluster(manifests);
  const pods = planPods(manifests);
  const world = await buildCluster(manifests, pods, [...outsideAddresses(network, pods), ...PROBED_ADDRESSES], AT_ONCE);
  try {
    const agreement = await measureClusterAgreement(network, pods, world, most);
    const server = pods.find((pod) => pod.name === compromised);
    const outcomes = server ? await runProbes(server, pods, world) : [];
    const reached = await Promise.all(pods.map((pod) => kubeletReaches(pod, world)));
    await world.agent.assertAlive();
    return { name, agreement, outcomes, unprobed: pods.filter((_, index) => !reached[index]).map((pod) => pod.name) };
  } finally {
    await world.close();
  }
}
