/**
 * `npm run bench:behaviour [-- --smoke]`: how much of what an attacker does in an agent's name is noticed, and how often
 * somebody is bothered by usual work. Everything is drawn from seeds: habits of made-up principals, and attacks on them.
 */
import { parseArgs } from 'node:util';
import type { Detection } from '../../lambda/behaviour';
import { percent, wilson, type Share } from '../poisoning/statistics';
import { conclude, figure, table } from '../report';
import { createRandom } from '../window/random';
import { ATTACKS, type Attack } from './attacks';
import { createPersona, DAY, LEARNING_DAYS, MONDAY, workday } from './persona';
import { Stage } from './stage';
import { watchTeams } from './team';

const MEASURED_DAYS = 10;

interface Outcome {
  readonly detected: readonly string[];
  /** Calls of the attack until the first detection, or undefined. */
  readonly callsUntil: number | undefined;
  /** The highest risk that a policy would have read before the attack's last call. */
  readonly risk: number;
}

function usualWork(principals: number): { readonly alarms: readonly (readonly Detection[])[]; readonly calls: readonly number[]; readonly microseconds: number } {
  const alarms: Detection[][] = [];
  const calls: number[] = [];
  let spentMs = 0;
  let all = 0;
  for (let index = 0; index < principals; index++) {
    const random = createRandom(1_000 + index);
    const persona = createPersona(`p${index}`, random);
    const stage = new Stage();
    for (let day = 0; day < LEARNING_DAYS; day++) for (const act of workday(persona, MONDAY + day * DAY, random)) stage.act(persona.id, act);
    const [learned, before] = [stage.calls, stage.detections.length];
    for (let day = 0; day < MEASURED_DAYS; day++) for (const act of workday(persona, MONDAY + (LEARNING_DAYS + day) * DAY, random)) stage.act(persona.id, act);
    alarms.push(stage.detections.slice(before));
    calls.push(stage.calls - learned);
    spentMs += stage.spentMs;
    all += stage.calls;
  }
  return { alarms, calls, microseconds: (spentMs / all) * 1_000 };
}

function attackOn(attack: Attack, index: number): Outcome {
  const random = createRandom(50_000 + index);
  const persona = createPersona(`v${index}`, random);
  const stage = new Stage();
  for (let day = 0; day < LEARNING_DAYS; day++) for (const act of workday(persona, MONDAY + day * DAY, random)) stage.act(persona.id, act);
  const before = stage.detections.length;
  const start = MONDAY + LEARNING_DAYS * DAY + 10 * 3_600_000;
  const failures = attack.failures?.(random) ?? 0;
  const sourceIp = failures > 0 ? 'ip-attacker' : undefined;
  for (let i = 0; i < failures; i++) stage.fail(start - (failures - i) * 4_000, 'ip-attacker');
  let callsUntil: number | undefined;
  let risk = 0;
  let calls = 0;
  for (const act of attack.acts(persona, start, random)) {
    calls += 1;
    risk = Math.max(risk, stage.act(persona.id, act, sourceIp));
    if (callsUntil === undefined && stage.detections.length > before) callsUntil = calls;
  }
  return { detected: [...new Set(stage.detections.slice(before).map(({ kind }) => kind))], callsUntil, risk };
}

/** Percentile bootstrap over principals: calls of one are not independent of each other. */
function ratePerThousand(alarms: readonly (readonly Detection[])[], calls: readonly number[]): { readonly value: number; readonly low: number; readonly high: number } {
  const random = createRandom(7);
  const rateOf = (chosen: readonly number[]) => (1_000 * sum(chosen.map((index) => alarms[index]?.length ?? 0))) / sum(chosen.map((index) => calls[index] ?? 0));
  const samples = Array.from({ length: 2_000 }, () => rateOf(calls.map(() => random.pick(calls.length)))).sort((a, b) => a - b);
  return { value: rateOf(calls.map((_, index) => index)), low: samples[49] ?? 0, high: samples[1_949] ?? 0 };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function main(): void {
  const { smoke } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } }).values;
  const principals = smoke ? 5 : 100;
  const work = usualWork(principals);
  const rate = ratePerThousand(work.alarms, work.calls);
  const byKind = new Map<string, number>();
  for (const { kind } of work.alarms.flat()) byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
  console.log(table(`Usual work: ${figure(sum(work.calls))} calls of ${principals} principals, after ${LEARNING_DAYS} days to learn`, ['alarm', 'times'], [...byKind].map(([kind, times]) => [kind, String(times)])));
  console.log(`False alarms per 1,000 calls: ${rate.value.toFixed(2)} (95 % ${rate.low.toFixed(2)} to ${rate.high.toFixed(2)}). Time per call: ${work.microseconds.toFixed(1)} us.`);

  const results = ATTACKS.map((attack) => {
    const outcomes = Array.from({ length: principals }, (_, index) => attackOn(attack, index));
    const found: Share = wilson(outcomes.filter(({ callsUntil }) => callsUntil !== undefined).length, outcomes.length);
    const until = outcomes.flatMap(({ callsUntil }) => callsUntil ?? []).sort((a, b) => a - b);
    const risky = wilson(outcomes.filter(({ risk }) => risk >= 50).length, outcomes.length);
    return { name: attack.name, found, risky, medianCalls: until[until.length >> 1], kinds: [...new Set(outcomes.flatMap(({ detected }) => detected))] };
  });
  const rows = results.map(({ name, found, risky, medianCalls, kinds }) => [name, percent(found), String(medianCalls ?? '-'), percent(risky), kinds.join(', ')]);
  console.log(table(`Attacks, ${principals} of each kind`, ['attack', 'detected (95 %)', 'calls until then', 'risk reached 50', 'as'], rows));

  const teams = watchTeams(smoke ? 2 : 30);
  console.log(table(`Tools of ${teams.teams} teams of ${teams.members}, ${teams.days} days after ${LEARNING_DAYS} to learn: ${figure(teams.calls)} calls, ${figure(teams.toolDays)} days of a tool`, ['told of a tool by mistake', 'times'], teams.mistakes.map(([kind, times]) => [kind, String(times)])));
  console.log(table('A tool that changes for everybody, while each call stays usual for whom it is for', ['change', 'told of (95 %)', 'hours until then'], teams.changes.map(({ name, found, medianHours }) => [name, percent(found), medianHours === undefined ? '-' : medianHours.toFixed(1)])));

  const examples = results.slice(0, 4).filter(({ name }) => name !== 'known tools in an unusual order');
  conclude({
    bench: 'behaviour',
    smoke,
    goals: [
      { name: "detected of the paper's three correlation examples", value: Math.min(...examples.map(({ found }) => found.share)) * 100, limit: 95, direction: 'at least', unit: '%' },
      { name: 'false alarms per 1,000 calls', value: rate.value, limit: 2, direction: 'at most' },
    ],
    figures: { principals, calls: sum(work.calls), falseAlarmsPerThousand: rate, falseAlarmsByKind: Object.fromEntries(byKind), microsecondsPerCall: work.microseconds, attacks: results, teams },
  });
}

main();
