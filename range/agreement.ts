import { formatAddress } from '../network/address';
import { decidesOn } from '../network/answer';
import { createProbeMaker, type AddressPlan, type ConnectionProbe, type Probe } from '../network/attempts';
import type { Destination } from '../network/destination';
import { computeMatrix, isCell, type Matrix, type Row } from '../network/matrix';
import type { Network, Placement } from '../network/model';
import { allowedNames, FOREIGN_ADDRESS, FOREIGN_NAME, serviceName } from '../network/names';
import { address as parse } from '../network/representatives';
import type { Plan } from './compile';
import type { Agent, Speech, Try } from './kernel/agent';
import type { Internet, World } from './kernel/world';

/** Prediction and kernel, side by side. */
export interface Agreement {
  readonly cells: number;
  readonly attempts: number;
  readonly delivered: number;
  readonly disagreements: readonly Disagreement[];
  /** Cells that the range does not build, which are not counted. */
  readonly notTried: readonly string[];
}

export interface Disagreement {
  readonly cell: string;
  readonly attempt: string;
  readonly predicted: string;
  readonly happened: string;
}

/** A predicted attempt, and the packets that try it. */
export interface Trial {
  readonly cell: string;
  readonly predicted: boolean;
  readonly try: Try;
}

/** The matrix for the addresses that the range gave out. */
export function predict(network: Network, plan: Plan): Matrix {
  return computeMatrix(network, addressPlan(network, plan));
}

/** Servers of the internet that the attempts of a matrix go to. */
export function internetOf(network: Network, plan: Plan): Internet {
  const names = Object.fromEntries(allowedNames(network).map(({ name, address }) => [name, address]));
  const addresses = new Set<string>([FOREIGN_ADDRESS, ...Object.values(names)]);
  for (const { probe } of probesOf(network, plan)) {
    if (probe.kind === 'connection' && !probe.attempt.to) addresses.add(formatAddress(probe.attempt.destination));
  }
  const services = Object.fromEntries(plan.services.map(({ name, address }) => [serviceName(name).toLowerCase(), address]));
  const foreign = Object.fromEntries([...addresses].filter((address) => !Object.values(names).includes(address) && !address.includes(':')).map((address) => [nameOfAddress(address), address]));
  return { addresses: [...addresses], names: { ...foreign, ...services, ...names }, fallback: UNRELATED_ADDRESS, authority: AUTHORITY };
}

const AUTHORITY = '198.51.100.53';
/** What a name of nobody in particular resolves to: a server that no attempt goes to. */
const UNRELATED_ADDRESS = '203.0.113.250';

/** A name under which an attacker publishes an address. */
function nameOfAddress(address: string): string {
  return address === FOREIGN_ADDRESS ? FOREIGN_NAME : `a-${address.replaceAll('.', '-')}.${FOREIGN_NAME}`;
}

/**
 * Tries every attempt of every cell with real packets.
 *
 * @param most attempts for each cell, those that should get through first. @default - all of them
 */
export async function measureAgreement(network: Network, plan: Plan, world: World, most = Number.POSITIVE_INFINITY): Promise<Agreement> {
  const notTried: string[] = [];
  const trials = sample([...connectionTrials(network, plan, world, notTried), ...metadataTrials(network, plan, world)], most);
  return { ...(await tryAll(trials, world.agent)), notTried: [...new Set(notTried)] };
}

/** Tries what was predicted, and lists where it came otherwise. */
export async function tryAll(trials: readonly Trial[], agent: Agent): Promise<Omit<Agreement, 'notTried'>> {
  const happened = await Promise.all(trials.map((trial) => agent.attempt(trial.try)));
  const disagreements: Disagreement[] = [];
  let delivered = 0;
  for (const [index, trial] of trials.entries()) {
    const result = happened[index]! || (trial.predicted && (await tryAgain(agent, trial.try)));
    if (result) delivered++;
    if (result === trial.predicted) continue;
    disagreements.push({ cell: trial.cell, attempt: describe(trial.try), predicted: word(trial.predicted), happened: word(result) });
  }
  return { cells: new Set(trials.map(({ cell }) => cell)).size, attempts: trials.length, delivered, disagreements };
}

/** The first of each cell, those that should get through and those that should not. */
export function sample(trials: readonly Trial[], most: number): readonly Trial[] {
  const taken = new Map<string, number>();
  return [...trials]
    .sort((a, b) => Number(b.predicted) - Number(a.predicted))
    .filter(({ cell, predicted }) => {
      const key = `${cell} ${predicted}`;
      taken.set(key, (taken.get(key) ?? 0) + 1);
      return taken.get(key)! <= most;
    });
}

/** A busy machine can lose a packet; it cannot deliver one that is forbidden. */
async function tryAgain(agent: Agent, attempt: Try): Promise<boolean> {
  for (let count = 0; count < 2; count++) if (await agent.attempt(attempt)) return true;
  return false;
}

const word = (delivered: boolean) => (delivered ? 'gets through' : 'is stopped');

function connectionTrials(network: Network, plan: Plan, world: World, notTried: string[]): readonly Trial[] {
  return probesOf(network, plan).flatMap(({ row, to, probe }) => {
    const cell = `${row.name} -> ${to.label}`;
    if (to.kind.kind === 'neighbours' || (to.kind.kind === 'dns' && to.kind.what === 'forwarded')) {
      notTried.push(cell);
      return [];
    }
    const attempt = tryOf(row, to, probe, plan, world);
    const { delivered, sourcePort, certain } = decidesOn(network, to, probe);
    // What is not known is open for the prediction, and nothing that could be built.
    if (delivered && !certain) {
      notTried.push(cell);
      return [];
    }
    // Where the prediction needs a certain port of the sender, that is part of what is tried.
    return attempt ? [{ cell, predicted: delivered, try: attempt.kind === 'tcp' && sourcePort !== undefined ? { ...attempt, sourcePort } : attempt }] : [];
  });
}

function metadataTrials(network: Network, plan: Plan, world: World): readonly Trial[] {
  return network.parties.flatMap((party) => {
    const host = plan.hosts.find(({ owner }) => owner === party.id);
    if (!host) return [];
    const namespace = world.hostOf(host.owner, host.subnet);
    return (['169.254.169.254', '169.254.170.2'] as const).map((address): Trial => ({
      cell: `${party.name} -> metadata service`,
      predicted: party.metadata === 'none' ? false : (party.metadata === 'task-credentials') === (address === '169.254.170.2'),
      try: { kind: 'service', namespace, resolver: plan.dns.address, address, port: 80, foreign: false },
    }));
  });
}

interface CellProbe {
  readonly row: Row;
  readonly to: Destination;
  readonly probe: Probe;
}

function probesOf(network: Network, plan: Plan): readonly CellProbe[] {
  const addresses = addressPlan(network, plan);
  const maker = createProbeMaker(network, addresses);
  const { rows, destinations } = computeMatrix(network, addresses);
  return rows
    .filter(({ source }) => source.kind === 'internet' || source.party.placement !== undefined)
    .flatMap((row) => destinations.filter((to) => isCell(row, to)).flatMap((to) => maker.probes(row.source, to).map((probe) => ({ row, to, probe }))));
}

function addressPlan({ parties, endpoints }: Network, plan: Plan): AddressPlan {
  const owners = new Map<Placement, string>([...parties, ...endpoints].flatMap(({ id, placement }) => (placement ? [[placement, id] as const] : [])));
  return (placement, subnet) => (plan.hosts.find(({ owner, subnet: at }) => owner === owners.get(placement) && at === subnet.id)?.addresses ?? []).map(parse);
}

function tryOf(row: Row, to: Destination, probe: Probe, plan: Plan, world: World): Try | undefined {
  const resolver = plan.dns.address;
  if (probe.kind === 'dns') {
    const host = row.source.kind === 'party' ? plan.hosts.find(({ owner }) => owner === row.id) : undefined;
    return host && { kind: 'dns', namespace: world.hostOf(host.owner, host.subnet), resolver, address: resolver, name: probe.name, type: probe.queryType };
  }
  const { attempt } = probe;
  const namespace = attempt.from.kind === 'internet' ? world.internet : world.hostOf(row.id, attempt.from.subnet.id);
  const address = outsideAddress(attempt, plan);
  if (to.kind.kind === 'endpoint') return { kind: 'service', namespace, resolver, address, port: attempt.port, foreign: to.kind.foreign, ...(probe.lookup !== undefined && { resolve: [probe.lookup] }) };
  const resolve = attempt.to ? [] : [probe.lookup ?? nameOfAddress(address)];
  const base = { namespace, resolver, address, ...(resolve.length > 0 && !address.includes(':') && { resolve }) };
  switch (attempt.protocol) {
    case 6:
      return { ...base, kind: 'tcp', port: attempt.port, speak: speechOf(attempt.application) };
    case 17:
      return { ...base, kind: 'udp', port: attempt.port, speak: speechOf(attempt.application) };
    case 1:
    case 58:
      return { ...base, kind: 'icmp' };
    default:
      return { ...base, kind: 'raw', protocol: attempt.protocol };
  }
}

/** From the internet, somebody is known by a public address; who has none is tried by the private one. */
function outsideAddress({ from, destination }: ConnectionProbe['attempt'], plan: Plan): string {
  const address = formatAddress(destination);
  if (from.kind !== 'internet') return address;
  return plan.publicAddresses.find(({ inside }) => inside === address)?.outside ?? address;
}

function nameIn(application: ConnectionProbe['attempt']['application']): string | undefined {
  if (application.kind === 'http') return application.host;
  return application.kind === 'tls' || application.kind === 'quic' ? application.name : undefined;
}

function speechOf(application: ConnectionProbe['attempt']['application']): Speech {
  const name = nameIn(application);
  return { kind: application.kind, ...(name !== undefined && { name }) };
}

function describe(attempt: Try): string {
  const port = 'port' in attempt ? `:${attempt.port}` : '';
  const said = 'speak' in attempt ? ` ${attempt.speak.kind}${attempt.speak.name === undefined ? '' : ` ${attempt.speak.name}`}` : attempt.kind === 'dns' ? ` ${attempt.type} ${attempt.name}` : attempt.kind === 'raw' ? ` protocol ${attempt.protocol}` : '';
  return `${attempt.kind} ${attempt.address}${port}${said}`;
}
