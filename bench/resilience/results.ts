import { table, type Goal } from '../report';
import type { Health } from './health';
import type { Ledger } from './ledger';
import { isAsItShould, type CallRecord, type Outcome } from './load';
import { slopePer10k, type MemorySample } from './memory';

/** One stretch of the run, on the clock of the calls. */
export interface Phase {
  readonly name: string;
  readonly began: number;
  /** When the fault was over. */
  readonly over: number;
  readonly until: number;
  readonly answersOfHealth: number;
  /** Calls of the whole run by its end. */
  readonly load: number;
}

export interface Results {
  readonly calls: readonly CallRecord[];
  readonly phases: readonly Phase[];
  readonly ledger: Ledger;
  readonly memory: readonly MemorySample[];
  readonly health: Pick<Health, 'answers' | 'failures'>;
}

const RESTART = 'rolling restart';
const OUTCOMES: readonly Outcome[] = ['served', 'denied', 'unavailable', 'unrecorded', 'lost'];

/** Milliseconds after the end of a fault until every call that began later was answered as it should be. */
export function recoveryOf({ over, until }: Phase, calls: readonly CallRecord[]): number {
  const late = calls.filter((call) => call.began > over && call.ended <= until && !isAsItShould(call));
  return late.reduce((latest, { began }) => Math.max(latest, began - over), 0);
}

export function printPhases(phases: readonly Phase[], calls: readonly CallRecord[]): void {
  const rows = phases.map((phase) => {
    const during = calls.filter(({ began, ended }) => ended >= phase.began && began <= phase.over && ended <= phase.until);
    const count = (outcome: Outcome) => String(during.filter((call) => call.outcome === outcome).length);
    return [phase.name, String(during.length), ...OUTCOMES.map(count), (recoveryOf(phase, calls) / 1000).toFixed(2)];
  });
  console.log(table('While something is wrong', ['', 'calls', 'served', 'denied', 'unavailable', 'not recorded', 'lost', 'recovered after, s'], rows));
}

export function goalsOf({ calls, phases, ledger, memory, health }: Results, smoke: boolean): Goal[] {
  const recoveries = phases.map((phase) => recoveryOf(phase, calls) / 1000);
  const none = (name: string, value: number): Goal => ({ name, value, limit: 0, direction: 'at most' });
  const restart = phases.find(({ name }) => name.startsWith(RESTART));
  const dropped = restart === undefined ? [] : calls.filter((call) => call.kind !== 'stream' && !isAsItShould(call) && call.ended >= restart.began && call.began <= restart.until);
  const quiet = phases.slice(0, 1).flatMap((phase) => calls.filter((call) => call.began >= phase.began && call.ended <= phase.over && !isAsItShould(call)));
  const goals: Goal[] = [
    none('calls that reached the server without a decision that allowed them', ledger.undecided.length),
    none('answered calls without an audit event', ledger.unrecorded.length),
    none('calls with more than one audit event', ledger.doubled.length),
    none('calls that reached the server more than once', ledger.repeated.length),
    none('lines of a log that are torn', ledger.torn),
  ];
  // A short run on a busy machine says nothing of times.
  if (smoke) return goals;
  return [
    ...goals,
    none('calls that went wrong while nothing was wrong', quiet.length),
    none('calls other than streams that a rolling restart lost', dropped.length),
    none('times that an orchestrator would have given up a gateway that was there', health.failures),
    { name: 'slowest recovery', value: Math.max(...recoveries), limit: 10, direction: 'at most', unit: 's' },
    ...memoryGoals(memory),
  ];
}

function memoryGoals(memory: readonly MemorySample[]): Goal[] {
  return [...new Set(memory.map(({ replica }) => replica))].map((replica) => ({
    name: `memory that gateway ${replica + 1} gains with 10,000 calls, after collection`,
    value: slopePer10k(memory.filter((sample) => sample.replica === replica), ({ heapMiB }) => heapMiB),
    limit: 1,
    direction: 'at most',
    unit: 'MiB',
  }));
}
