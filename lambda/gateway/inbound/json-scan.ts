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
 * One pass over the bytes of a JSON text in UTF-8, of which only ASCII matters here: how many members its objects have in all,
 * counted by their colons, or what is wrong with it in a few words. Texts that are not JSON are left for the parser to refuse.
 */
export function scanJson(bytes: Uint8Array, limits: JsonLimits): { readonly members: number; readonly hasEscapes: boolean } | { readonly problem: string } {
  const { length } = bytes;
  let depth = 0;
  let members = 0;
  let commas = 0;
  let hasEscapes = false;
  let index = 0;
  while (index < length) {
    const byte = bytes[index] as number;
    index += 1;
    if (byte === Char.QUOTE) {
      while (index < length) {
        const inner = bytes[index] as number;
        index += 1;
        if (inner === Char.QUOTE) break;
        if (inner === Char.BACKSLASH) {
          hasEscapes = true;
          index += 1;
        }
      }
    } else if (byte === Char.COLON) members += 1;
    else if (byte === Char.COMMA) commas += 1;
    else if (byte === Char.OPEN_BRACE || byte === Char.OPEN_BRACKET) {
      depth += 1;
      if (depth > limits.maxDepth) return { problem: `more than ${limits.maxDepth} levels of nesting` };
    } else if (byte === Char.CLOSE_BRACE || byte === Char.CLOSE_BRACKET) depth -= 1;
    else if (byte === Char.MINUS || (byte >= Char.ZERO && byte <= Char.NINE)) {
      const end = endOfNumber(bytes, index);
      if (!keepsItsValue(bytes, index - 1, end)) return { problem: 'a number that cannot be represented exactly' };
      index = end;
    }
  }
  if (members > limits.maxValues || commas > limits.maxValues) return { problem: `more than ${limits.maxValues} values` };
  return { members, hasEscapes };
}

function endOfNumber(bytes: Uint8Array, start: number): number {
  let index = start;
  for (; index < bytes.length; index += 1) {
    const byte = bytes[index] as number;
    const belongs =
      (byte >= Char.ZERO && byte <= Char.NINE) ||
      byte === Char.DOT ||
      byte === Char.LOWER_E ||
      byte === Char.UPPER_E ||
      byte === Char.PLUS ||
      byte === Char.MINUS;
    if (!belongs) break;
  }
  return index;
}

/** Whether the double that a number is parsed to still is that number, for whoever reads it next. */
function keepsItsValue(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length > MAX_NUMBER_LENGTH) return false;
  const hasExponent = containsExponent(bytes, start, end);
  if (length <= 15 && !hasExponent) return true;
  const token = String.fromCharCode(...bytes.subarray(start, end));
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

function containsExponent(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) if (bytes[index] === Char.LOWER_E || bytes[index] === Char.UPPER_E) return true;
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
