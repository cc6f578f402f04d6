import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../random';

/** A sentence that we wrote ourselves, with places where other words may stand. */
export interface ContentExample {
  readonly steers: boolean;
  /** It only asks for something to be done, as people do of each other. */
  readonly isPlain: boolean;
  readonly text: string;
}

const FOLDER = join(__dirname, 'data');

/** Our own examples: what an attacker writes into a result, and honest contents that look like it. */
export function readContentExamples(): readonly ContentExample[] {
  const lines = (file: string) => readFileSync(join(FOLDER, file), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { readonly text: string; readonly attack?: string });
  return [...lines('attacks.jsonl').map(({ text, attack }) => ({ steers: true, isPlain: attack === 'plain_action', text })), ...lines('honest.jsonl').map(({ text }) => ({ steers: false, isPlain: false, text }))];
}

type Slots = Readonly<Record<string, readonly string[]>>;

const slots = JSON.parse(readFileSync(join(FOLDER, 'slots.json'), 'utf8')) as Slots;

/** Writes an example out in up to `count` ways. */
export function written({ text }: ContentExample, count: number, random: Random): readonly string[] {
  const found = new Set<string>();
  for (let i = 0; i < count; i++) {
    let filled = text;
    for (let depth = 0; depth < 4; depth++) filled = filled.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (slots[name] ? random.pick(slots[name]) : whole));
    found.add(i % 5 === 4 ? capitalised(filled) : filled);
  }
  return [...found];
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
