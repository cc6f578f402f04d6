import { CONFUSABLES } from './confusables-data';

/** The text with look-alikes of other scripts replaced, of the same length; and the words where that was a deception. */
export interface FoldedText {
  readonly text: string;
  /** Spans of words that mix scripts to look like ASCII. */
  readonly words: readonly { readonly start: number; readonly end: number }[];
}

const ASCII_OF = new Map<string, string>(CONFUSABLES.flatMap(([ascii, lookAlikes]) => [...lookAlikes].map((lookAlike) => [lookAlike, ascii] as const)));

type Script = 'Cyrillic' | 'Greek' | 'other';

/**
 * Replaces letters of other scripts by the ASCII letters they look like (the skeleton of UTS #39), but only where they
 * pretend: in words that also have ASCII letters, and in words of look-alikes alone where the text has no word that
 * must be of their script. Honest Russian and Greek stay as they are.
 */
export function foldConfusables(text: string): FoldedText {
  const words = candidateWords(text);
  if (words.length === 0) return { text, words: [] };
  const spoken = new Set(words.filter(({ genuine }) => genuine !== undefined).map(({ genuine }) => genuine));
  const deceptive = words.filter((word) => word.genuine === undefined && word.lookAlikes > 0 && (word.mixed || (!spoken.has(word.script) && word.lookAlikes > 1)));
  if (deceptive.length === 0) return { text, words: [] };
  let folded = '';
  let at = 0;
  for (const { start, end } of deceptive) {
    folded += text.slice(at, start);
    for (const character of text.slice(start, end)) folded += padded(character);
    at = end;
  }
  return { text: folded + text.slice(at), words: deceptive.map(({ start, end }) => ({ start, end })) };
}

/** Keeps the length in UTF-16 units: an ASCII letter for a pair is followed by a word joiner, which is dropped later. */
function padded(character: string): string {
  const ascii = ASCII_OF.get(character);
  if (ascii === undefined) return character;
  return character.length === 2 ? `${ascii}\u00ad` : ascii;
}

interface CandidateWord {
  readonly start: number;
  readonly end: number;
  readonly script: Script;
  readonly mixed: boolean;
  readonly lookAlikes: number;
  /** The script whose own letters the word has; it is no imitation then. */
  readonly genuine?: Script;
}

/** Words with at least one look-alike. */
function candidateWords(text: string): readonly CandidateWord[] {
  const words: CandidateWord[] = [];
  for (let at = 0; at < text.length; ) {
    const start = at;
    let ascii = false;
    let lookAlikes = 0;
    let script: Script = 'other';
    let own = false;
    while (at < text.length) {
      const codePoint = text.codePointAt(at)!;
      const length = codePoint > 0xffff ? 2 : 1;
      if (isAsciiLetter(codePoint)) ascii = true;
      else if (codePoint < 0xaa || !isLetter(text.slice(at, at + length))) {
        if (!isIgnorable(codePoint)) break;
      } else if (ASCII_OF.has(text.slice(at, at + length))) {
        lookAlikes += 1;
        script = scriptOf(codePoint);
      } else if (codePoint >= 0x250) {
        own = true;
        script = scriptOf(codePoint);
      }
      at += length;
    }
    if (lookAlikes > 0 || own) words.push({ start, end: at, script, mixed: ascii, lookAlikes, ...(own && !ascii ? { genuine: script } : {}) });
    if (at === start) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  }
  return words;
}

function isAsciiLetter(codePoint: number): boolean {
  return (codePoint >= 0x61 && codePoint <= 0x7a) || (codePoint >= 0x41 && codePoint <= 0x5a);
}

/** Zero-width characters do not end a word that they are put into. */
function isIgnorable(codePoint: number): boolean {
  return codePoint >= 0x200b && codePoint <= 0x200d;
}

const LETTER = /^[\p{L}\p{Nl}]$/u;

function isLetter(character: string): boolean {
  return LETTER.test(character);
}

function scriptOf(codePoint: number): Script {
  if (codePoint >= 0x400 && codePoint <= 0x52f) return 'Cyrillic';
  if (codePoint >= 0x370 && codePoint <= 0x3ff) return 'Greek';
  return 'other';
}
