import { faded } from './decaying';
import { SIGNALS, type SignalKind } from './signal';

/** What each signal adds to a principal's risk, fading. The same signal again renews its part and does not add to it. */
export type Risk = Readonly<Partial<Record<SignalKind, Part>>>;

interface Part {
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export const NO_RISK: Risk = {};

export function raise(risk: Risk, signals: readonly SignalKind[], now: number): Risk {
  if (signals.length === 0) return risk;
  return { ...risk, ...Object.fromEntries(signals.map((kind) => [kind, { value: SIGNALS[kind].risk, at: now }])) };
}

/** From 0 to 100, whole. */
export function riskAt(risk: Risk, now: number, halfLifeMs: number): number {
  let sum = 0;
  for (const { value, at } of Object.values(risk)) sum += faded(value, at, now, halfLifeMs);
  return Math.min(100, Math.round(sum));
}

/** Whether the signal was raised within the time that it takes to halve: then people know of it. */
export function isRecent(risk: Risk, kind: SignalKind, now: number, halfLifeMs: number): boolean {
  const part = risk[kind];
  return part !== undefined && now - part.at < halfLifeMs;
}

/** Those that still count, the heaviest first. */
export function signalsAt(risk: Risk, now: number, halfLifeMs: number): SignalKind[] {
  const parts = Object.entries(risk) as [SignalKind, Part][];
  return parts
    .map(([kind, part]) => ({ kind, value: faded(part.value, part.at, now, halfLifeMs) }))
    .filter(({ value }) => value >= 5)
    .sort((a, b) => b.value - a.value)
    .map(({ kind }) => kind);
}
