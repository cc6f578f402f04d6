/**
 * What is usual of a quantity, on a scale of doublings (log2). Nobody can teach it much at once: after it was learned, a
 * value counts at most two deviations from the mean, and the mean may rise only `driftPerDay` above where it once was.
 */
export interface Baseline {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
  /** Highest mean that is believed, and since when. */
  readonly ceiling: number;
  readonly since: number;
}

export const UNKNOWN: Baseline = { count: 0, mean: 0, variance: 0, ceiling: 0, since: 0 };

const DAY_MS = 86_400_000;
/** The weight of a new value, once there are many. */
const LEAST_WEIGHT = 0.02;
/** Doublings: what varies by less is not unusual, however regular it was before. */
const LEAST_DEVIATION = 0.4;

export function learn(baseline: Baseline, value: number, now: number, needed: number, driftPerDay: number): Baseline {
  const { count, mean, variance, ceiling, since } = baseline;
  const known = count >= needed;
  const most = mean + 2 * deviationOf(baseline);
  const believed = known ? Math.min(Math.max(value, mean - 2 * deviationOf(baseline)), most) : value;
  const weight = Math.max(LEAST_WEIGHT, 1 / (count + 1));
  const offset = believed - mean;
  const moved = mean + weight * offset;
  const spread = (1 - weight) * (variance + weight * offset * offset);
  if (!known) return { count: count + 1, mean: moved, variance: spread, ceiling: moved, since: now };
  const allowed = ceiling + (driftPerDay * Math.max(0, now - since)) / DAY_MS;
  // The deviation may not grow either: it is the other way to make room for more.
  return { count: count + 1, mean: Math.min(moved, allowed), variance: Math.min(spread, Math.max(variance, LEAST_DEVIATION ** 2)), ceiling, since };
}

export function deviationOf({ variance }: Baseline): number {
  return Math.max(LEAST_DEVIATION, Math.sqrt(variance));
}

/** Deviations that `value` lies above the mean. */
export function excess(baseline: Baseline, value: number): number {
  return (value - baseline.mean) / deviationOf(baseline);
}
