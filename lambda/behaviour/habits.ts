import type { ArgumentFacts } from './arguments';
import { Baseline } from './baseline';
import { Decaying } from './decaying';
import { Familiar } from './familiar';
import { NO_RISK, type Risk } from './risk';
import type { BehaviourSettings } from './settings';
import type { SignalKind } from './signal';

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
const WINDOW_MS = 600_000;
const WINDOWS_NEEDED = 12;
/** What a window may be above the usual before it counts, and what the sum may come to; in deviations. */
const SLACK = 1;
const MOST_SURPLUS = 6;
/** A single window counts no more than this. */
const MOST_OF_ONE = 3;
const REFUSAL_HALF_LIFE_MS = 300_000;
const MANY_REFUSALS = 10;
const NO_TOOL = -1;

/** What is remembered of one principal. Changed in place; what is unusual is added to `signals`. */
export class PrincipalHabits {
  risk: Risk = NO_RISK;
  /** When people were told last of several signals together. */
  combinedAt = -Infinity;
  private calls = 0;
  /** Of the first call; 0 before. */
  private since = 0;
  /** Calls within about a minute. */
  private readonly recent = new Decaying();
  private readonly rate = new Baseline();
  private readonly loop = new Decaying();
  private lastTool = NO_TOOL;
  private lastArguments: string | undefined;
  private readonly transitions = new Familiar<number>();
  private readonly strangeSteps = new Decaying();
  private readonly destinations = new Familiar<string>();
  /** Bytes in the window that is open, when it began, and what is usual of those that are closed. */
  private windowBytes = 0;
  private windowSince = 0;
  private readonly volume = new Baseline();
  /** Sum of what windows were above the usual (CUSUM, Page 1954): finds what is a little too much for long. */
  private surplus = 0;
  private readonly refusals = new Decaying();

  /** @param number Of this principal among all that are remembered. */
  constructor(readonly number: number) {}

  /**
   * @param tool The number of the tool.
   * @param argumentsDigest Those without one count as equal: they are unusual enough.
   */
  afterCall(tool: number, { destinations }: ArgumentFacts, argumentsDigest: string | undefined, now: number, settings: BehaviourSettings, signals: SignalKind[]): void {
    const { learnCalls, sensitivity, loopCalls, coldCallsPerMinute, driftPerDay } = settings;
    this.since ||= now;
    const known = this.calls >= learnCalls && now - this.since >= LEARN_MS;

    const recent = this.recent.add(now, RECENT_HALF_LIFE_MS, 1);
    const level = Math.log2(1 + recent);
    if (known ? recent > LEAST_RATE && this.rate.excess(level) > sensitivity : recent > coldCallsPerMinute) signals.push('rate');
    this.rate.learn(level, now, learnCalls, driftPerDay);

    if (this.lastTool !== tool || this.lastArguments !== argumentsDigest) this.loop.value = 0;
    // Half of one less: the first ones have faded a little by the time of the last.
    if (this.loop.add(now, LOOP_HALF_LIFE_MS, 1) >= loopCalls - 0.5) signals.push('loop');

    if (this.lastTool !== NO_TOOL && this.transitions.meet(pairOf(this.lastTool, tool), now, learnCalls, MAX_TRANSITIONS)) {
      signals.push('sequence');
      if (this.strangeSteps.add(now, STRANGE_HALF_LIFE_MS, 1) >= STRANGE_STEPS) signals.push('unusual_sequence');
    }
    if (destinations.length > 0) this.meetDestinations(destinations, known, now, signals);
    this.calls += 1;
    this.lastTool = tool;
    this.lastArguments = argumentsDigest;
  }

  private meetDestinations(named: readonly string[], known: boolean, now: number, signals: SignalKind[]): void {
    // Whether there are many or none that a principal named before it was known, what comes after that is new.
    const needed = known ? 0 : Infinity;
    for (const destination of named) if (this.destinations.meet(destination, now, needed, MAX_DESTINATIONS)) signals.push('destination');
  }

  /** Counts what a call moved, in both directions. Windows without a call are no habit. */
  afterBytes(bytes: number, now: number, { driftPerDay }: BehaviourSettings, signals: SignalKind[]): void {
    if (now - this.windowSince < WINDOW_MS) {
      this.windowBytes += bytes;
      return;
    }
    if (this.windowSince !== 0) {
      const level = Math.log2(1 + this.windowBytes);
      const above = this.volume.count >= WINDOWS_NEEDED ? Math.min(this.volume.excess(level), MOST_OF_ONE) - SLACK : 0;
      const surplus = Math.max(0, this.surplus + above);
      this.volume.learn(level, now, WINDOWS_NEEDED, driftPerDay);
      this.surplus = Math.min(surplus, 2 * MOST_SURPLUS);
      if (surplus > MOST_SURPLUS) signals.push('volume');
    }
    this.windowBytes = bytes;
    this.windowSince = now;
  }

  afterRefusal(now: number, signals: SignalKind[]): void {
    if (this.refusals.add(now, REFUSAL_HALF_LIFE_MS, 1) >= MANY_REFUSALS) signals.push('refusals');
  }
}

/** Two numbers as one. */
export function pairOf(one: number, other: number): number {
  return one * 2 ** 26 + other;
}

/** Failures of authentication from one address. */
export function afterFailure(failures: Decaying, now: number): void {
  failures.add(now, STRANGE_HALF_LIFE_MS, 1);
}

export function succeedsSuspiciously(failures: Decaying, now: number, { failuresBeforeSuccess }: BehaviourSettings): boolean {
  return failures.valueAt(now, STRANGE_HALF_LIFE_MS) >= failuresBeforeSuccess - 0.5;
}
