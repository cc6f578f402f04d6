const DAY_MS = 86_400_000;
/** The weight of a new value, once there are many. */
const LEAST_WEIGHT = 0.02;
/** Doublings: what varies by less is not unusual, however regular it was before. */
const LEAST_DEVIATION = 0.4;
/** Days without a rise that are room for a later one: a quiet year is none for a thousandfold. */
const MOST_DAYS = 7;

/**
 * What is usual of a quantity, on a scale of doublings (log2). Nobody can teach it much at once: after it was learned, a
 * value counts at most two deviations from the mean, and the mean may rise only by `driftPerDay`, or in one day by what it did not rise in the week before.
 * Changed in place.
 */
export class Baseline {
  count = 0;
  mean = 0;
  variance = 0;
  /** Highest mean that is believed, and when it was. */
  private ceiling = 0;
  private since = 0;

  /** @param needed Values after which it is learned. */
  learn(value: number, now: number, needed: number, driftPerDay: number): void {
    const { mean, variance } = this;
    const known = this.count >= needed;
    const reach = 2 * this.deviation;
    const believed = known ? Math.min(Math.max(value, mean - reach), mean + reach) : value;
    const weight = Math.max(LEAST_WEIGHT, 1 / (this.count + 1));
    const offset = believed - mean;
    const moved = mean + weight * offset;
    const spread = (1 - weight) * (variance + weight * offset * offset);
    this.count += 1;
    if (known) {
      this.ceiling = Math.min(this.ceiling + (driftPerDay * Math.max(0, now - this.since)) / DAY_MS, mean + MOST_DAYS * driftPerDay);
      this.since = Math.max(this.since, now);
      this.mean = Math.min(moved, this.ceiling);
      // The deviation may not grow either: it is the other way to make room for more.
      this.variance = Math.min(spread, Math.max(variance, LEAST_DEVIATION ** 2));
    } else {
      this.mean = moved;
      this.variance = spread;
      this.ceiling = moved;
      this.since = now;
    }
  }

  get deviation(): number {
    return Math.max(LEAST_DEVIATION, Math.sqrt(this.variance));
  }

  /** Deviations that `value` lies above the mean. */
  excess(value: number): number {
    return (value - this.mean) / this.deviation;
  }
}
