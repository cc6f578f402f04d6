import type { Features } from '../lambda/detection/model/features';
import { WEIGHTS } from '../lambda/detection/model/features';
import { weigh } from '../lambda/detection/model/model';
import type { Random } from './random';

export interface Labelled {
  readonly features: Features;
  readonly steers: boolean;
  /** How much it counts. */
  readonly weight: number;
}

export interface Fitted {
  readonly weights: Float32Array;
  readonly bias: number;
}

const PASSES = 12;

/**
 * Logistic regression with an L2 penalty, by coordinate descent in the dual (Yu, Huang, Lin 2011). The same input and
 * random numbers give the same weights.
 *
 * @param cost of an error, against the size of the weights
 */
export function fit(samples: readonly Labelled[], cost: number, random: Random): Fitted {
  const weights = new Float32Array(WEIGHTS);
  const state = { bias: 0 };
  const alphas = new Float64Array(samples.length);
  const norms = samples.map(({ features }) => features.ends.filter((end, i) => end > (features.ends[i - 1] ?? 0)).length + 1);
  const order = samples.map((_, i) => i);
  samples.forEach((sample, i) => {
    alphas[i] = Math.min(0.001 * cost, 1e-8) * sample.weight;
    add(weights, state, sample, (sample.steers ? 1 : -1) * alphas[i]!);
  });
  for (let pass = 0; pass < PASSES; pass++) {
    for (const i of random.shuffle(order)) {
      const sample = samples[i]!;
      const sign = sample.steers ? 1 : -1;
      const limit = cost * sample.weight;
      const margin = sign * (state.bias + weigh(sample.features, weights));
      const alpha = alphas[i]!;
      const next = solve(alpha, limit, margin, norms[i]!);
      if (next === alpha) continue;
      alphas[i] = next;
      add(weights, state, sample, sign * (next - alpha));
    }
  }
  return { weights, bias: state.bias };
}

/** The alpha in (0, limit) where the dual's slope along it is zero, by bisection on a function that only rises. */
function solve(alpha: number, limit: number, margin: number, norm: number): number {
  let low = 0;
  let high = limit;
  for (let i = 0; i < 22; i++) {
    const middle = (low + high) / 2;
    const slope = norm * (middle - alpha) + margin + Math.log(middle / (limit - middle));
    if (slope > 0) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}

function add(weights: Float32Array, state: { bias: number }, { features }: Labelled, by: number): void {
  state.bias += by;
  let at = 0;
  for (const end of features.ends) {
    const share = by / Math.sqrt(end - at || 1);
    for (; at < end; at++) weights[features.indices[at]!]! += share;
  }
}
