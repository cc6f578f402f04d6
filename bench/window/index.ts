/**
 * `npm run bench:window [-- --smoke]`: how large the window is in which somebody who has taken over an agent could call a tool.
 *
 * - The integral over a working day of the (principal, tool) pairs whose call would be allowed, asked of the decision function
 *   on a virtual clock, under four regimes; and how long after a task its tools can still be called.
 * - Wall clock from a revocation to the last call that was served, with one and four instances.
 * - Replays of stolen tokens that succeed.
 */
import { parseArgs } from 'node:util';
import { conclude, figure, table } from '../report';
import { liveDay, type DayResult } from './day';
import { GRANTS, HOURLY, PACKAGED, STANDING, type Regime } from './regimes';
import { tryReplays } from './replay';
import { measureRevocation } from './revocation';
import { toolsOf, WORKLOAD, type Workload } from './workload';

interface Window {
  readonly regime: string;
  /** Pairs times hours, all tools. */
  readonly pairHours: number;
  /** The same of tools that may destroy something. */
  readonly destructivePairHours: number;
  readonly afterTaskMs: readonly number[];
  readonly served: number;
  readonly refused: number;
  readonly asked: number;
}

async function measure(workload: Workload, regime: Regime): Promise<Window> {
  const days: DayResult[] = [];
  for (let agent = 0; agent < workload.agents; agent += 1) days.push(await liveDay(workload, regime, agent));
  const isDestructive = toolsOf(workload).map(({ annotations }) => annotations?.destructiveHint === true);
  const hours = (matches: (tool: number) => boolean) => days.reduce((sum, { allowedMs }) => sum + allowedMs.reduce((all, ms, tool) => all + (matches(tool) ? ms : 0), 0), 0) / 3_600_000;
  return {
    regime: regime.name,
    pairHours: hours(() => true),
    destructivePairHours: hours((tool) => isDestructive[tool] === true),
    afterTaskMs: days.flatMap(({ afterTaskMs }) => afterTaskMs),
    served: days.reduce((sum, { served }) => sum + served, 0),
    refused: days.reduce((sum, { refused }) => sum + refused, 0),
    asked: days.reduce((sum, { asked }) => sum + asked, 0),
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** By how much it is smaller, percent. */
function reduction(of: number, from: number): number {
  return 100 * (1 - of / from);
}

function exact(value: number): string {
  return value.toFixed(3);
}

/** Each parameter by itself, much smaller and much larger than in the model. */
const VARIATIONS: readonly (readonly [string, Partial<Workload>])[] = [
  ['as the model has it', {}],
  ['grants of 1 minute', { grantSeconds: 60 }],
  ['grants of 15 minutes', { grantSeconds: 900 }],
  ['one task an hour', { tasksPerHour: 1 }],
  ['six tasks an hour', { tasksPerHour: 6 }],
  ['two calls a task', { callsPerTask: 2 }],
  ['eight calls a task', { callsPerTask: 8 }],
  ['people decide in 10 s', { decideSeconds: 10 }],
  ['people decide in 3 min', { decideSeconds: 180 }],
  ['clients look every 0.4 s', { pickupSeconds: 0.4 }],
  ['clients look every 15 s', { pickupSeconds: 15 }],
  ['every grant is used', { abandoned: 0 }],
  ['one grant of five is not used', { abandoned: 0.2 }],
  ['a role of 6 tools', { tools: 6 }],
  ['a role of 60 tools', { tools: 60 }],
  ['another seed', { seed: 1 }],
];

async function main(): Promise<void> {
  const { smoke } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } }).values;
  const workload: Workload = smoke ? { ...WORKLOAD, agents: 2, hours: 2, tools: 8 } : WORKLOAD;

  const windows: Window[] = [];
  for (const regime of [STANDING, HOURLY, PACKAGED, GRANTS]) windows.push(await measure(workload, regime));
  const [standing, , packaged, grants] = windows as [Window, Window, Window, Window];
  console.log(
    table(
      `Access that ${workload.agents} agents would have had to ${workload.tools} tools over a day of ${workload.hours} hours`,
      ['regime', 'pair-hours', 'smaller by', 'destructive', 'smaller by', 'calls served', 'refused', 'asked'],
      windows.map((window) => [
        window.regime,
        exact(window.pairHours),
        `${exact(reduction(window.pairHours, standing.pairHours))} %`,
        exact(window.destructivePairHours),
        `${exact(reduction(window.destructivePairHours, standing.destructivePairHours))} %`,
        figure(window.served),
        figure(window.refused),
        figure(window.asked),
      ]),
    ),
  );
  console.log(
    table(
      'From the end of a task until a call of one of its tools is refused, seconds',
      ['regime', 'p50', 'p90', 'p99', 'longest'],
      windows.map(({ regime, afterTaskMs }) => [regime, ...[0.5, 0.9, 0.99, 1].map((share) => figure(quantile(afterTaskMs, share) / 1_000))]),
    ),
  );

  const sensitivity = [];
  for (const [name, change] of VARIATIONS.slice(0, smoke ? 2 : undefined)) {
    const varied = { ...workload, agents: smoke ? 1 : 4, ...change };
    const [wide, narrow] = [await measure(varied, STANDING), await measure(varied, GRANTS)];
    sensitivity.push({ name, percent: reduction(narrow.pairHours, wide.pairHours), pairSeconds: narrow.pairHours * 3_600, served: narrow.served });
  }
  console.log(
    table('How much the parameters of the model matter: grants for every tool', ['changed', 'smaller by', 'pair-seconds', 'calls served'], sensitivity.map(({ name, percent, pairSeconds, served }) => [name, `${exact(percent)} %`, figure(pairSeconds), figure(served)])),
  );

  const rounds = smoke ? 6 : 150;
  const revocations: { readonly instances: number; readonly delays: readonly number[] }[] = [];
  for (const instances of [1, 4]) revocations.push({ instances, delays: await measureRevocation(instances, rounds) });
  console.log(
    table('From a revocation to the last call that was served, milliseconds', ['instances', 'rounds', 'p50', 'p99', 'longest'], revocations.map(({ instances, delays }) => [String(instances), String(delays.length), ...[0.5, 0.99, 1].map((share) => figure(quantile(delays, share)))])),
  );

  const replays = await tryReplays(smoke ? 5 : 100);
  console.log(
    table('Stolen tokens', ['token', 'who and how', 'tried', 'served'], replays.flatMap(({ kind, own, stolen }) => [[kind, 'its owner', figure(own.tried), figure(own.served)], ...stolen.map(({ way, tried, served }) => [kind, `a thief, ${way}`, figure(tried), figure(served)])])),
  );

  const bound = replays.filter(({ kind }) => kind !== 'bearer');
  const p99 = Math.max(...revocations.map(({ delays }) => quantile(delays, 0.99)));
  conclude({
    bench: 'window',
    smoke,
    goals: [
      { name: 'what grants for every tool leave of standing access', value: 100 - reduction(grants.pairHours, standing.pairHours), limit: 1, direction: 'at most', unit: '%' },
      { name: 'what policies/zero-trust leaves of it to destructive tools', value: 100 - reduction(packaged.destructivePairHours, standing.destructivePairHours), limit: 1, direction: 'at most', unit: '%' },
      { name: 'most that is left in the sensitivity table', value: 100 - Math.min(...sensitivity.map(({ percent }) => percent)), limit: 10, direction: 'at most', unit: '%' },
      { name: 'replays of bound tokens that were served', value: bound.reduce((sum, { stolen }) => sum + stolen.reduce((all, { served }) => all + served, 0), 0), limit: 0, direction: 'at most' },
      { name: 'calls of their owners that were refused', value: replays.reduce((sum, { own }) => sum + own.tried - own.served, 0), limit: 0, direction: 'at most' },
      { name: 'from a revocation to the last call served, p99', value: p99, limit: 1_000, direction: 'at most', unit: 'ms' },
    ],
    figures: {
      windows: windows.map(({ afterTaskMs, ...rest }) => ({ ...rest, afterTaskP99Ms: quantile(afterTaskMs, 0.99) })),
      sensitivity,
      revocations: revocations.map(({ instances, delays }) => ({ instances, p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) })),
      replays,
    },
  });
}

void main();
