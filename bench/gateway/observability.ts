/**
 * `npm run bench:gateway -- --observability`: what audit, metrics and behaviour cost together, against the same gateway
 * without them; and what the live page and traces cost on top. Each round has processes of its own: of two that do the same, one may
 * take a tenth more than the other for as long as it lives, by how V8 came to compile it. In a round each is compared with the one that
 * nobody watches, in turns of half a second: a machine that others use too is not the same one for longer.
 */
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { UNREACHABLE_RATES, startGateway } from '../gateway-process';
import { ROOT } from '../install';
import { figure, table, type Goal } from '../report';
import { startUpstream, stdioUpstream } from './contenders';
import { createIdentity } from './identity';
import type { Load, Measurement } from './load';
import { POLICIES } from './policies';
import { typical, type Typical } from './statistics';

/** Before each measurement, in milliseconds. */
const WARM_UP_MS = 250;
/** Before the first one of a process: until nearly all of its code is compiled, in milliseconds. */
const FIRST_WARM_UP_MS = 6_000;
/** Before two are compared at another number of connections, each. */
const WARM_UP_AGAIN_MS = 2_000;

type Connections = 1 | 8 | 64;
const WATCHED = ['on', 'page', 'traced'] as const;
type Watched = (typeof WATCHED)[number];
type Variant = 'off' | Watched;

/** Times that it is compared in a round, at each number of connections. */
const TURNS: Readonly<Record<Watched, number>> = { on: 4, page: 2, traced: 2 };

/** Two measurements, one after the other. */
interface Turn {
  readonly without: Measurement;
  readonly watched: Measurement;
}

type Compared = Readonly<Record<Connections, readonly Turn[]>>;
type Round = Readonly<Record<Watched, Compared>>;

const NAMES: Readonly<Record<Variant, string>> = { off: 'without', on: 'audit, metrics, behaviour', page: 'the same, and the live page', traced: 'the same, and traces' };

/** No loop, no rate and no size is unusual here: what is measured is watching, and not what is done about a detection. */
const WATCHFUL = { loopCalls: 1_000_000_000, coldCallsPerMinute: 1_000_000_000, sensitivity: 1_000 };

const MODES: Readonly<Record<Variant, (receiver: string) => Readonly<Record<string, unknown>>>> = {
  off: () => ({ metrics: false, page: false }),
  on: () => ({ audit: 'audit.jsonl', behaviour: WATCHFUL, page: false }),
  page: () => ({ audit: 'audit.jsonl', behaviour: WATCHFUL }),
  traced: (endpoint) => ({ audit: 'audit.jsonl', behaviour: WATCHFUL, telemetry: { endpoint } }),
};

/** A gateway that is measured. */
interface Subject extends Pick<Load, 'url' | 'headers'> {
  readonly stop: () => Promise<void>;
}

export interface ObservabilityOptions {
  readonly measure: (load: Load) => Promise<Measurement>;
  readonly seconds: number;
  readonly rounds: number;
  readonly smoke: boolean;
  readonly progress: (text: string) => void;
}

/** Measures, prints the table, and answers the goals with what they were read from. */
export async function benchObservability({ measure, seconds, rounds: count, smoke, progress }: ObservabilityOptions): Promise<{ readonly goals: readonly Goal[]; readonly figures: object }> {
  const upstream = await startUpstream();
  const receiver = await startReceiver();
  const identity = await createIdentity('bench-observability');
  const start = async (variant: Variant): Promise<Subject> => {
    const config = { identity: { ...identity.config, jwks: '../bench-observability/jwks.json' }, limits: { rates: UNREACHABLE_RATES }, ...MODES[variant](receiver) };
    const name = `bench-observability-${variant}`;
    // What earlier rounds and runs recorded.
    await rm(join(ROOT, '.bench', name), { recursive: true, force: true });
    const gateway = await startGateway({ name, mcpServers: { bench: { url: upstream }, 'bench-stdio': stdioUpstream }, policies: POLICIES, config });
    const url = gateway.url('bench');
    return { url, headers: { authorization: `Bearer ${await identity.token(url)}` }, stop: gateway.stop };
  };
  const measured = ({ url, headers }: Subject, connections: Connections, warmUpMs: number, measureMs: number): Promise<Measurement> =>
    measure({ url, headers, traffic: 'modern', connections, warmUpMs: smoke ? 100 : warmUpMs, measureMs });
  const warm = async (variant: Variant): Promise<Subject> => {
    const subject = await start(variant);
    await measured(subject, 64, FIRST_WARM_UP_MS, 1);
    return subject;
  };

  async function compareAt(connections: Connections, off: Subject, watched: Subject, turns: number): Promise<readonly Turn[]> {
    for (const subject of [off, watched]) await measured(subject, connections, WARM_UP_AGAIN_MS, 1);
    const next = (subject: Subject) => measured(subject, connections, WARM_UP_MS, (seconds * 1_000) / TURNS.on);
    const compared: Turn[] = [];
    while (compared.length < turns) {
      // Nobody always comes first.
      const early = compared.length % 2 === 1 ? await next(watched) : undefined;
      const without = await next(off);
      compared.push({ without, watched: early ?? (await next(watched)) });
    }
    return compared;
  }

  const rounds: Round[] = [];
  for (let round = 0; round < count; round += 1) {
    const off = await warm('off');
    // At all numbers of connections before the next one: of a process that has nothing to do for long, V8 forgets compiled code.
    const compared = async (variant: Watched): Promise<Compared> => {
      progress(`observability: round ${round + 1} of ${count}, ${NAMES[variant]}`);
      const watched = await warm(variant);
      const at = (connections: Connections) => compareAt(connections, off, watched, smoke ? 1 : TURNS[variant]);
      const result = { 1: await at(1), 8: await at(8), 64: await at(64) };
      await watched.stop();
      return result;
    };
    rounds.push({ on: await compared('on'), page: await compared('page'), traced: await compared('traced') });
    await off.stop();
  }
  progress('');
  console.log(table('What it costs to be watched: MCP 2026-07-28, medians over all turns (and over those of the lowest and the highest round)', ['', 'p50 at 1, ms', 'a second at 8', 'of without', 'a second at 64', 'of without'], [rowOf(rounds, 'on', 'without'), ...WATCHED.map((variant) => rowOf(rounds, variant, 'watched'))]));
  const goals = ([8, 64] as const).map((connections) => ({
    name: `requests a second with audit, metrics and behaviour, of those without, ${connections} connections`,
    value: share(rounds, 'on', connections).median,
    limit: 0.9,
    direction: 'at least' as const,
  }));
  return { goals, figures: { turns: rounds } };
}

function rowOf(rounds: readonly Round[], variant: Watched, which: keyof Turn): string[] {
  const medianAt = (connections: Connections, of: (measurement: Measurement) => number) => figure(typical(rounds.flatMap((round) => round[variant][connections].map((turn) => of(turn[which])))).median);
  const at = (connections: 8 | 64) => {
    const { median, low, high } = share(rounds, variant, connections);
    return [medianAt(connections, ({ requestsPerSecond }) => requestsPerSecond), which === 'without' ? '' : `${figure(median)} (${figure(low)} to ${figure(high)})`];
  };
  return [NAMES[which === 'without' ? 'off' : variant], medianAt(1, ({ p50 }) => p50), ...at(8), ...at(64)];
}

/** Of the requests a second without, in the same turn: the median of all turns, between the medians of rounds. */
function share(rounds: readonly Round[], variant: Watched, connections: 8 | 64): Typical {
  const shares = rounds.map((round) => round[variant][connections].map(({ without, watched }) => watched.requestsPerSecond / without.requestsPerSecond));
  const { low, high } = typical(shares.map((ofRound) => typical(ofRound).median));
  return { median: typical(shares.flat()).median, low, high };
}

/** Takes spans, and does nothing with them. */
async function startReceiver(): Promise<string> {
  const server = createServer((request, response) => request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{}')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
