import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { frame, orderTo } from './frame';
import { paraphrase } from './paraphrase';
import type { Random } from './random';

/** One sentence that we wrote ourselves, with places where other words may stand. */
export interface Example {
  /** What it does, or for an honest one what it resembles. */
  readonly kind: string;
  readonly steers: boolean;
  readonly text: string;
  /** The text is something to do (`leave the reviewers empty`), not a sentence yet. */
  readonly isAct: boolean;
}

const FOLDER = join(__dirname, 'data');

/** Our own examples: sentences that steer an agent, and honest ones that look like them. */
export function readExamples(): readonly Example[] {
  const lines = (file: string) => readFileSync(join(FOLDER, file), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  return [
    ...lines('attacks.jsonl').map(({ attack, text, act }) => ({ kind: attack, steers: true, text: text ?? act, isAct: act !== undefined })),
    ...lines('honest.jsonl').map(({ resembles, text, act }) => ({ kind: resembles, steers: false, text: text ?? act, isAct: act !== undefined })),
  ];
}

type Slots = Readonly<Record<string, readonly string[]>>;

/** Fills the places of an example with words of `data/slots.json` and says it in other words, in up to `count` ways; first as it was written. */
export function variants(example: Example, count: number, random: Random, slots: Slots = readSlots()): readonly string[] {
  const found = new Set<string>();
  for (let i = 0; i < count; i++) found.add(fill(fill(worded(example, i % 3 === 0, random), slots, random), slots, random));
  return [...found];
}

function worded({ text, isAct }: Example, asWritten: boolean, random: Random): string {
  if (isAct) return orderTo(asWritten ? text : paraphrase(text, random), random);
  return asWritten ? text : frame(paraphrase(text, random), random);
}

function fill(text: string, slots: Slots, random: Random): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (slots[name] ? random.pick(slots[name]) : whole));
}

let slotsRead: Slots | undefined;
function readSlots(): Slots {
  return (slotsRead ??= JSON.parse(readFileSync(join(FOLDER, 'slots.json'), 'utf8')) as Slots);
}
