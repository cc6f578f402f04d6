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

const acts = JSON.parse(readFileSync(join(__dirname, 'data', 'act-frames.json'), 'utf8')) as Readonly<Record<'conditions' | 'modals' | 'reasons', readonly string[]>>;

/** A sentence that orders an act, now and then under a condition or with a reason: attacks and honest acts are ordered in the same words. */
export function orderTo(act: string, random: Random): string {
  const condition = random.next() < SHARE ? random.pick(acts.conditions) : '';
  const reason = random.next() < SHARE ? random.pick(acts.reasons) : '';
  const order = random.pick(acts.modals).replace('{act}', act + reason);
  return condition ? condition + order[0]!.toLowerCase() + order.slice(1) : order[0]!.toUpperCase() + order.slice(1);
}
