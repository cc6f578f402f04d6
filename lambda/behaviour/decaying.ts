/** What is left of a value of `at`, at `now`. Time that goes backwards stands still. */
export function faded(value: number, at: number, now: number, halfLifeMs: number): number {
  return now <= at ? value : value * 2 ** ((at - now) / halfLifeMs);
}

/** A number that halves in a fixed time: a window that slides without a memory of what is in it. Changed in place. */
export class Decaying {
  value = 0;
  /** Milliseconds since the epoch. */
  at = 0;

  valueAt(now: number, halfLifeMs: number): number {
    return faded(this.value, this.at, now, halfLifeMs);
  }

  /** Answers what it comes to. */
  add(now: number, halfLifeMs: number, amount: number): number {
    this.value = this.valueAt(now, halfLifeMs) + amount;
    if (now > this.at) this.at = now;
    return this.value;
  }
}
