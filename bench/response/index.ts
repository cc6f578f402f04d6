/**
 * `npm run bench:response [-- --smoke]`: from an event that tells of an incident to its containment, per playbook, and back.
 *
 * Everything is real but AWS: gateways that are called without pause, a server behind them, the tables on DynamoDB's own protocol
 * (dynalite), the same mapping of events and the same playbooks. Containment is when the last call was served that any gateway
 * serves. What EventBridge, Step Functions and the start of functions add in AWS is not in it.
 */
import { parseArgs } from 'node:util';
import { INCIDENT_KINDS, stateOf, type IncidentKind } from '../../lambda/response';
import { conclude, figure, table } from '../report';
import { EVENTS } from './events';
import { startStand, type ResponseStand } from './stand';

interface Measured {
  readonly kind: IncidentKind;
  readonly instances: number;
  /** From the event to the last call that was served, milliseconds, a round each. */
  readonly contained: readonly number[];
  /** From the event to the end of the whole playbook, evidence and word to people with it. */
  readonly finished: readonly number[];
  /** From the undo to the first call that every gateway served again. */
  readonly restored: readonly number[];
}

const REFUSALS_IN_A_ROW = 3;
let rounds = 0;

async function measure(stand: ResponseStand, kind: IncidentKind, instances: number, count: number): Promise<Measured> {
  const contained: number[] = [];
  const finished: number[] = [];
  const restored: number[] = [];
  for (let round = 0; round < count; round += 1) {
    rounds += 1;
    await untilServed(stand, instances);
    const incident = EVENTS[kind](rounds, Date.now());
    const begun = performance.now();
    let lastServed = begun;
    const callers = Array.from({ length: instances }, async (_, index) => {
      for (let refusals = 0; refusals < REFUSALS_IN_A_ROW; ) {
        if (await stand.call(index)) [lastServed, refusals] = [Math.max(lastServed, performance.now()), 0];
        else refusals += 1;
      }
    });
    const done = await stand.responder.respond(incident);
    finished.push(performance.now() - begun);
    if (stateOf(done) !== 'contained') throw new Error(`${kind} was not contained: ${JSON.stringify(done.actions.map(({ state, outcome }) => [state, outcome]))}`);
    await Promise.all(callers);
    contained.push(lastServed - begun);
    const undoing = performance.now();
    await stand.responder.undoAll(incident.id, 'bench', 'bench');
    await untilServed(stand, instances);
    restored.push(performance.now() - undoing);
  }
  return { kind, instances, contained, finished, restored };
}

async function untilServed(stand: ResponseStand, instances: number): Promise<void> {
  for (let index = 0; index < instances; index += 1) while (!(await stand.call(index))) await new Promise((resolve) => setTimeout(resolve, 10));
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

async function main(): Promise<void> {
  const { smoke } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } }).values;
  const measured: Measured[] = [];
  for (const instances of smoke ? [1] : [1, 4]) {
    const stand = await startStand(instances);
    try {
      for (const kind of INCIDENT_KINDS) measured.push(await measure(stand, kind, instances, smoke ? 2 : 12));
    } finally {
      await stand.close();
    }
  }
  const row = (values: readonly number[]) => [0.5, 0.95, 1].map((share) => figure(quantile(values, share)));
  console.log(
    table(
      'From an event to the last call that was served, to the end of the playbook, and from its undo to the first call; milliseconds',
      ['playbook', 'gateways', 'rounds', 'p50', 'p95', 'longest', 'finished p50', 'p95', 'longest', 'undone p50', 'p95', 'longest'],
      measured.map(({ kind, instances, contained, finished, restored }) => [kind, String(instances), String(contained.length), ...row(contained), ...row(finished), ...row(restored)]),
    ),
  );
  const worst = (share: number, of: (one: Measured) => boolean) => Math.max(...measured.filter(of).map(({ contained }) => quantile(contained, share)));
  const isPoisoning = ({ kind }: Measured) => kind === 'tool_poisoning';
  conclude({
    bench: 'response',
    smoke,
    goals: [
      { name: 'blocked by the kill switch, p50 of the slowest playbook', value: worst(0.5, (one) => !isPoisoning(one)), limit: 500, direction: 'at most', unit: 'ms' },
      { name: 'blocked by the kill switch, p95', value: worst(0.95, (one) => !isPoisoning(one)), limit: 1_000, direction: 'at most', unit: 'ms' },
      { name: 'quarantined in the registry, p50', value: worst(0.5, isPoisoning), limit: 1_500, direction: 'at most', unit: 'ms' },
      { name: 'quarantined in the registry, p95', value: worst(0.95, isPoisoning), limit: 2_000, direction: 'at most', unit: 'ms' },
    ],
    figures: measured.map(({ kind, instances, contained, finished, restored }) => ({
      kind,
      instances,
      rounds: contained.length,
      containedP50Ms: quantile(contained, 0.5),
      containedP95Ms: quantile(contained, 0.95),
      finishedP50Ms: quantile(finished, 0.5),
      finishedP95Ms: quantile(finished, 0.95),
      restoredP50Ms: quantile(restored, 0.5),
      restoredP95Ms: quantile(restored, 0.95),
    })),
  });
}

void main();
