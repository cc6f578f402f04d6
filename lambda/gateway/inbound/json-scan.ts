/** Bounds on a JSON text, checked before it is parsed. */
export interface JsonLimits {
  /** Objects and arrays within each other. @default 64 */
  readonly maxDepth: number;
  /** Members of objects and elements of arrays, all together. @default 250000 */
  readonly maxValues: number;
}

export const DEFAULT_JSON_LIMITS: JsonLimits = { maxDepth: 64, maxValues: 250_000 };

const MAX_NUMBER_LENGTH = 64;
/** Decimal digits that no double can tell apart. */
const MAX_SIGNIFICANT_DIGITS = 17;

const enum Char {
  QUOTE = 0x22,
  PLUS = 0x2b,
  COMMA = 0x2c,
  MINUS = 0x2d,
  DOT = 0x2e,
  ZERO = 0x30,
  NINE = 0x39,
  COLON = 0x3a,
  UPPER_E = 0x45,
  OPEN_BRACKET = 0x5b,
  BACKSLASH = 0x5c,
  CLOSE_BRACKET = 0x5d,
  LOWER_E = 0x65,
  OPEN_BRACE = 0x7b,
  CLOSE_BRACE = 0x7d,
}

/**
 * One pass over a JSON text: how many members its objects have in all, counted by their colons, or what is wrong with
 * it in a few words. Texts that are not JSON are left for the parser to refuse.
 */
export function scanJson(text: string, limits: JsonLimits): { readonly members: number } | { readonly problem: string } {
  let depth = 0;
  let members = 0;
  let commas = 0;
  let index = 0;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === Char.QUOTE) {
      index = endOfString(text, index + 1);
      continue;
    }
    if (code === Char.MINUS || (code >= Char.ZERO && code <= Char.NINE)) {
      const end = endOfNumber(text, index + 1);
      if (!keepsItsValue(text, index, end)) return { problem: 'a number that cannot be represented exactly' };
      index = end;
      continue;
    }
    if (code === Char.COLON) members++;
    else if (code === Char.COMMA) commas++;
    else if (code === Char.OPEN_BRACE || code === Char.OPEN_BRACKET) {
      if (++depth > limits.maxDepth) return { problem: `more than ${limits.maxDepth} levels of nesting` };
    } else if (code === Char.CLOSE_BRACE || code === Char.CLOSE_BRACKET) depth--;
    index++;
  }
  if (members > limits.maxValues || commas > limits.maxValues) return { problem: `more than ${limits.maxValues} values` };
  return { members };
}

/** The index behind the closing quote of the string whose content begins at `start`. */
function endOfString(text: string, start: number): number {
  let quote = start;
  for (;;) {
    quote = text.indexOf('"', quote);
    if (quote === -1) return text.length;
    let before = quote - 1;
    while (before >= start && text.charCodeAt(before) === Char.BACKSLASH) before--;
    quote++;
    if ((quote - before) % 2 === 0) return quote;
  }
}

function endOfNumber(text: string, start: number): number {
  let index = start;
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const belongs =
      (code >= Char.ZERO && code <= Char.NINE) ||
      code === Char.DOT ||
      code === Char.LOWER_E ||
      code === Char.UPPER_E ||
      code === Char.PLUS ||
      code === Char.MINUS;
    if (!belongs) break;
  }
  return index;
}

/** Whether the double that a number is parsed to still is that number, for whoever reads it next. */
function keepsItsValue(text: string, start: number, end: number): boolean {
  const length = end - start;
  if (length > MAX_NUMBER_LENGTH) return false;
  const hasExponent = containsExponent(text, start, end);
  if (length <= 15 && !hasExponent) return true;
  const token = text.slice(start, end);
  const value = Number(token);
  if (!hasExponent && length <= MAX_SIGNIFICANT_DIGITS && !Number.isInteger(value)) return true;
  // Not a number at all: the parser will say so.
  if (Number.isNaN(value)) return true;
  if (!Number.isFinite(value)) return false;
  const written = decimal(token);
  if (!Number.isInteger(value)) return written.digits.length <= MAX_SIGNIFICANT_DIGITS;
  const kept = decimal(String(value));
  return written.digits === kept.digits && (written.digits === '' || written.exponent === kept.exponent);
}

function containsExponent(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code === Char.LOWER_E || code === Char.UPPER_E) return true;
  }
  return false;
}

/** A number as its significant digits, without zeros at either end, and the power of ten of the last of them. */
function decimal(token: string): { readonly digits: string; readonly exponent: number } {
  const [mantissa = '', exponent = '0'] = token.toLowerCase().replace(/^-/, '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const padded = (whole + fraction).replace(/^0+/, '');
  const digits = padded.replace(/0+$/, '');
  return { digits, exponent: Number(exponent) - fraction.length + (padded.length - digits.length) };
}
