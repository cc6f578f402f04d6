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
  /** As it was written; of a parameter's description, after the parameter's name. */
  readonly text: string;
  /** Most of it stands in quotation marks or in code: said about, rather than said. */
  readonly quoted: boolean;
}

/** Longer sentences are read in windows, so that nothing hides between many harmless words. */
export const WINDOW = 48;
const STEP = 24;
/** One word alone gives no order. */
const FEWEST = 2;

/** What opens a quotation and what closes it. Bounded, so that a mark without a partner costs little. */
const QUOTATION = /"[^"\n]{2,400}"|`[^`\n]{2,400}`|\u201c[^\u201d\n]{2,400}\u201d|\u00ab[^\u00bb\n]{2,400}\u00bb/g;

const BREAK = /[.!?](?=\s)|[\u3002\uff01\uff1f]|;\s|\s[\u2013\u2014-]\s|[ \t]{0,8}[\r\n]\s*|(?=<!--)/g;

/**
 * Cuts every text into sentences, each to be judged alone: a harmless text around an order does not make it harmless.
 * A parameter's name leads the first sentence of its description.
 */
export function sentencesOf(fields: readonly TextField[]): readonly Sentence[] {
  const found: Sentence[] = [];
  for (const field of fields) {
    const name = field.kind === 'parameterDescription' ? parameterIn(field.pointer) : '';
    cut(field, name, found);
  }
  return found;
}

function cut(field: TextField, name: string, found: Sentence[]): void {
  const normalised = normalise(field.text);
  const { text } = normalised;
  const all = tokens(normalised, field.text);
  const quotations = quotationsIn(text);
  const breaks = boundaries(text, (index) => field.text[normalised.originalOffset(index)] ?? '');
  let from = 0;
  let first = wordsOf(name);
  for (const until of breaks) {
    let to = from;
    while (to < all.length && all[to]!.start < until) to++;
    if (to > from) {
      windows(all.slice(from, to), first, (words, part) => {
        const { start } = part[0]!;
        const { end } = part.at(-1)!;
        const [begin, stop] = [normalised.originalOffset(start), normalised.originalOffset(end)];
        const text = (name === '' ? '' : `${name}: `) + field.text.slice(begin, stop);
        found.push({ pointer: field.pointer, start: begin, end: stop, words, text, quoted: areQuoted(part, quotations) });
      });
      first = [];
    }
    from = to;
  }
}

function quotationsIn(text: string): readonly (readonly [start: number, end: number])[] {
  return Array.from(text.matchAll(QUOTATION), (match) => [match.index, match.index + match[0].length] as const);
}

function areQuoted(words: readonly Token[], quotations: readonly (readonly [start: number, end: number])[]): boolean {
  if (quotations.length === 0) return false;
  let at = firstEndingAfter(words[0]!.start, quotations);
  let quoted = 0;
  for (const { start } of words) {
    while (at < quotations.length && quotations[at]![1] <= start) at++;
    if (at < quotations.length && quotations[at]![0] < start) quoted += 1;
  }
  return quoted * 2 > words.length;
}

function firstEndingAfter(offset: number, quotations: readonly (readonly [start: number, end: number])[]): number {
  let low = 0;
  let high = quotations.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (quotations[middle]![1] <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
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

function windows(words: readonly Token[], lead: readonly string[], add: (words: readonly string[], part: readonly Token[]) => void): void {
  for (let at = 0; ; at += STEP) {
    const part = words.slice(at, at + WINDOW);
    const texts = part.map(({ text }) => text);
    if (at === 0 && lead.length > 0) texts.unshift(...lead, ':');
    if (texts.length >= FEWEST) add(texts, part);
    if (at + WINDOW >= words.length) return;
  }
}

/** The name of the parameter that a description belongs to. */
function parameterIn(pointer: string): string {
  const parts = pointer.split('/');
  return (parts.at(-1) === 'description' || parts.at(-1) === 'title' ? parts.at(-2) : parts.at(-1)) ?? '';
}

function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .slice(0, 6);
}
