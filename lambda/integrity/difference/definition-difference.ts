import { diffWordsWithSpace } from 'diff';
import { canonicalJson, isJsonObject, type JsonValue } from '../../protocol';

/** A piece of a text that is in both versions, or in one of them. */
export interface WordPart {
  readonly change: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** One place where two definitions differ. */
export type Difference =
  | { readonly kind: 'added' | 'removed'; /** JSON Pointer (RFC 6901). */ readonly pointer: string; readonly value: JsonValue }
  | { readonly kind: 'replaced'; readonly pointer: string; readonly before: JsonValue; readonly after: JsonValue }
  /** A text, word by word. */
  | { readonly kind: 'reworded'; readonly pointer: string; readonly parts: readonly WordPart[] };

/** Texts that differ in more words than this are shown whole, old and new. */
const MAX_EDITS = 2_000;
const MAX_DEPTH = 100;

/** What a reviewer has to read: every place where `after` differs from `before`, in the order of the pointers. */
export function definitionDifference(before: JsonValue, after: JsonValue): Difference[] {
  return compare(before, after, '', 0);
}

function compare(before: JsonValue, after: JsonValue, pointer: string, depth: number): Difference[] {
  if (typeof before === 'string' && typeof after === 'string') return before === after ? [] : [reworded(before, after, pointer)];
  if (depth < MAX_DEPTH) {
    if (isJsonObject(before) && isJsonObject(after)) {
      const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
      return keys.flatMap((key) => member(before[key], after[key], `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth));
    }
    if (Array.isArray(before) && Array.isArray(after)) {
      const length = Math.max(before.length, after.length);
      return Array.from({ length }, (_, index) => member(before[index], after[index], `${pointer}/${index}`, depth)).flat();
    }
  }
  return canonicalJson(before) === canonicalJson(after) ? [] : [{ kind: 'replaced', pointer, before, after }];
}

function member(before: JsonValue | undefined, after: JsonValue | undefined, pointer: string, depth: number): Difference[] {
  if (before === undefined) return after === undefined ? [] : [{ kind: 'added', pointer, value: after }];
  if (after === undefined) return [{ kind: 'removed', pointer, value: before }];
  return compare(before, after, pointer, depth + 1);
}

function reworded(before: string, after: string, pointer: string): Difference {
  const parts = diffWordsWithSpace(before, after, { maxEditLength: MAX_EDITS });
  if (parts === undefined) return { kind: 'replaced', pointer, before, after };
  return {
    kind: 'reworded',
    pointer,
    parts: parts.map(({ value, added, removed }) => ({ change: added ? 'added' : removed ? 'removed' : 'same', text: value })),
  };
}
