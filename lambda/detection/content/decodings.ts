import { base64Runs } from './runs';

/** A text in another spelling, and where in the original it stood. */
export interface Decoded {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Only worth reading where it says more than the original. */
  readonly speculative: boolean;
}

const MOST = 12;
/** Shorter runs hold no order. */
const LEAST = 24;
const LONGEST = 20_000;

/** Texts that stand encoded in a text: base64, hexadecimal, percent, entities, escapes; and, of a short one, shifted, mirrored, or spelt out. */
export function decodings(text: string): readonly Decoded[] {
  const found: Decoded[] = [];
  for (const { start, end } of base64Runs(text, LEAST)) {
    if (found.length >= MOST) break;
    const run = text.slice(start, Math.min(end, start + LONGEST));
    const decoded = (/^(?:[0-9a-fA-F]{2})+$/.test(run) ? readable(Buffer.from(run, 'hex')) : undefined) ?? readable(Buffer.from(run, /[-_]/.test(run) ? 'base64url' : 'base64'));
    if (decoded !== undefined) found.push({ text: decoded, start, end, speculative: false });
  }
  if (text.includes('%') && /(?:%[0-9a-f]{2}[^%]{0,60}){4}/i.test(text)) each(text, /(?:[\w.+-]{0,60}%[0-9A-Fa-f]{2}){4,400}[\w.+-]{0,60}/g, percent, found);
  if (text.includes('&#')) each(text, /(?:&#x?[0-9A-Fa-f]{1,6};[ ,.]?){8,4000}/g, (run) => Buffer.from(entities(run)), found);
  if (text.includes('\\u') || text.includes('\\x')) each(text, /(?:\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}){8,2000}/g, (run) => Buffer.from(escapes(run)), found);
  return found.slice(0, MOST);
}

/** Other ways to read a short text as a whole; to be believed only where they say something and the text itself does not. */
export function respellings(text: string): readonly Decoded[] {
  if (text.length > 2_000 || text.length < 16) return [];
  const whole = (other: string): Decoded => ({ text: other, start: 0, end: text.length, speculative: true });
  const spellings: Decoded[] = [];
  if (/(?:\b\w[ .\-_*]){8}/.test(text)) spellings.push(whole(text.replaceAll(/\b(\w)[ .\-_*](?=\w\b)/g, '$1')));
  if (/[0134578@$][a-z]|[a-z][0134578@$]/i.test(text)) spellings.push(whole(text.replaceAll(/[0134578@$]/g, (digit) => LEET[digit]!)));
  return [...spellings, whole(rot13(text)), whole([...text].reverse().join(''))];
}

const LEET: Readonly<Record<string, string>> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', 8: 'b', '@': 'a', $: 's' };

function each(text: string, pattern: RegExp, decode: (run: string) => Buffer | undefined, found: Decoded[]): void {
  for (const match of text.matchAll(pattern)) {
    if (found.length >= MOST) return;
    const bytes = decode(match[0].slice(0, LONGEST));
    const decoded = bytes === undefined ? undefined : readable(bytes);
    if (decoded !== undefined) found.push({ text: decoded, start: match.index, end: match.index + match[0].length, speculative: false });
  }
}

function percent(run: string): Buffer | undefined {
  try {
    return Buffer.from(decodeURIComponent(run.replaceAll('+', ' ')));
  } catch {
    return undefined;
  }
}

function entities(run: string): string {
  return run.replaceAll(/&#(x?)([0-9A-Fa-f]{1,6});/g, (_, hex: string, digits: string) => {
    const code = parseInt(digits, hex ? 16 : 10);
    return code > 0 && code < 0x110000 ? String.fromCodePoint(code) : ' ';
  });
}

function escapes(run: string): string {
  return run.replaceAll(/\\[ux]([0-9A-Fa-f]{2,4})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

function rot13(text: string): string {
  return text.replaceAll(/[a-z]/gi, (letter) => String.fromCharCode(letter.charCodeAt(0) + (letter.toLowerCase() < 'n' ? 13 : -13)));
}

/** Bytes that are text, mostly of letters; `undefined` otherwise. */
function readable(bytes: Buffer): string | undefined {
  if (bytes.length < 8) return undefined;
  const text = bytes.toString('utf8');
  let letters = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0xfffd || (unit < 0x20 && unit !== 0x09 && unit !== 0x0a && unit !== 0x0d && unit !== 0x1b)) return undefined;
    if ((unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a) letters++;
  }
  return letters * 2 >= text.length || /[^\u0000-\u007f]/.test(text) ? text : undefined;
}
