/**
 * `npm run bench:gateway -- --observability`: what audit, metrics and behaviour cost together, against the same gateway
 * without them; and what the live page and traces cost on top. Alternating in one run, compared round by round. Each round has
 * processes of its own: of two that do the same, one may take a tenth more than the other for as long as it lives, by how V8 came to compile it.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UNREACHABLE_RATES, startGateway } from '../gateway-process';
import { figure, table, type Goal } from '../report';
import { startUpstream, stdioUpstream } from './contenders';
import { createIdentity } from './identity';
import type { Load, Measurement } from './load';
import { POLICIES } from './policies';
import { typical, type Typical } from './statistics';

/**
 * Before each measurement, in milliseconds: of a process that had nothing to do while the others were measured, V8 forgets the code of functions
 * that exist during a call only, and compiles it again in its first second.
 */
const WARM_UP_MS = 2_000;

const CONNECTIONS = [1, 8, 64] as const;
const VARIANTS = ['off', 'on', 'page', 'traced'] as const;
type Variant = (typeof VARIANTS)[number];
type Round = Readonly<Record<(typeof CONNECTIONS)[number], Measurement>>;

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
    const gateway = await startGateway({ name: `bench-observability-${variant}`, mcpServers: { bench: { url: upstream }, 'bench-stdio': stdioUpstream }, policies: POLICIES, config });
    const url = gateway.url('bench');
    return { url, headers: { authorization: `Bearer ${await identity.token(url)}` }, stop: gateway.stop };
  };
  const rounds = new Map<Variant, Round[]>(VARIANTS.map((variant) => [variant, []]));
  for (let round = 0; round < count; round += 1) {
    const order = VARIANTS.map((_, index) => VARIANTS[(index + round) % VARIANTS.length] as Variant);
    const results = new Map<Variant, Partial<Record<number, Measurement>>>(VARIANTS.map((variant) => [variant, {}]));
    const subjects = new Map<Variant, Subject>();
    for (const variant of order) subjects.set(variant, await start(variant));
    const load = (variant: Variant, connections: number, warmUpMs: number, measureMs: number): Load => {
      const { url, headers } = subjects.get(variant) as Subject;
      return { url, headers, traffic: 'modern', connections, warmUpMs, measureMs };
    };
    for (const variant of order) await measure(load(variant, 64, smoke ? 100 : 4_000, 1));
    // One after the other at each number of connections, so that what is compared is close in time.
    for (const connections of CONNECTIONS) {
      for (const variant of order) {
        progress(`observability: round ${round + 1} of ${count}, ${connections} connections, ${NAMES[variant]}`);
        (results.get(variant) as Partial<Record<number, Measurement>>)[connections] = await measure(load(variant, connections, smoke ? 100 : WARM_UP_MS, seconds * 1_000));
      }
    }
    for (const variant of VARIANTS) rounds.get(variant)?.push(results.get(variant) as Round);
    for (const { stop } of subjects.values()) await stop();
  }
  progress('');
  console.log(table('What it costs to be watched: MCP 2026-07-28, medians over the rounds', ['', 'p50 at 1, ms', 'a second at 8', 'of without', 'a second at 64', 'of without'], VARIANTS.map((variant) => rowOf(rounds, variant))));
  const goals = ([8, 64] as const).map((connections) => ({
    name: `requests a second with audit, metrics and behaviour, of those without, ${connections} connections`,
    value: share(rounds, 'on', connections).median,
    limit: 0.9,
    direction: 'at least' as const,
  }));
  return { goals, figures: Object.fromEntries(rounds) };
}

function rowOf(rounds: ReadonlyMap<Variant, Round[]>, variant: Variant): string[] {
  const at = (connections: 8 | 64) => {
    const { median, low, high } = share(rounds, variant, connections);
    return [figure(typical(of(rounds, variant).map((round) => round[connections].requestsPerSecond)).median), variant === 'off' ? '' : `${figure(median)} (${figure(low)} to ${figure(high)})`];
  };
  return [NAMES[variant], figure(typical(of(rounds, variant).map((round) => round[1].p50)).median), ...at(8), ...at(64)];
}

/** Of the requests a second without, in the same round. */
function share(rounds: ReadonlyMap<Variant, Round[]>, variant: Variant, connections: 8 | 64): Typical {
  const without = of(rounds, 'off');
  return typical(of(rounds, variant).map((round, index) => round[connections].requestsPerSecond / (without[index]?.[connections].requestsPerSecond ?? NaN)));
}

function of(rounds: ReadonlyMap<Variant, Round[]>, variant: Variant): readonly Round[] {
  return rounds.get(variant) ?? [];
}

/** Takes spans, and does nothing with them. */
async function startReceiver(): Promise<string> {
  const server = createServer((request, response) => request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{}')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
