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
/** Before the first one of a process: until its code is compiled, in milliseconds. */
const FIRST_WARM_UP_MS = 4_000;
/** Before two are compared, each: of a process that had nothing to do for a while, V8 forgets the code of functions that exist during a call only. */
const WARM_UP_AGAIN_MS = 1_000;

type Connections = 1 | 8 | 64;
const WATCHED = ['on', 'page', 'traced'] as const;
type Watched = (typeof WATCHED)[number];
const VARIANTS = ['off', ...WATCHED] as const;
type Variant = (typeof VARIANTS)[number];

/** Times that it is compared in a round, at each number of connections. */
const TURNS: Readonly<Record<Watched, number>> = { on: 4, page: 2, traced: 2 };

/** Two measurements, one after the other. */
interface Turn {
  readonly without: Measurement;
  readonly watched: Measurement;
}

type Round = Readonly<Record<Connections, Readonly<Record<Watched, readonly Turn[]>>>>;

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
  const rounds: Round[] = [];
  for (let round = 0; round < count; round += 1) {
    const subjects = new Map<Variant, Subject>();
    for (const variant of VARIANTS) subjects.set(variant, await start(variant));
    const measured = (variant: Variant, connections: Connections, warmUpMs: number, measureMs: number): Promise<Measurement> => {
      const { url, headers } = subjects.get(variant) as Subject;
      return measure({ url, headers, traffic: 'modern', connections, warmUpMs: smoke ? 100 : warmUpMs, measureMs });
    };
    const compared = async (variant: Watched, connections: Connections): Promise<Turn[]> => {
      progress(`observability: round ${round + 1} of ${count}, ${connections} connections, ${NAMES[variant]}`);
      const turns: Turn[] = [];
      const next = (which: Variant) => measured(which, connections, WARM_UP_MS, (seconds * 1_000) / TURNS.on);
      for (const which of ['off', variant] as const) await measured(which, connections, WARM_UP_AGAIN_MS, 1);
      for (let turn = 0; turn < (smoke ? 1 : TURNS[variant]); turn += 1) {
        // Nobody always comes first.
        if (turn % 2 === 0) turns.push({ without: await next('off'), watched: await next(variant) });
        else {
          const watched = await next(variant);
          turns.push({ without: await next('off'), watched });
        }
      }
      return turns;
    };
    const comparedAt = async (connections: Connections) => ({ on: await compared('on', connections), page: await compared('page', connections), traced: await compared('traced', connections) });
    for (const variant of VARIANTS) await measured(variant, 64, FIRST_WARM_UP_MS, 1);
    rounds.push({ 1: await comparedAt(1), 8: await comparedAt(8), 64: await comparedAt(64) });
    for (const { stop } of subjects.values()) await stop();
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
  const medianAt = (connections: Connections, of: (measurement: Measurement) => number) => figure(typical(rounds.flatMap((round) => round[connections][variant].map((turn) => of(turn[which])))).median);
  const at = (connections: 8 | 64) => {
    const { median, low, high } = share(rounds, variant, connections);
    return [medianAt(connections, ({ requestsPerSecond }) => requestsPerSecond), which === 'without' ? '' : `${figure(median)} (${figure(low)} to ${figure(high)})`];
  };
  return [NAMES[which === 'without' ? 'off' : variant], medianAt(1, ({ p50 }) => p50), ...at(8), ...at(64)];
}

/** Of the requests a second without, in the same turn: the median of all turns, between the medians of rounds. */
function share(rounds: readonly Round[], variant: Watched, connections: 8 | 64): Typical {
  const shares = rounds.map((round) => round[connections][variant].map(({ without, watched }) => watched.requestsPerSecond / without.requestsPerSecond));
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
