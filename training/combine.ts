import { boundedLogOdds, type Combination, type Evidence } from '../lambda/detection/verdict';
import type { Severity } from '../lambda/detection/types';

/** What the layers said of a definition that the model had not seen, and what it is. */
export interface Weighed {
  readonly evidence: Evidence;
  readonly steers: boolean;
  /** How much it counts. */
  readonly weight: number;
}

/** From mild to grave: a rule of one severity is worth at least what the ones before it are worth. */
const LADDER: readonly Severity[] = ['low', 'medium', 'high', 'critical'];
const [PRIOR, INNOCENCE, SUSPICION, SECOND, HARMLESS, HARMFUL, SEVERITIES] = [0, 1, 2, 3, 4, 5, 6];
const FIXED = SEVERITIES + LADDER.length;

/** How strongly a rule's own worth is drawn to zero, in definitions. */
const SHRINKAGE = 1;
/** What is said about is worth a third of what is said, at most. */
const DISCOUNTS = [0.1, 0.2, 0.3];
const STEPS = 800;
const RATE = 0.05;

/** The combination under which the definitions are likeliest. The same input gives the same answer. */
export function combine(weighed: readonly Weighed[]): Combination {
  const ids = [...new Set(weighed.flatMap(({ evidence }) => evidence.rules.map(({ id }) => id)))].sort();
  const fits = DISCOUNTS.map((discount) => fitWith(weighed, ids, discount));
  return fits.reduce((best, one) => (one.loss < best.loss ? one : best)).combination;
}

interface Row {
  readonly at: readonly number[];
  readonly values: readonly number[];
  readonly steers: number;
  readonly weight: number;
}

function fitWith(weighed: readonly Weighed[], ids: readonly string[], discount: number): { readonly combination: Combination; readonly loss: number } {
  const total = weighed.reduce((sum, { weight }) => sum + weight, 0);
  const rows = weighed.map(({ evidence, steers, weight }) => rowOf(evidence, ids, discount, Number(steers), (weight * weighed.length) / total));
  const severities = severitiesOf(weighed, ids);
  const parameters = new Float64Array(FIXED + ids.length);
  const [mean, square] = [new Float64Array(parameters.length), new Float64Array(parameters.length)];
  let loss = 0;
  for (let step = 1; step <= STEPS; step++) {
    const gradient = new Float64Array(parameters.length);
    loss = 0;
    for (const { at, values, steers, weight } of rows) {
      let logOdds = 0;
      for (let i = 0; i < at.length; i++) logOdds += parameters[at[i]!]! * values[i]!;
      const p = 1 / (1 + Math.exp(-logOdds));
      loss -= weight * Math.log(Math.max(1e-12, steers ? p : 1 - p));
      for (let i = 0; i < at.length; i++) gradient[at[i]!]! += weight * (p - steers) * values[i]!;
    }
    for (let i = 0; i < parameters.length; i++) {
      if (i >= FIXED) {
        gradient[i]! += SHRINKAGE * parameters[i]!;
        loss += (SHRINKAGE / 2) * parameters[i]! ** 2;
      }
      mean[i] = 0.9 * mean[i]! + 0.1 * gradient[i]!;
      square[i] = 0.99 * square[i]! + 0.01 * gradient[i]! ** 2;
      parameters[i]! -= (RATE * mean[i]! / (1 - 0.9 ** step)) / (Math.sqrt(square[i]! / (1 - 0.99 ** step)) + 1e-8);
    }
    keepBounds(parameters, severities);
  }
  return { combination: combinationOf(parameters, ids, discount), loss };
}

function rowOf(evidence: Evidence, ids: readonly string[], discount: number, steers: number, weight: number): Row {
  const model = boundedLogOdds(evidence, 'model', discount);
  const meaning = boundedLogOdds(evidence, 'meaning', discount);
  const at = [PRIOR, model < 0 ? INNOCENCE : SUSPICION, meaning < 0 ? HARMLESS : HARMFUL, SECOND];
  const values = [1, model, meaning, evidence.second];
  for (const { id, severity, discounted } of evidence.rules) {
    const value = discounted ? discount : 1;
    for (let rung = 0; rung <= LADDER.indexOf(severity); rung++) {
      at.push(SEVERITIES + rung);
      values.push(value);
    }
    at.push(FIXED + ids.indexOf(id));
    values.push(value);
  }
  return { at, values, steers, weight };
}

function severitiesOf(weighed: readonly Weighed[], ids: readonly string[]): readonly number[] {
  const severities = new Map(weighed.flatMap(({ evidence }) => evidence.rules.map(({ id, severity }) => [id, LADDER.indexOf(severity)] as const)));
  return ids.map((id) => severities.get(id)!);
}

/** No evidence speaks against itself: suspicion never lowers a score, and neither does a broken rule. */
function keepBounds(parameters: Float64Array, severities: readonly number[]): void {
  for (let i = INNOCENCE; i < FIXED; i++) parameters[i] = Math.max(0, parameters[i]!);
  severities.forEach((severity, i) => {
    let worth = 0;
    for (let rung = 0; rung <= severity; rung++) worth += parameters[SEVERITIES + rung]!;
    parameters[FIXED + i] = Math.max(-worth, parameters[FIXED + i]!);
  });
}

function combinationOf(parameters: Float64Array, ids: readonly string[], discount: number): Combination {
  const round = (value: number) => Math.round(value * 1e4) / 1e4;
  let sum = 0;
  const [low, medium, high, critical] = LADDER.map((_, rung) => round((sum += parameters[SEVERITIES + rung]!)));
  return {
    prior: round(parameters[PRIOR]!),
    innocence: round(parameters[INNOCENCE]!),
    suspicion: round(parameters[SUSPICION]!),
    harmlessMeaning: round(parameters[HARMLESS]!),
    harmfulMeaning: round(parameters[HARMFUL]!),
    second: round(parameters[SECOND]!),
    severities: { info: 0, low: low!, medium: medium!, high: high!, critical: critical! },
    rules: Object.fromEntries(ids.map((id, i) => [id, round(parameters[FIXED + i]!)])),
    discount,
  };
}
