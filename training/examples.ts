import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { frame } from './frame';
import { paraphrase } from './paraphrase';
import type { Random } from './random';

/** One sentence that we wrote ourselves, with places where other words may stand. */
export interface Example {
  /** What it does, or for an honest one what it resembles. */
  readonly kind: string;
  readonly steers: boolean;
  readonly text: string;
}

const FOLDER = join(__dirname, 'data');

/** Our own examples: sentences that steer an agent, and honest ones that look like them. */
export function readExamples(): readonly Example[] {
  const lines = (file: string) => readFileSync(join(FOLDER, file), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  return [
    ...lines('attacks.jsonl').map(({ attack, text }) => ({ kind: attack, steers: true, text })),
    ...lines('honest.jsonl').map(({ resembles, text }) => ({ kind: resembles, steers: false, text })),
  ];
}

type Slots = Readonly<Record<string, readonly string[]>>;

/** Fills the places of an example with words of `data/slots.json` and says it in other words, in up to `count` ways; first as it was written. */
export function variants(example: Example, count: number, random: Random, slots: Slots = readSlots()): readonly string[] {
  const found = new Set<string>();
  for (let i = 0; i < count; i++) found.add(fill(fill(i % 3 === 0 ? example.text : frame(paraphrase(example.text, random), random), slots, random), slots, random));
  return [...found];
}

function fill(text: string, slots: Slots, random: Random): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (slots[name] ? random.pick(slots[name]) : whole));
}

let slotsRead: Slots | undefined;
function readSlots(): Slots {
  return (slotsRead ??= JSON.parse(readFileSync(join(FOLDER, 'slots.json'), 'utf8')) as Slots);
}
