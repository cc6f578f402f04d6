import type { ArgumentFacts } from './arguments';
import { excess, learn, UNKNOWN, type Baseline } from './baseline';
import { NOTHING, plus, valueAt, type Decaying } from './decaying';
import { isNew, meet, NOBODY, type Familiar } from './familiar';
import type { BehaviourSettings } from './settings';
import type { SignalKind } from './signal';

/** What is remembered of one principal. */
export interface PrincipalHabits {
  readonly calls: number;
  /** Of the first call; 0 before. */
  readonly since: number;
  /** Calls within about a minute. */
  readonly recent: Decaying;
  readonly rate: Baseline;
  readonly loop: Decaying;
  readonly lastCall?: { readonly tool: string; readonly fingerprint: number };
  readonly transitions: Familiar;
  readonly strangeSteps: Decaying;
  readonly destinations: Familiar;
  /** Bytes in the window that is open, when it began, and what is usual of those that are closed. */
  readonly windowBytes: number;
  readonly windowSince: number;
  readonly volume: Baseline;
  /** Sum of what windows were above the usual (CUSUM, Page 1954): finds what is a little too much for long. */
  readonly surplus: number;
  readonly refusals: Decaying;
}

export const NO_HABITS: PrincipalHabits = {
  calls: 0,
  since: 0,
  recent: NOTHING,
  rate: UNKNOWN,
  loop: NOTHING,
  transitions: NOBODY,
  strangeSteps: NOTHING,
  destinations: NOBODY,
  windowBytes: 0,
  windowSince: 0,
  volume: UNKNOWN,
  surplus: 0,
  refusals: NOTHING,
};

/** Habits after something happened, and what was unusual about it. */
export interface Step<Habits> {
  readonly habits: Habits;
  readonly signals: readonly SignalKind[];
}

const MINUTE_MS = 60_000;
/** A burst is no habit, however many calls it has. */
const LEARN_MS = 30 * MINUTE_MS;
/** A decaying count with this half-life and a steady input has the value of about a minute of it. */
const RECENT_HALF_LIFE_MS = MINUTE_MS * Math.LN2;
const LOOP_HALF_LIFE_MS = 120_000;
const STRANGE_HALF_LIFE_MS = 600_000;
const STRANGE_STEPS = 3.5;
const MAX_TRANSITIONS = 128;
const MAX_DESTINATIONS = 64;
/** Fewer than this in a minute are never too many. */
const LEAST_RATE = 20;
const DESTINATIONS_NEEDED = 10;

export function afterCall(habits: PrincipalHabits, tool: string, facts: ArgumentFacts, now: number, settings: BehaviourSettings): Step<PrincipalHabits> {
  const { learnCalls, sensitivity, loopCalls, coldCallsPerMinute, driftPerDay } = settings;
  const signals: SignalKind[] = [];
  const since = habits.since || now;
  const known = habits.calls >= learnCalls && now - since >= LEARN_MS;

  const recent = plus(habits.recent, now, RECENT_HALF_LIFE_MS, 1);
  const level = Math.log2(1 + recent.value);
  if (known ? recent.value > LEAST_RATE && excess(habits.rate, level) > sensitivity : recent.value > coldCallsPerMinute) signals.push('rate');

  const repeats = habits.lastCall?.fingerprint === facts.fingerprint && habits.lastCall.tool === tool;
  const loop = plus(repeats ? habits.loop : NOTHING, now, LOOP_HALF_LIFE_MS, 1);
  // Half of one less: the first ones have faded a little by the time of the last.
  if (loop.value >= loopCalls - 0.5) signals.push('loop');

  let { transitions, strangeSteps, destinations } = habits;
  if (habits.lastCall !== undefined) {
    const step = `${habits.lastCall.tool}>${tool}`;
    if (isNew(transitions, step, now, learnCalls)) {
      signals.push('sequence');
      strangeSteps = plus(strangeSteps, now, STRANGE_HALF_LIFE_MS, 1);
      if (strangeSteps.value >= STRANGE_STEPS) signals.push('unusual_sequence');
    }
    transitions = meet(transitions, step, now, learnCalls, MAX_TRANSITIONS);
  }
  for (const destination of facts.destinations) {
    if (known && isNew(destinations, destination, now, DESTINATIONS_NEEDED)) signals.push('destination');
    destinations = meet(destinations, destination, now, DESTINATIONS_NEEDED, MAX_DESTINATIONS);
  }
  // A principal that never named a destination does so now: no list of known ones is needed to see that.
  if (known && facts.destinations.length > 0 && habits.destinations.met === 0) signals.push('destination');

  const rate = learn(habits.rate, level, now, learnCalls, driftPerDay);
  return { habits: { ...habits, calls: habits.calls + 1, since, recent, rate, loop, lastCall: { tool, fingerprint: facts.fingerprint }, transitions, strangeSteps, destinations }, signals };
}

const WINDOW_MS = 600_000;
const WINDOWS_NEEDED = 12;
/** What a window may be above the usual before it counts, and what the sum may come to; in deviations. */
const SLACK = 1;
const MOST_SURPLUS = 6;
/** A single window counts no more than this. */
const MOST_OF_ONE = 3;

/** Counts what a call moved, in both directions. Windows without a call are no habit. */
export function afterBytes(habits: PrincipalHabits, bytes: number, now: number, { driftPerDay }: BehaviourSettings): Step<PrincipalHabits> {
  if (now - habits.windowSince < WINDOW_MS) return { habits: { ...habits, windowBytes: habits.windowBytes + bytes }, signals: [] };
  const next = { ...habits, windowBytes: bytes, windowSince: now };
  if (habits.windowSince === 0) return { habits: next, signals: [] };
  const level = Math.log2(1 + habits.windowBytes);
  const known = habits.volume.count >= WINDOWS_NEEDED;
  const above = known ? Math.min(excess(habits.volume, level), MOST_OF_ONE) - SLACK : 0;
  const surplus = Math.max(0, habits.surplus + above);
  const volume = learn(habits.volume, level, now, WINDOWS_NEEDED, driftPerDay);
  return { habits: { ...next, volume, surplus: Math.min(surplus, 2 * MOST_SURPLUS) }, signals: surplus > MOST_SURPLUS ? ['volume'] : [] };
}

const REFUSAL_HALF_LIFE_MS = 300_000;
const MANY_REFUSALS = 10;

export function afterRefusal(habits: PrincipalHabits, now: number): Step<PrincipalHabits> {
  const refusals = plus(habits.refusals, now, REFUSAL_HALF_LIFE_MS, 1);
  return { habits: { ...habits, refusals }, signals: refusals.value >= MANY_REFUSALS ? ['refusals'] : [] };
}

/** What is remembered of one tool in the hands of one principal; and of one tool in everybody's. */
export interface ToolHabits {
  readonly shapes: Familiar;
  readonly answer: Baseline;
}

export const NO_TOOL_HABITS: ToolHabits = { shapes: NOBODY, answer: UNKNOWN };

const SHAPES_NEEDED = 20;
const MAX_SHAPES = 32;
const ANSWERS_NEEDED = 20;
/** Doublings above the mean that an answer has to be at least, to be far larger. */
const LEAST_DOUBLINGS = 3;

export function afterShape(habits: ToolHabits, { shape }: ArgumentFacts, now: number): Step<ToolHabits> {
  const signals: SignalKind[] = isNew(habits.shapes, shape, now, SHAPES_NEEDED) ? ['shape'] : [];
  return { habits: { ...habits, shapes: meet(habits.shapes, shape, now, SHAPES_NEEDED, MAX_SHAPES) }, signals };
}

/** @param others what is usual of the tool for everybody: counts while nothing is known of this principal (cold start) */
export function afterAnswer(habits: ToolHabits, others: Baseline, bytes: number, now: number, { sensitivity, coldAnswerBytes, driftPerDay }: BehaviourSettings): Step<ToolHabits> {
  const level = Math.log2(1 + bytes);
  const usual = habits.answer.count >= ANSWERS_NEEDED ? habits.answer : others;
  const unusual = usual.count >= ANSWERS_NEEDED ? excess(usual, level) > sensitivity && level - usual.mean > LEAST_DOUBLINGS : bytes > coldAnswerBytes;
  return { habits: { ...habits, answer: learn(habits.answer, level, now, ANSWERS_NEEDED, driftPerDay) }, signals: unusual ? ['size'] : [] };
}

/** What everybody's use of a tool teaches of its answers. */
export function learnAnswer(others: Baseline, bytes: number, now: number, { driftPerDay }: BehaviourSettings): Baseline {
  return learn(others, Math.log2(1 + bytes), now, ANSWERS_NEEDED, driftPerDay);
}

/** Failures of authentication from one address. */
export function afterFailure(failures: Decaying, now: number): Decaying {
  return plus(failures, now, STRANGE_HALF_LIFE_MS, 1);
}

export function succeedsSuspiciously(failures: Decaying, now: number, { failuresBeforeSuccess }: BehaviourSettings): boolean {
  return valueAt(failures, now, STRANGE_HALF_LIFE_MS) >= failuresBeforeSuccess - 0.5;
}
