/** A word of a normalised text. */
export interface Word {
  readonly text: string;
  /** Offsets in the normalised text. */
  readonly start: number;
  readonly end: number;
  /** Number of the sentence it is in. */
  readonly sentence: number;
  /** Index of the first word of that sentence. */
  readonly sentenceStart: number;
  /** It stands in quotation marks or in a code example: said about, rather than said. */
  readonly quoted: boolean;
}

/** Longest address or path that is read as one word. */
const MAX_LITERAL = 300;

/**
 * Cuts a normalised text into words and sentences. Web addresses, paths and identifiers are one word each; scripts
 * without spaces give one word a character. Linear in the text.
 */
export function words(text: string): readonly Word[] {
  return new Cutter(text).words();
}

const CLOSING: Readonly<Record<string, string>> = { '"': '"', '`': '`', '\u201c': '\u201d', '\u300c': '\u300d', '\u00ab': '\u00bb' };

class Cutter {
  private readonly found: Word[] = [];
  private sentence = 0;
  private at = 0;
  /** Where the quotation or code that we are in ends. */
  private quotedUntil = 0;
  /** Where a quotation mark has no partner: looked up once for each kind, so that many of them cost no more than one. */
  private readonly unclosed = new Set<string>();

  constructor(private readonly text: string) {}

  words(): readonly Word[] {
    const { text } = this;
    while (this.at < text.length) {
      const unit = text.charCodeAt(this.at);
      if (isAsciiWord(unit) || isLiteralStart(text, this.at)) this.asciiWord();
      else if (unit >= 0x80) this.otherWord();
      else this.punctuation(unit);
    }
    return this.found;
  }

  private push(start: number, end: number): void {
    const previous = this.found[this.found.length - 1];
    const sentenceStart = previous?.sentence === this.sentence ? previous.sentenceStart : this.found.length;
    this.found.push({ text: this.text.slice(start, end), start, end, sentence: this.sentence, sentenceStart, quoted: start < this.quotedUntil });
  }

  /** A word of ASCII, or a longer literal that has no spaces: `https://...`, `~/.ssh/id_rsa`, `send_email`, `a@b.c`. */
  private asciiWord(): void {
    const { text } = this;
    const start = this.at;
    let word = isAsciiWord(text.charCodeAt(start));
    let end = start + 1;
    while (end < text.length) {
      const unit = text.charCodeAt(end);
      if (isAsciiWord(unit)) end += 1;
      else if (isJoint(unit) && end + 1 < text.length && end - start < MAX_LITERAL && continues(text, start, end)) {
        word = false;
        end += 1;
      } else if (isLatinLetter(unit)) end += 1;
      else break;
    }
    // A contraction is one word: don't, won't.
    if (word && (text[end] === "'" || text[end] === '\u2019') && isAsciiLetter(text.charCodeAt(end + 1)) && !isAsciiWord(text.charCodeAt(end + 3))) {
      end += isAsciiWord(text.charCodeAt(end + 2)) ? 3 : 2;
    }
    this.push(start, end);
    this.at = end;
  }

  private otherWord(): void {
    const { text } = this;
    const start = this.at;
    const codePoint = text.codePointAt(start)!;
    const length = codePoint > 0xffff ? 2 : 1;
    if (isSentenceEnd(codePoint)) {
      this.sentence += 1;
      this.at += length;
      return;
    }
    if (CLOSING[text[start]!]) {
      this.quotation(start);
      this.at += 1;
      return;
    }
    if (!isLetter(codePoint)) {
      this.at += length;
      return;
    }
    if (isUnspaced(codePoint)) {
      this.push(start, start + length);
      this.at += length;
      return;
    }
    let end = start;
    while (end < text.length) {
      const next = text.codePointAt(end)!;
      if (next < 0x80 ? !isAsciiWord(next) : !isLetter(next) || isUnspaced(next)) break;
      end += next > 0xffff ? 2 : 1;
    }
    this.push(start, end);
    this.at = end;
  }

  private punctuation(unit: number): void {
    const { text } = this;
    const character = text[this.at]!;
    if (unit === 0x0a) this.lineEnd();
    else if (unit === 0x21 || unit === 0x3f || unit === 0x3b) this.sentence += 1;
    else if (unit === 0x2e) this.sentence += 1;
    else if (unit === 0x3c || unit === 0x3e || unit === 0x5b || unit === 0x5d) this.sentence += 1;
    else if (CLOSING[character]) this.quotation(this.at);
    this.at += 1;
  }

  /** A line end parts sentences before an empty line, a list item, and `name: ...`. */
  private lineEnd(): void {
    const { text } = this;
    let next = this.at + 1;
    while (text[next] === ' ' || text[next] === '\t' || text[next] === '\r') next += 1;
    const first = text[next];
    if (first === '\n' || first === '-' || first === '*' || first === '#' || first === '\u2022') this.sentence += 1;
    else {
      let end = next;
      while (end - next < 40 && isAsciiWord(text.charCodeAt(end))) end += 1;
      const after = text[end];
      if (end > next && (after === ':' || after === '(' || after === ')' || (after === '.' && isDigit(text.charCodeAt(next))))) this.sentence += 1;
    }
    this.at = Math.max(this.at, next - 1);
  }

  private quotation(start: number): void {
    if (start < this.quotedUntil) return;
    const { text } = this;
    const fence = text.startsWith('```', start);
    const closing = fence ? '```' : CLOSING[text[start]!]!;
    if (this.unclosed.has(closing)) return;
    const end = text.indexOf(closing, start + closing.length);
    if (end < 0) this.unclosed.add(closing);
    else this.quotedUntil = end + closing.length;
    // The closing fence must not open the next one.
    if (fence && end >= 0) this.at += 2;
  }
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function isAsciiLetter(unit: number): boolean {
  return (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a);
}

/** NaN, past the end, is none. */
function isAsciiWord(unit: number): boolean {
  return isAsciiLetter(unit) || isDigit(unit) || unit === 0x5f;
}

/** What may stand inside a literal between two of its parts. */
function isJoint(unit: number): boolean {
  return (unit < 0x80 && JOINTS[unit] === 1) || false;
}

const JOINTS = new Uint8Array(0x80);
for (const joint of './:@-~$!%=&?#+') JOINTS[joint.charCodeAt(0)] = 1;

function isLiteralStart(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  const next = text.charCodeAt(at + 1);
  if (unit === 0x7e) return next === 0x2f;
  if (unit === 0x2e) return (isAsciiLetter(next) && !isAsciiWord(text.charCodeAt(at - 1))) || (next === 0x2e && text[at + 2] === '/');
  if (unit === 0x2f) return (isAsciiLetter(next) || next === 0x2e) && !isAsciiWord(text.charCodeAt(at - 1));
  // Leetspeak may start with a sign.
  if (unit === 0x40 || unit === 0x24 || unit === 0x21) return isAsciiLetter(next) || isDigit(next);
  return false;
}

/** Does the joint at `end` continue the literal that began at `start`? */
function continues(text: string, start: number, end: number): boolean {
  const unit = text.charCodeAt(end);
  const next = text.charCodeAt(end + 1);
  const first = text.charCodeAt(start);
  if (unit === 0x3a && text.startsWith('://', end)) return true;
  if (unit === 0x2f && text[end - 1] === ':') return next === 0x2f;
  if (isDelimited(text, start, end)) return isAsciiWord(next) || next === 0x2f || next === 0x2e || next === 0x7e || unit === 0x7e || (unit === 0x2f && next === 0x2a);
  // A sign inside a word is leetspeak: p@ss, pa$$word.
  if (unit === 0x24 || unit === 0x21) return isAsciiLetter(next) && isAsciiWord(first);
  if (unit === 0x40) return isAsciiWord(next);
  if (unit === 0x2e) return isAsciiWord(next) && !partsSentences(text, start, end);
  if (unit === 0x2f) return isDotted(text, start, end) && isAsciiWord(next);
  if (unit === 0x2d) return isAsciiWord(next) && hyphenated(text, end);
  return false;
}

/** It began as an address or a path, where most signs are part of it. */
function isDelimited(text: string, start: number, end: number): boolean {
  const first = text.charCodeAt(start);
  if (first === 0x2f || first === 0x7e || (first === 0x2e && end > start)) return true;
  return text.slice(start, end + 1).includes('://');
}

/** `evil.com/path`, `..`: a name with a dot before the slash. */
function isDotted(text: string, start: number, end: number): boolean {
  return text.slice(start, end).includes('.');
}

/** In a host name (`a-b.example`) or a mail address a hyphen is inside the word, elsewhere it parts two. */
function hyphenated(text: string, end: number): boolean {
  let at = end + 1;
  while (at < end + 32 && (isAsciiWord(text.charCodeAt(at)) || text.charCodeAt(at) === 0x2d)) at += 1;
  const unit = text.charCodeAt(at);
  return (unit === 0x2e || unit === 0x40) && isAsciiLetter(text.charCodeAt(at + 1));
}

/** A full stop without a space behind it: long words on both sides, and what follows is no known ending of a name. */
function partsSentences(text: string, start: number, end: number): boolean {
  let at = end + 1;
  while (isAsciiWord(text.charCodeAt(at))) at += 1;
  const following = text.slice(end + 1, at);
  if (end - start < 3 || following.length < 2 || text.slice(start, end).includes('@')) return false;
  return text[at] === ' ' && !NAME_ENDINGS.has(following);
}

/** Endings of host and file names. */
const NAME_ENDINGS: ReadonlySet<string> = new Set(
  `com net org io dev ai app site xyz club example test invalid local internal sh me co ru cn info biz de uk fr eu us in to cc tv gg link live
  cloud online top shop store tech space icu json yaml yml toml md txt csv tsv xml html htm pdf png jpg jpeg gif svg js ts mjs cjs jsx tsx py rb go
  rs java kt c h cpp cs php sql env pem key pub crt conf cfg ini log zip gz tar db sqlite lock exe dll bat ps1 docx xlsx pptx net4 parquet ipynb`.split(/\s+/),
);

function isLatinLetter(unit: number): boolean {
  return unit >= 0xaa && unit <= 0x24f && unit !== 0xab && unit !== 0xbb && unit !== 0xd7 && unit !== 0xf7 && unit !== 0xbf && unit !== 0xb7;
}

const LETTER = /^[\p{L}\p{N}\p{M}]$/u;

function isLetter(codePoint: number): boolean {
  if (codePoint < 0x250) return isLatinLetter(codePoint);
  if (codePoint >= 0x3041 && codePoint <= 0x9fff) return codePoint < 0x30fb || codePoint > 0x30fc || codePoint === 0x30fc;
  return LETTER.test(String.fromCodePoint(codePoint));
}

/** Chinese, Japanese, Thai, Lao, Khmer, Burmese: no spaces between words. */
function isUnspaced(codePoint: number): boolean {
  return (codePoint >= 0x3041 && codePoint <= 0x9fff) || (codePoint >= 0xe00 && codePoint <= 0xeff) || (codePoint >= 0x1000 && codePoint <= 0x109f) || (codePoint >= 0x1780 && codePoint <= 0x17ff) || (codePoint >= 0x20000 && codePoint <= 0x3ffff);
}

function isSentenceEnd(codePoint: number): boolean {
  return codePoint === 0x3002 || codePoint === 0xff01 || codePoint === 0xff1f || codePoint === 0x2022 || codePoint === 0x61f || codePoint === 0x964 || codePoint === 0x2028 || codePoint === 0x2029 || codePoint === 0x2026;
}
