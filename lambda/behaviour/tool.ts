import { Baseline } from './baseline';
import { callerBit, countCallers, SEVERAL } from './callers';
import type { BehaviourSettings } from './settings';
import type { ToolSignalKind } from './signal';
import { ToolDestinations } from './tool-destinations';

const WINDOW_MS = 1_800_000;
/** Windows with a call: what a tool does at noon and what it does in the evening are both usual. */
const WINDOWS_NEEDED = 48;
/** Fewer calls in a window are never too many. */
const LEAST_CALLS = 60;
/** Doublings above the mean that a window has to be at least, to have far more calls. */
const LEAST_DOUBLINGS = 2;
/** Calls after which it is known where a tool goes. */
const CALLS_NEEDED = 100;
/** Answers after which it is judged whether most of them are larger. */
const LEAST_ANSWERS = 20;
/** A tool that changed stays changed: it is told of once a day. */
export const TOOL_QUIET_MS = 86_400_000;

/** Nothing to tell: what most calls come to. */
export const NOTHING: readonly ToolSignalKind[] = [];

/**
 * What is usual of one tool in everybody's hands (TB-1): a server that was taken over changes for everybody, and for no one by so much
 * that it stands out. Changed in place.
 */
export class Tool {
  /** Sizes of answers, for a principal of whom nothing is known. */
  readonly answers = new Baseline();
  private windowSince = 0;
  private calls = 0;
  private callers = 0;
  /** Calls in a window. */
  private readonly rate = new Baseline();
  /** Answers to principals whose usual is known; those that went to principals who get more than that of late, and who these are. */
  private judged = 0;
  private larger = 0;
  private receivers = 0;
  private destinations: ToolDestinations | undefined;
  private readonly toldAt: Partial<Record<ToolSignalKind, number>> = {};

  /** @param number Of this tool among all that is remembered. */
  constructor(readonly number: number) {}

  /** @param caller The number of the principal. @param isLarger Whether it gets more than it used to; `undefined` where that is not known. */
  afterAnswer(caller: number, isLarger: boolean | undefined, now: number, settings: BehaviourSettings): readonly ToolSignalKind[] {
    const ended = now - this.windowSince >= WINDOW_MS ? this.endWindow(now, settings) : NOTHING;
    this.calls += 1;
    this.callers |= callerBit(caller);
    if (isLarger !== undefined) {
      this.judged += 1;
      if (isLarger) {
        this.larger += 1;
        this.receivers |= callerBit(caller);
      }
    }
    return ended;
  }

  /** @param named What the arguments of a call name; at least one. */
  afterDestinations(caller: number, named: readonly string[], now: number): readonly ToolSignalKind[] {
    const known = (this.destinations ??= new ToolDestinations());
    let isUnusual = false;
    const isNewTool = this.answers.count < CALLS_NEEDED;
    for (const name of named) if (known.meet(name, callerBit(caller), now, isNewTool)) isUnusual = true;
    return isUnusual && this.mayTell('tool_destination', now) ? ['tool_destination'] : NOTHING;
  }

  private endWindow(now: number, { sensitivity, driftPerDay }: BehaviourSettings): readonly ToolSignalKind[] {
    const told: ToolSignalKind[] = [];
    const { rate, calls } = this;
    if (this.windowSince !== 0) {
      const level = Math.log2(1 + calls);
      const isFar = rate.count >= WINDOWS_NEEDED && calls >= LEAST_CALLS && level - rate.mean > LEAST_DOUBLINGS && rate.excess(level) > sensitivity;
      if (isFar && countCallers(this.callers) >= SEVERAL && this.mayTell('tool_rate', now)) told.push('tool_rate');
      rate.learn(level, now, WINDOWS_NEEDED, driftPerDay);
    }
    // A tool of few calls is judged over several windows.
    if (this.judged >= LEAST_ANSWERS) {
      if (2 * this.larger > this.judged && countCallers(this.receivers) >= SEVERAL && this.mayTell('tool_size', now)) told.push('tool_size');
      this.judged = this.larger = this.receivers = 0;
    }
    this.windowSince = now;
    this.calls = this.callers = 0;
    return told;
  }

  private mayTell(kind: ToolSignalKind, now: number): boolean {
    if (now - (this.toldAt[kind] ?? -Infinity) < TOOL_QUIET_MS) return false;
    this.toldAt[kind] = now;
    return true;
  }
}
