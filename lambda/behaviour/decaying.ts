/** A number that halves in a fixed time: a window that slides without a memory of what is in it. */
export interface Decaying {
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export const NOTHING: Decaying = { value: 0, at: 0 };

/** What is left at `now`. Time that goes backwards stands still. */
export function valueAt({ value, at }: Decaying, now: number, halfLifeMs: number): number {
  return now <= at ? value : value * 2 ** ((at - now) / halfLifeMs);
}

export function plus(decaying: Decaying, now: number, halfLifeMs: number, amount: number): Decaying {
  return { value: valueAt(decaying, now, halfLifeMs) + amount, at: Math.max(now, decaying.at) };
}
