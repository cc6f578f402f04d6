import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from './random';

const SHARE = 0.25;

const frames = JSON.parse(readFileSync(join(__dirname, 'data', 'frames.json'), 'utf8')) as { readonly before: readonly string[]; readonly after: readonly string[] };

/** Puts what descriptions have around their sentences around a text: attacks and honest texts get the same. */
export function frame(text: string, random: Random): string {
  const before = random.next() < SHARE ? random.pick(frames.before) : '';
  const after = random.next() < SHARE ? random.pick(frames.after) : '';
  return before + (after ? text.replace(/[.!]$/, '') + after : text);
}
