import { hashOf } from '../model/features';

const { imul } = Math;

/** What a character is to the reader of words. */
const Class = { SPACE: 0, WORD: 1, MARK: 2, JOINT: 3, LINE: 4 } as const;

/** Of ASCII, those that join words without spaces, and all else, which is part of words. */
const CLASSES = new Uint8Array(2 ** 16).fill(Class.WORD);
CLASSES.fill(Class.JOINT, 0x3000, 0xa000);
for (let unit = 0; unit < 128; unit++) {
  const character = String.fromCharCode(unit);
  CLASSES[unit] = /[a-z0-9]/i.test(character) ? Class.WORD : /[:!?<>[\]#{}|]/.test(character) ? Class.MARK : /[\n\r]/.test(character) ? Class.LINE : Class.SPACE;
}

const NUMBER = hashOf('0');
const URL_WORD = hashOf('<url>');
const EMAIL = hashOf('<email>');
const APOSTROPHE = 0x27;
const MAX_WORD = 40;
/** Of a URL or an address. */
const MAX_RUN = 512;
/** Zeros behind a text. */
const MARGIN = 4;

/** Runs without spaces stand for one word each, so that a long one of them costs and says little. */
const LONG_RUN = hashOf('<run>');

/** Words of a text as numbers, with where they stand and which sentence they belong to. Reused: the next reading overwrites it. */
export class Tokens {
  hashes = new Int32Array(4096);
  starts = new Int32Array(4096);
  ends = new Int32Array(4096);
  /** Number of words. */
  count = 0;
  /** Index of the first word of each sentence, and at the end `count`. */
  sentences: number[] = [];
  /** Characters of the text, zeros behind them: several times quicker to read than the text itself. */
  private units = new Uint16Array(2 ** 12);

  /** Reads a text in time linear in its length. Case does not matter. */
  read(text: string): this {
    this.count = 0;
    this.sentences = [0];
    const { length } = text;
    const units = this.take(text);
    for (let at = 0; at < length; ) {
      const unit = units[at]!;
      const kind = CLASSES[unit]!;
      if (kind === Class.WORD) at = this.word(text, units, at);
      else if (kind === Class.JOINT) at = this.unspaced(unit, at);
      else if (kind === Class.MARK) {
        if (at === 0 || units[at - 1] !== unit) this.push(unit, at, at + 1);
        if ((unit === 0x21 || unit === 0x3f) && isBreak(units[at + 1]!)) this.endSentence();
        at += 1;
      } else if (kind === Class.LINE) at = this.line(units, at);
      else {
        if (unit === 0x2e && isBreak(units[at + 1]!)) this.endSentence();
        else if (unit === 0x5c && units[at + 1] === 0x6e) {
          this.endSentence();
          at += 1;
        }
        at += 1;
      }
    }
    this.endSentence();
    if (this.sentences.at(-1) !== this.count) this.sentences.push(this.count);
    return this;
  }

  private take(text: string): Uint16Array {
    const needed = text.length + MARGIN;
    if (needed > this.units.length) this.units = new Uint16Array(2 * needed);
    Buffer.from(this.units.buffer).write(text, 'utf16le');
    return this.units.fill(0, text.length, needed);
  }

  private word(text: string, units: Uint16Array, start: number): number {
    let hash = 0x811c9dc5;
    let at = start;
    let isNumber = true;
    for (; ; at++) {
      let unit = units[at]!;
      if (unit < 128) {
        if (CLASSES[unit] !== Class.WORD) {
          if (unit === APOSTROPHE) at = endOfWord(units, at + 1);
          break;
        }
        if (unit >= 0x41 && unit <= 0x5a) unit += 32;
        if (unit > 0x39) isNumber = false;
      } else {
        if (unit >= 0x2000 && unit <= 0x9fff) break;
        isNumber = false;
      }
      hash = imul(hash ^ unit, 0x01000193);
    }
    // A line break written as an escape ends a word: `\nplease`.
    const length = at - start;
    if (length === 0) return start + 1;
    const after = units[at];
    if (after === 0x3a && units[at + 1] === 0x2f && units[at + 2] === 0x2f) {
      const end = endOfRun(text, units, at);
      this.push(URL_WORD, start, end);
      return end;
    }
    if (after === 0x40) {
      const end = endOfRun(text, units, at);
      if (end > at + 3 && text.slice(at, end).includes('.')) {
        this.push(EMAIL, start, end);
        return end;
      }
    }
    this.push(isNumber ? NUMBER : length > MAX_WORD ? LONG_RUN : mixed(hash, length), start, at);
    return at;
  }

  /** Scripts without spaces are read by characters. */
  private unspaced(unit: number, at: number): number {
    this.push(mixed(imul(0x811c9dc5 ^ unit, 0x01000193), 1), at, at + 1);
    if (unit === 0x3002) this.endSentence();
    return at + 1;
  }

  /** A new line begins a sentence, unless it goes on in small letters. */
  private line(units: Uint16Array, start: number): number {
    let at = start;
    let lines = 0;
    for (; ; at++) {
      const unit = units[at]!;
      if (unit === 0x0a) lines++;
      else if (unit !== 0x0d && unit !== 0x20 && unit !== 0x09) break;
    }
    const next = units[at]!;
    if (lines > 1 || !(next >= 0x61 && next <= 0x7a)) this.endSentence();
    return at;
  }

  private endSentence(): void {
    if (this.count - this.sentences.at(-1)! >= FEWEST) this.sentences.push(this.count);
  }

  private push(hash: number, start: number, end: number): void {
    // A word said over and over says no more than said once.
    if (this.count > this.sentences.at(-1)! && this.hashes[this.count - 1] === hash) {
      this.ends[this.count - 1] = end;
      return;
    }
    if (this.count === this.hashes.length) this.grow();
    this.hashes[this.count] = hash;
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.count += 1;
  }

  private grow(): void {
    const larger = (old: Int32Array) => {
      const array = new Int32Array(2 * old.length);
      array.set(old);
      return array;
    };
    this.hashes = larger(this.hashes);
    this.starts = larger(this.starts);
    this.ends = larger(this.ends);
  }
}

/** Shorter ones are read with what follows them. */
const FEWEST = 3;

/** As {@link hashOf}, for a hash that was gathered character by character. */
function mixed(hash: number, length: number): number {
  let value = imul(hash ^ imul(length, 0xcc9e2d51), 0x1b873593);
  value ^= value >>> 15;
  value = imul(value, 0x85ebca6b);
  return (value ^ (value >>> 13)) | 0;
}

function isBreak(unit: number): boolean {
  return unit <= 0x20 || unit === 0x22 || unit === 0x27 || unit === 0x5c || unit === 0x29 || unit === 0x3c;
}

function endOfWord(units: Uint16Array, from: number): number {
  let at = from;
  while (units[at]! < 128 && CLASSES[units[at]!] === Class.WORD) at++;
  return at;
}

/** Up to the next space, quotation mark or bracket. */
function endOfRun(text: string, units: Uint16Array, from: number): number {
  let at = from;
  const most = Math.min(text.length, from + MAX_RUN);
  for (; at < most; at++) {
    const unit = units[at]!;
    if (unit <= 0x20 || unit === 0x22 || unit === APOSTROPHE || unit === 0x3c || unit === 0x3e || unit === 0x29 || unit === 0x5c || unit === 0x5d || unit === 0x60) break;
  }
  return at;
}
