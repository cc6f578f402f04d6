import { characterClass, isPictograph, needsJoiners, type CharacterClass } from './characters';
import { foldConfusables } from './confusables';

/** Something in a text that a reader does not see, or sees as something else. */
export interface Oddity {
  readonly kind: Exclude<CharacterClass, 'plain'> | 'escape' | 'confusable';
  /** Span in the original text. */
  readonly start: number;
  readonly end: number;
  /** The text that it carries, where that can be read. */
  readonly hidden?: string;
}

/** A text as it should be looked at: one spelling for all that looks or means the same, nothing invisible. */
export interface NormalisedText {
  /** NFKC, lower case, without accents; look-alikes of other scripts are the letters they imitate. */
  readonly text: string;
  /** Where in the original the character at `index` comes from; the original's length at the end. */
  originalOffset(index: number): number;
  /** In the order of the text. */
  readonly oddities: readonly Oddity[];
}

const NONE: readonly Oddity[] = [];
const PRINTABLE_ASCII = /^[\t\n\r\x20-\x7e]*$/;

/** Normalises a text in time linear in its length, and keeps where each character came from. */
export function normalise(text: string): NormalisedText {
  if (PRINTABLE_ASCII.test(text)) return { text: text.toLowerCase(), originalOffset: (index) => index, oddities: NONE };
  return new Normalisation(text).result();
}

/** Lower case and without accents, as {@link normalise} leaves a word; for words that texts are compared with. */
export function foldWord(word: string): string {
  return PRINTABLE_ASCII.test(word) ? word.toLowerCase() : fold(word);
}

/** Compatibility forms, then the letters without their marks, then composed again where a script composes (Hangul). */
function fold(text: string): string {
  return text.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').normalize('NFC').toLowerCase();
}

/** A few characters stand for a whole phrase; a text of them must not grow out of proportion. */
const MAX_EXPANSION = 4;

function foldCharacter(character: string): string {
  const folded = fold(character);
  return folded.length <= MAX_EXPANSION ? folded : character;
}

class Normalisation {
  private readonly parts: string[] = [];
  private readonly offsets: number[] = [];
  private readonly oddities: Oddity[] = [];
  private previous = 0;

  constructor(private readonly original: string) {}

  result(): NormalisedText {
    const folded = foldConfusables(this.original);
    for (const { start, end } of folded.words) this.oddities.push({ kind: 'confusable', start, end });
    this.scan(folded.text);
    this.oddities.sort((a, b) => a.start - b.start);
    const { offsets, original } = this;
    return {
      text: this.parts.join(''),
      originalOffset: (index) => (index < offsets.length ? offsets[Math.max(index, 0)]! : original.length),
      oddities: this.oddities,
    };
  }

  private scan(text: string): void {
    for (let at = 0; at < text.length; ) {
      const codePoint = text.codePointAt(at)!;
      if (codePoint === 0x1b) {
        at = this.escape(text, at);
        continue;
      }
      const length = codePoint > 0xffff ? 2 : 1;
      const kind = codePoint >= 0x20 && codePoint < 0x7f ? 'plain' : characterClass(codePoint);
      if (kind === 'plain') {
        this.emit(codePoint < 0x80 ? text[at]!.toLowerCase() : foldCharacter(text.slice(at, at + length)), at);
        this.previous = codePoint;
        at += length;
      } else {
        at = this.invisible(text, at, kind);
      }
    }
  }

  private emit(text: string, from: number): void {
    this.parts.push(text);
    for (let i = 0; i < text.length; i++) this.offsets.push(from);
  }

  /** A run of one class: dropped, and remembered unless it is where such characters belong. */
  private invisible(text: string, start: number, kind: Exclude<CharacterClass, 'plain'>): number {
    let end = start;
    const codePoints: number[] = [];
    while (end < text.length) {
      const codePoint = text.codePointAt(end)!;
      if (codePoint === 0x1b || characterClass(codePoint) !== kind) break;
      codePoints.push(codePoint);
      end += codePoint > 0xffff ? 2 : 1;
    }
    const next = end < text.length ? text.codePointAt(end)! : 0;
    if (!this.belongs(kind, codePoints, next, start)) this.oddities.push({ kind, start, end, hidden: hiddenText(kind, codePoints) });
    // What stands between two sentences or around them parts words, inside a word it does not.
    if (kind === 'zeroWidth' && !(isWordCharacter(this.previous) && isWordCharacter(next))) this.emit(' ', start);
    return end;
  }

  private belongs(kind: CharacterClass, codePoints: readonly number[], next: number, start: number): boolean {
    switch (kind) {
      case 'zeroWidth':
        if (codePoints.length > 1) return false;
        if (codePoints[0] === 0xad) return true;
        if (codePoints[0] === 0xfeff) return start === 0;
        if (codePoints[0] === 0x200d && isPictograph(this.previous)) return isPictograph(next);
        return codePoints[0]! <= 0x200f && codePoints[0]! >= 0x200c && (needsJoiners(this.previous) || needsJoiners(next));
      case 'variation':
        return codePoints.length === 1 && (isPictograph(this.previous) || needsJoiners(this.previous) || this.previous >= 0x3400);
      case 'tag':
        return this.previous === 0x1f3f4 && codePoints.length <= 8;
      case 'combining':
        return codePoints.length <= 2;
      default:
        return false;
    }
  }

  /** An escape sequence of a terminal: `ESC [ parameters letter`, or `ESC` and one character. */
  private escape(text: string, start: number): number {
    let end = start + 1;
    if (text[end] === '[' || text[end] === ']') {
      end += 1;
      while (end < text.length && isEscapeParameter(text.charCodeAt(end))) end += 1;
    }
    end = Math.min(end + 1, text.length);
    this.oddities.push({ kind: 'escape', start, end });
    return end;
  }
}

function isEscapeParameter(unit: number): boolean {
  return (unit >= 0x30 && unit <= 0x3f) || (unit >= 0x20 && unit <= 0x2f);
}

function isWordCharacter(codePoint: number): boolean {
  return (codePoint >= 0x61 && codePoint <= 0x7a) || (codePoint >= 0x41 && codePoint <= 0x5a) || (codePoint >= 0x30 && codePoint <= 0x39) || codePoint >= 0xc0;
}

/** Reads what tags spell, what variation selectors count, and what two kinds of zero-width characters alternate. */
function hiddenText(kind: CharacterClass, codePoints: readonly number[]): string | undefined {
  if (kind === 'tag') return readable(codePoints.map((codePoint) => String.fromCharCode(codePoint & 0x7f)).join(''));
  if (kind === 'variation' && codePoints.length > 3) return bytesText(codePoints.map((codePoint) => (codePoint < 0xe0100 ? codePoint - 0xfe00 : codePoint - 0xe0100 + 16)));
  if (kind === 'zeroWidth' && codePoints.length >= 16) return bitsText(codePoints);
  return undefined;
}

function bitsText(codePoints: readonly number[]): string | undefined {
  const [zero] = codePoints;
  const bytes: number[] = [];
  for (let i = 0; i + 8 <= codePoints.length; i += 8) {
    let byte = 0;
    for (let j = 0; j < 8; j++) byte = byte * 2 + (codePoints[i + j] === zero ? 0 : 1);
    bytes.push(byte);
  }
  return bytesText(bytes);
}

function bytesText(bytes: readonly number[]): string | undefined {
  return bytes.every((byte) => byte >= 0x09 && byte < 0x7f) ? readable(String.fromCharCode(...bytes.slice(0, 10_000))) : undefined;
}

function readable(text: string): string | undefined {
  const shown = [...text].filter((character) => character >= ' ' || character === '\n').join('');
  return shown.trim() === '' ? undefined : shown;
}
