import { normalise } from '../normalise';
import type { TextField } from '../types';
import { tokens, type Token } from './tokens';

/** Words of one sentence of a definition, and where in the original text it stands. */
export interface Sentence {
  readonly pointer: string;
  /** In the original text, UTF-16 units, end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly words: readonly string[];
}

/** Longer sentences are read in windows, so that nothing hides between many harmless words. */
const WINDOW = 48;
const STEP = 24;
/** One word alone gives no order. */
const FEWEST = 2;

const BREAK = /[.!?](?=\s)|[\u3002\uff01\uff1f]|;\s|\s[\u2013\u2014-]\s|[ \t]{0,8}[\r\n]\s*|(?=<!--|<\/?[a-z_|])/g;

/**
 * Cuts every text into sentences, each to be judged alone: a harmless text around an order does not make it harmless.
 * A parameter's name leads the first sentence of its description.
 */
export function sentencesOf(fields: readonly TextField[]): readonly Sentence[] {
  const found: Sentence[] = [];
  for (const field of fields) {
    const named = field.kind === 'parameterDescription' ? nameWords(field.pointer) : [];
    cut(field, named, found);
  }
  return found;
}

function cut(field: TextField, lead: readonly string[], found: Sentence[]): void {
  const normalised = normalise(field.text);
  const { text } = normalised;
  const all = tokens(normalised, field.text);
  const breaks = boundaries(text, (index) => field.text[normalised.originalOffset(index)] ?? '');
  let from = 0;
  let first = lead;
  for (const until of breaks) {
    let to = from;
    while (to < all.length && all[to]!.start < until) to++;
    if (to > from) {
      windows(all.slice(from, to), first, (words, start, end) =>
        found.push({ pointer: field.pointer, start: normalised.originalOffset(start), end: normalised.originalOffset(end), words }),
      );
      first = [];
    }
    from = to;
  }
}

/** Where sentences end, in the normalised text, by rising offset; the last is the end of the text. */
function boundaries(text: string, originalAt: (index: number) => string): readonly number[] {
  const found: number[] = [];
  for (const match of text.matchAll(BREAK)) {
    const end = match.index + match[0].length;
    if (/[\r\n]/.test(match[0]) && isWrapped(text, match.index, end, originalAt)) continue;
    found.push(Math.max(end, match.index));
  }
  found.push(text.length);
  return found;
}

/** A line that goes on with a small letter after one that did not end: the same sentence, wrapped. */
function isWrapped(text: string, before: number, after: number, originalAt: (index: number) => string): boolean {
  const next = originalAt(after);
  return before > 0 && /[\p{L}\p{N},]/u.test(text[before - 1]!) && /\p{Ll}/u.test(next);
}

function windows(words: readonly Token[], lead: readonly string[], add: (words: readonly string[], start: number, end: number) => void): void {
  for (let at = 0; ; at += STEP) {
    const part = words.slice(at, at + WINDOW);
    const texts = part.map(({ text }) => text);
    if (at === 0 && lead.length > 0) texts.unshift(...lead, ':');
    if (texts.length >= FEWEST) add(texts, part[0]!.start, part[part.length - 1]!.end);
    if (at + WINDOW >= words.length) return;
  }
}

/** The words in the name of the parameter that a description belongs to. */
function nameWords(pointer: string): readonly string[] {
  const parts = pointer.split('/');
  const last = parts.at(-1) === 'description' || parts.at(-1) === 'title' ? parts.at(-2) : parts.at(-1);
  return (last ?? '')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .slice(0, 6);
}
