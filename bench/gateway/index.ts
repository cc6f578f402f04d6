/**
 * `npm run bench:gateway [-- --seconds N --rounds N --smoke --only modern]`: what a call costs, and how many can be made,
 * directly and through mcp-proxy, a bare reverse proxy and our gateway with every control on. Alternating in one run.
 * With `--observability`: our gateway with audit, metrics and behaviour on against off.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { conclude, figure, table, type Goal } from '../report';
import { startContenders, type Contender, type ContenderId } from './contenders';
import { TRAFFICS, type Load, type Measurement, type Traffic } from './load';
import { benchObservability } from './observability';
import { typical, type Typical } from './statistics';

/** At once. Latency is taken at 1, throughput at the others. */
type Connections = 1 | 8 | 64;

/** Before each measurement, at least, in milliseconds. */
const WARM_UP_MS = 500;
/** Before the first one: until the code of all processes is compiled, in milliseconds. */
const FIRST_WARM_UP_MS = 3_000;

/** One contender in one round. */
type Round = Readonly<Record<Connections, Measurement>>;
type Rounds = ReadonlyMap<ContenderId, Round[]>;
type Measure = (load: Load) => Promise<Measurement>;

interface Options {
  readonly seconds: number;
  readonly rounds: number;
  readonly smoke: boolean;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '5' },
      smoke: { type: 'boolean', default: false },
      only: { type: 'string' },
      observability: { type: 'boolean', default: false },
      'gateway-node-options': { type: 'string' },
    },
  });
  const { smoke } = values;
  const options = { smoke, seconds: smoke ? 0.3 : positive(values.seconds), rounds: smoke ? 1 : positive(values.rounds) };
  if (values.observability) {
    const { goals, figures } = await benchObservability({ ...options, measure: startLoadGenerator(), progress });
    conclude({ bench: 'gateway-observability', goals, figures: { machine: machine(), ...options, ...figures }, smoke });
    return;
  }
  const traffics = TRAFFICS.filter((traffic) => values.only === undefined || values.only === traffic);
  const contenders = await startContenders({ gatewayNodeOptions: values['gateway-node-options']?.split(' ') });
  const measure = startLoadGenerator();

  const goals: Goal[] = [];
  const figures: Record<string, unknown> = { machine: machine(), ...options };
  console.log(`On ${machine()}. The load, the upstream and each proxy are processes of their own and share the cores.`);
  for (const traffic of traffics) {
    const rounds = await measureAll(contenders, traffic, measure, options);
    console.log(latencyTable(contenders, traffic, rounds));
    console.log(throughputTable(contenders, traffic, rounds));
    figures[traffic] = Object.fromEntries(rounds);
    if (traffic === 'modern') goals.push(...goalsOf(rounds));
  }
  conclude({ bench: 'gateway', goals, figures, smoke });
}

function startLoadGenerator(): Measure {
  const child = fork(join(__dirname, 'load-generator.ts'), { execArgv: ['--import', 'tsx'] });
  return async (load) => {
    child.send(load);
    const [answer] = (await once(child, 'message')) as [{ measurement?: Measurement; error?: string }];
    if (answer.measurement === undefined) throw new Error(`${load.url}: ${answer.error}`);
    return answer.measurement;
  };
}

async function measureAll(
  contenders: readonly Contender[],
  traffic: Traffic,
  measure: Measure,
  { seconds, rounds: count, smoke }: Options,
): Promise<Rounds> {
  const rounds = new Map(contenders.map(({ id }) => [id, [] as Round[]]));
  const load = ({ url, headers }: Contender, connections: Connections, warmUpMs: number, measureMs: number): Load => ({
    url,
    traffic,
    headers,
    connections,
    warmUpMs,
    measureMs,
  });
  for (const contender of contenders) {
    progress(`${traffic}: warming up ${contender.name}`);
    await measure(load(contender, 8, smoke ? 100 : FIRST_WARM_UP_MS, 1));
  }
  for (let round = 0; round < count; round++) {
    // Nobody always comes first or after the same one.
    const order = contenders.map((_, index) => contenders[(index + round) % contenders.length]).filter((it) => it !== undefined);
    for (const contender of round % 2 === 0 ? order : order.reverse()) {
      progress(`${traffic}: round ${round + 1} of ${count}, ${contender.name}`);
      const at = async (connections: Connections) =>
        measure(load(contender, connections, smoke ? 100 : WARM_UP_MS, seconds * 1000));
      rounds.get(contender.id)?.push({ 1: await at(1), 8: await at(8), 64: await at(64) });
    }
  }
  progress('');
  return rounds;
}

function latencyTable(contenders: readonly Contender[], traffic: Traffic, rounds: Rounds): string {
  const rows = contenders.map(({ id, name }) => {
    const p50 = over(rounds, id, (round) => round[1].p50);
    return [
      `(${id}) ${name}`,
      figure(p50.median),
      interval(p50),
      figure(over(rounds, id, (round) => round[1].p95).median),
      figure(over(rounds, id, (round) => round[1].p99).median),
      id === 'a' ? '-' : figure(added(rounds, id).median),
      id === 'a' ? '' : interval(added(rounds, id)),
    ];
  });
  const header = ['', 'p50', 'lowest to highest round', 'p95', 'p99', 'added p50', 'lowest to highest round'];
  return table(`${title(traffic)}: latency of one call over 1 connection, milliseconds`, header, rows);
}

function throughputTable(contenders: readonly Contender[], traffic: Traffic, rounds: Rounds): string {
  const rows = contenders.map(({ id, name }) => [
    `(${id}) ${name}`,
    ...([8, 64] as const).flatMap((connections) => {
      const perSecond = over(rounds, id, (round) => round[connections].requestsPerSecond);
      return [figure(perSecond.median), interval(perSecond)];
    }),
  ]);
  const header = ['', 'at 8', 'lowest to highest round', 'at 64', 'lowest to highest round'];
  return table(`${title(traffic)}: requests a second over 8 and 64 connections`, header, rows);
}

function goalsOf(rounds: Rounds): Goal[] {
  const perSecond = (id: ContenderId, connections: Connections) =>
    over(rounds, id, (round) => round[connections].requestsPerSecond).median;
  const p50 = (id: ContenderId) => over(rounds, id, (round) => round[1].p50).median;
  return [
    {
      name: 'latency that (d) adds, as a share of what (b) adds (p50)',
      value: added(rounds, 'd').median / added(rounds, 'b').median,
      limit: 0.5,
      direction: 'at most',
    },
    {
      name: 'latency of (d), in latencies of (c) (p50)',
      value: p50('d') / p50('c'),
      limit: 1.5,
      direction: 'at most',
    },
    ...([8, 64] as const).map((connections) => ({
      name: `requests a second of (d), in those of (b), ${connections} connections`,
      value: perSecond('d', connections) / perSecond('b', connections),
      limit: 2,
      direction: 'at least' as const,
    })),
  ];
}

/** What the way through `id` adds to the direct one, round by round. */
function added(rounds: Rounds, id: ContenderId): Typical {
  const direct = rounds.get('a') ?? [];
  return typical((rounds.get(id) ?? []).map((round, index) => round[1].p50 - (direct[index]?.[1].p50 ?? NaN)));
}

function over(rounds: Rounds, id: ContenderId, pick: (round: Round) => number): Typical {
  return typical((rounds.get(id) ?? []).map(pick));
}

function interval({ low, high }: Typical): string {
  return `${figure(low)} to ${figure(high)}`;
}

function title(traffic: Traffic): string {
  return traffic === 'modern' ? 'MCP 2026-07-28, stateless' : 'MCP 2025-11-25, in sessions';
}

function machine(): string {
  return `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}, Node.js ${process.versions.node}`;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`Expected a number above 0, found ${text}.`);
  return value;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
