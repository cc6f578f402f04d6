import { createProbeMaker, type AddressPlan, type Probe, type Source } from './attempts';
import { destinationsOf, type Destination } from './destination';
import { decidesOn, type Answer } from './answer';
import { hasPorts, protocolName, type Network, type Party, type PortRange, type Unknown } from './model';

/**
 * `open`: a connection can be opened. `limited`: only to what was named, or to what is one's own. `unknown`: something that cannot
 * be modelled may open it, and so it counts as open.
 */
export type Verdict = 'open' | 'limited' | 'unknown' | 'closed';

export interface Row {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly role?: string;
  readonly source: Source;
}

export interface Cell {
  readonly from: Row;
  readonly to: Destination;
  readonly verdict: Verdict;
  /** What gets through, e.g. `tcp 443`. */
  readonly allows: readonly string[];
  /** The way that the first of it takes, or that an attempt took as far as it got. */
  readonly path: readonly string[];
  /** Attempts that were followed. */
  readonly attempts: number;
}

/** Who can open a connection to whom. */
export interface Matrix {
  readonly rows: readonly Row[];
  readonly destinations: readonly Destination[];
  readonly cells: readonly Cell[];
  readonly unknowns: readonly Unknown[];
}

/** @param plan addresses that were chosen for whoever is in the templates. @default - every one that they could have */
export function computeMatrix(network: Network, plan?: AddressPlan): Matrix {
  const destinations = destinationsOf(network);
  const rows = rowsOf(network);
  const maker = createProbeMaker(network, plan);
  const cells = rows.flatMap((from) => destinations.filter((to) => isCell(from, to)).map((to) => computeCell(network, from, to, maker.probes(from.source, to))));
  return { rows, destinations, cells, unknowns: network.unknowns };
}

/** Those who can begin a connection. */
export function rowsOf(network: Network): readonly Row[] {
  const parties = network.parties.filter(({ kind }) => kind !== 'store').map((party): Row => ({ id: party.id, name: party.name, kind: party.kind, source: { kind: 'party', party }, ...(party.role !== undefined && { role: party.role }) }));
  return [...parties, { id: 'internet', name: 'internet', kind: 'internet', source: { kind: 'internet' } }];
}

/** Nobody connects to itself. */
export function isCell({ source }: Row, { kind }: Destination): boolean {
  // Who is somebody else's is asked only about whoever is not, like the internet.
  if (source.kind === 'internet' || source.party.outside) return kind.kind === 'party' && !kind.party.outside;
  return kind.kind !== 'party' || kind.party.id !== source.party.id;
}

function computeCell(network: Network, from: Row, to: Destination, probes: readonly Probe[]): Cell {
  const fixed = withoutAttempts(from, to);
  if (fixed) return { from, to, ...fixed, attempts: 0 };
  let reached: Answer | undefined;
  let missed: Answer | undefined;
  const through: Probe[] = [];
  for (const probe of probes) {
    const answer = decidesOn(network, to, probe);
    if (!answer.delivered) {
      if (!missed || answer.path.length > missed.path.length) missed = answer;
      continue;
    }
    through.push(probe);
    if (!reached || (!reached.certain && answer.certain)) reached = answer;
  }
  const base = { from, to, attempts: probes.length };
  if (reached) return { ...base, verdict: reached.certain ? meaningOf(to, through.length === probes.length) : 'unknown', allows: summarize(through), path: reached.path };
  const blind = blindSpot(network, from, to);
  if (blind) return { ...base, verdict: 'unknown', allows: [], path: [`${blind.subject} ${blind.why}`] };
  return { ...base, verdict: 'closed', allows: [], path: missed?.path ?? ['there is no way to it'] };
}

/** Whoever is reached on some ports only is reached as somebody declared it. */
function meaningOf({ meaning, kind }: Destination, everything: boolean): Verdict {
  return kind.kind === 'party' && !everything ? 'limited' : meaning;
}

/** What is known without trying. */
function withoutAttempts({ source }: Row, to: Destination): Pick<Cell, 'verdict' | 'allows' | 'path'> | undefined {
  if (source.kind === 'internet') return undefined;
  const { party } = source;
  if (to.kind.kind === 'node') return { verdict: 'limited', allows: ['whatever listens there'], path: ['a pod reaches the node that it runs on, whatever policies say'] };
  if (to.kind.kind === 'metadata') return metadataCell(party);
  if (to.kind.kind === 'dns' && to.kind.what === 'forwarded') {
    const rule = party.placement?.vpc.forwarding[0];
    return rule ? { verdict: 'open', allows: ['dns'], path: [`resolver rule ${rule.rule} sends ${rule.domain === '' ? 'every name' : rule.domain} to ${rule.to}`] } : { verdict: 'closed', allows: [], path: ['no resolver rule'] };
  }
  if (party.placement) return undefined;
  const outside = to.group === 'internet' || to.group === 'dns' || to.group === 'domains';
  return outside ? { verdict: 'open', allows: ['everything'], path: ['it is in no VPC, and so on the internet'] } : { verdict: 'closed', allows: [], path: ['it is in no VPC'] };
}

function metadataCell({ metadata }: Party): Pick<Cell, 'verdict' | 'allows' | 'path'> {
  switch (metadata) {
    case 'none':
      return { verdict: 'closed', allows: [], path: ['nothing answers there'] };
    case 'task-credentials':
      return { verdict: 'limited', allows: ['http 169.254.170.2'], path: ['the credentials of its own task'] };
    case 'instance-v2':
      return { verdict: 'limited', allows: ['http 169.254.169.254'], path: ['the metadata service, with a session token (IMDSv2)'] };
    case 'instance-v1':
      return { verdict: 'open', allows: ['http 169.254.169.254'], path: ['the metadata service, without a session token (IMDSv1)'] };
  }
}

/** Something that is not known and could open the cell. */
function blindSpot({ unknowns }: Network, { source }: Row, to: Destination): Unknown | undefined {
  if (to.meaning === 'limited') return undefined;
  const vpc = source.kind === 'party' ? source.party.placement?.vpc.id : to.kind.kind === 'party' ? to.kind.party.placement?.vpc.id : undefined;
  return unknowns.find((unknown) => unknown.vpc === undefined || unknown.vpc === vpc);
}

/** What got through, by name where there are names: e.g. `tcp 443, 8000-8100`, or `api.example.com: A, AAAA`. */
function summarize(probes: readonly Probe[]): readonly string[] {
  const byName = new Map<string, Probe[]>();
  for (const probe of probes) byName.set(probe.names ?? '', [...(byName.get(probe.names ?? '') ?? []), probe]);
  return [...byName].flatMap(([name, own]) => {
    const parts = [summarizeQueries(own), ...summarizePorts(own)].filter((part) => part !== '');
    return name === '' ? parts : [`${name}: ${parts.join(', ')}`];
  });
}

function summarizeQueries(probes: readonly Probe[]): string {
  return [...new Set(probes.flatMap((probe) => (probe.kind === 'dns' ? [probe.queryType] : [])))].join(', ');
}

/** Ports next to each other as ranges. */
function summarizePorts(probes: readonly Probe[]): readonly string[] {
  const byProtocol = new Map<number, PortRange[]>();
  for (const probe of probes) {
    if (probe.kind === 'connection') byProtocol.set(probe.attempt.protocol, [...(byProtocol.get(probe.attempt.protocol) ?? []), probe.ports]);
  }
  return [...byProtocol].map(([protocol, ranges]) => `${protocolName(protocol)}${hasPorts(protocol) ? ` ${joinPorts(ranges)}` : ''}`);
}

function joinPorts(ranges: readonly PortRange[]): string {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && from <= last.to + 1) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged.map(({ from, to }) => (from === 1 && to === 65_535 ? 'all ports' : from === to ? `${from}` : `${from}-${to}`)).join(', ');
}
