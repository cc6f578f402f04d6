import { cidr, contains, formatAddress } from '../../network/address';
import { decidesOn } from '../../network/answer';
import { createProbeMaker, type AddressPlan, type Probe } from '../../network/attempts';
import type { Destination } from '../../network/destination';
import { computeMatrix, isCell, type Row } from '../../network/matrix';
import type { Network, Placement } from '../../network/model';
import { FOREIGN_NAME } from '../../network/names';
import { address as parse } from '../../network/representatives';
import { sample, tryAll, type Agreement, type Trial } from '../agreement';
import type { Try } from '../kernel/agent';
import { NODES, podBlock, type PodHost } from './plan';
import type { ClusterWorld } from './world';

interface CellProbe {
  readonly row: Row;
  readonly to: Destination;
  readonly probe: Probe;
}

/** Everything outside of the cluster that attempts of its matrix go to. */
export function outsideAddresses(network: Network, pods: readonly PodHost[]): readonly string[] {
  return [...new Set(probesOf(network, pods).flatMap(({ probe }) => (probe.kind === 'connection' && !probe.attempt.to ? [formatAddress(probe.attempt.destination)] : [])))];
}

/**
 * Tries every attempt of every cell between pods that are built, and from them to everything around the cluster.
 *
 * @param most attempts for each cell. @default - all of them
 */
export async function measureClusterAgreement(network: Network, pods: readonly PodHost[], world: ClusterWorld, most = Number.POSITIVE_INFINITY): Promise<Agreement> {
  const trials = probesOf(network, pods).map(({ row, to, probe }): Trial => {
    const { delivered, certain } = decidesOn(network, to, probe);
    if (delivered && !certain) throw new Error(`${row.name} -> ${to.label} is not known, and cannot be tried`);
    return { cell: `${row.name} -> ${to.label}`, predicted: delivered, try: tryOf(row, to, probe, pods, world) };
  });
  const notTried = network.parties.filter(({ name }) => !pods.some((pod) => pod.name === name)).map(({ name }) => name);
  return { ...(await tryAll(sample(spread(trials), most), world.agent)), notTried };
}

/** In an order in which the first few of a cell are of all its families, protocols and ports; the same one every time. */
function spread(trials: readonly Trial[]): readonly Trial[] {
  return trials.map((trial, index) => ({ trial, at: (index * 7_919) % trials.length })).sort((a, b) => a.at - b.at).map(({ trial }) => trial);
}

/** What comes from the internet is left out: no node has a public address here. */
function probesOf(network: Network, pods: readonly PodHost[]): readonly CellProbe[] {
  const addresses = addressPlan(network, pods);
  const maker = createProbeMaker(network, addresses);
  const { rows, destinations } = computeMatrix(network, addresses);
  return rows.filter(({ source }) => source.kind === 'party').flatMap((row) => destinations.filter((to) => isCell(row, to)).flatMap((to) => maker.probes(row.source, to).filter(isSomewhere).map((probe) => ({ row, to, probe }))));
}

/** An address of the pods' own block that no pod has is nowhere: the prediction leaves open whose it is. */
function isSomewhere(probe: Probe): boolean {
  return probe.kind === 'dns' || probe.attempt.to !== undefined || !POD_BLOCKS.some((range) => contains(range, probe.attempt.destination));
}

const POD_BLOCKS = Array.from({ length: NODES }, (_, node) => Object.values(podBlock(node)).map(cidr)).flat();

function addressPlan({ parties, cluster }: Network, pods: readonly PodHost[]): AddressPlan {
  const all = [...parties, ...(cluster ? [cluster.resolver] : [])];
  const names = new Map<Placement, string>(all.flatMap(({ name, placement }) => (placement ? [[placement, name] as const] : [])));
  return (placement) => pods.filter(({ name }) => name === names.get(placement)).flatMap(({ v4, v6 }) => [parse(v4), parse(v6)]);
}

function tryOf(row: Row, to: Destination, probe: Probe, pods: readonly PodHost[], world: ClusterWorld): Try {
  if (probe.kind === 'dns') throw new Error('a cluster has no resolver besides its pods');
  const { attempt } = probe;
  const pod = pods.find(({ name }) => name === row.name)!;
  const address = formatAddress(attempt.destination);
  const base = { namespace: world.namespaceOf(pod), resolver: '', address };
  switch (attempt.protocol) {
    case 6:
      return { ...base, kind: 'tcp', port: attempt.port, speak: { kind: 'raw' } };
    case 17:
      // CoreDNS answers questions, and has to get one.
      return to.kind.kind === 'resolver' && !address.includes(':') ? { ...base, kind: 'dns', name: `TOKEN.${FOREIGN_NAME}`, type: 'A' } : { ...base, kind: 'udp', port: attempt.port, speak: { kind: 'raw' } };
    case 1:
    case 58:
      return { ...base, kind: 'icmp' };
    default:
      return { ...base, kind: 'raw', protocol: attempt.protocol, ...(attempt.protocol === SCTP && { port: attempt.port }) };
  }
}

const SCTP = 132;
