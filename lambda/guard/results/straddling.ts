import { isJsonObject, type JsonValue } from '../../protocol';
import type { FoundEdit } from './inspect';

/** How far a secret may reach over the border of two text blocks. */
export const REACH = 512;

/** Ends every datum. */
const BREAK = '\n\u0000\n';

interface Part {
  readonly text: string;
  /** Of its block; -1 for what stands between the ends of a long one. */
  readonly index: number;
  readonly offset: number;
}

/** What stands in several text blocks, a part in each, by the number of the block: they are read in a row, of long ones their ends. */
export function straddling(blocks: readonly JsonValue[], find: (text: string) => readonly FoundEdit[]): ReadonlyMap<number, readonly FoundEdit[]> {
  const edits = new Map<number, FoundEdit[]>();
  const parts = blocks.flatMap((block, index) => (isJsonObject(block) && typeof block.text === 'string' ? partsOf(block.text, index) : []));
  if (new Set(parts.map(({ index }) => index).filter((index) => index >= 0)).size < 2) return edits;
  for (const edit of find(parts.map(({ text }) => text).join(''))) {
    const covered = coveredBy(edit, parts);
    if (new Set(covered.map(({ index }) => index)).size < 2) continue;
    for (const { index, edit: part } of covered) edits.set(index, [...(edits.get(index) ?? []), part]);
  }
  return edits;
}

function coveredBy(edit: FoundEdit, parts: readonly Part[]): readonly { readonly index: number; readonly edit: FoundEdit }[] {
  let at = 0;
  return parts.flatMap(({ text, index, offset }) => {
    const from = Math.max(edit.start, at) - at;
    const to = Math.min(edit.end, at + text.length) - at;
    at += text.length;
    return from < to && index >= 0 ? [{ index, edit: { ...edit, start: offset + from, end: offset + to } }] : [];
  });
}

function partsOf(text: string, index: number): readonly Part[] {
  if (text.length <= 2 * REACH) return [{ text, index, offset: 0 }];
  const offset = text.length - REACH;
  return [{ text: text.slice(0, REACH), index, offset: 0 }, { text: BREAK, index: -1, offset: 0 }, { text: text.slice(offset), index, offset }];
}
