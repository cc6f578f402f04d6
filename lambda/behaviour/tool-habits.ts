import type { ArgumentFacts } from './arguments';
import { Baseline } from './baseline';
import { Familiar } from './familiar';
import type { BehaviourSettings } from './settings';
import type { SignalKind } from './signal';

const SHAPES_NEEDED = 20;
const MAX_SHAPES = 32;
const ANSWERS_NEEDED = 20;
/** Doublings above the mean that an answer has to be at least, to be far larger. */
const LEAST_DOUBLINGS = 3;
/** About the last seven answers. */
const LATE_WEIGHT = 0.25;
const MOST_OF_ONE = 4;
const TWICE = 1;

/** What is remembered of one tool in the hands of one principal. */
export class ToolHabits {
  private readonly shapes = new Familiar<number>();
  private readonly answer = new Baseline();
  /** Doublings that its answers lie above the usual, of late; one alone counts for little. */
  private lately = 0;

  afterShape({ shape }: ArgumentFacts, now: number, signals: SignalKind[]): void {
    if (this.shapes.meet(shape, now, SHAPES_NEEDED, MAX_SHAPES)) signals.push('shape');
  }

  /** @param others What is usual of the tool for everybody: counts while nothing is known of this principal (cold start), and learns of it. */
  afterAnswer(others: Baseline, bytes: number, now: number, { sensitivity, coldAnswerBytes, driftPerDay }: BehaviourSettings, signals: SignalKind[]): void {
    const level = Math.log2(1 + bytes);
    const usual = this.answer.count >= ANSWERS_NEEDED ? this.answer : others;
    const unusual = usual.count >= ANSWERS_NEEDED ? level - usual.mean > LEAST_DOUBLINGS && usual.excess(level) > sensitivity : bytes > coldAnswerBytes;
    if (unusual) signals.push('size');
    if (this.answer.count >= ANSWERS_NEEDED) this.lately += LATE_WEIGHT * (Math.max(-MOST_OF_ONE, Math.min(MOST_OF_ONE, level - this.answer.mean)) - this.lately);
    this.answer.learn(level, now, ANSWERS_NEEDED, driftPerDay);
    others.learn(level, now, ANSWERS_NEEDED, driftPerDay);
  }

  /** Whether they are larger than they used to be, too little for any of them to stand out; `undefined` while that is not known. */
  get answersMore(): boolean | undefined {
    if (this.answer.count <= ANSWERS_NEEDED) return undefined;
    return this.lately > TWICE && this.lately > this.answer.deviation;
  }
}
