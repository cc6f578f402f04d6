import type { JsonObject, JsonValue } from './jsonrpc';

/** A value without a canonical form. The message says why, and holds no part of the value. */
export class NotCanonical extends Error {
  constructor(why: string) {
    super(`No canonical JSON: ${why}`);
    this.name = 'NotCanonical';
  }
}

/** Nesting above this is refused rather than risk the stack. */
const MAX_DEPTH = 1000;

/**
 * The JSON Canonicalization Scheme of RFC 8785: no white space, members sorted by the UTF-16 code units of their names,
 * numbers and strings as ECMAScript writes them. Two values have one form exactly when they are equal as JSON. Members
 * that are `undefined` are absent, as in `JSON.stringify`.
 * @throws NotCanonical for numbers that are not finite, strings with half a surrogate pair, what is not JSON, and depth above 1000
 */
export function canonicalJson(value: JsonValue): string {
  // JSON.stringify writes the same, and half a surrogate pair as \ud800: what looks like one is looked at closely.
  if (isInOrder(value, 0)) {
    const text = JSON.stringify(value);
    if (!text.includes('\\ud')) return text;
  }
  return serialize(value, 0);
}

/** Whether members stand in canonical order already, as they do in most arguments, and nothing is in the value that JSON does not have. */
function isInOrder(value: JsonValue | undefined, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isInOrder(item, depth + 1));
  let before: string | undefined;
  for (const name in value) {
    if ((before !== undefined && name < before) || !isInOrder((value as JsonObject)[name], depth + 1)) return false;
    before = name;
  }
  return true;
}

function serialize(value: JsonValue | undefined, depth: number): string {
  switch (typeof value) {
    case 'string':
      return string(value);
    case 'number':
      if (!Number.isFinite(value)) throw new NotCanonical('a number is not finite');
      // Not JSON.stringify, whose result is the same: negative zero is 0, all others are the shortest form.
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth >= MAX_DEPTH) throw new NotCanonical(`it is nested more than ${MAX_DEPTH} deep`);
      return Array.isArray(value) ? array(value, depth + 1) : object(value, depth + 1);
    default:
      throw new NotCanonical(`a value is of type ${typeof value}`);
  }
}

function array(values: readonly JsonValue[], depth: number): string {
  let text = '[';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ',';
    text += serialize(values[i], depth);
  }
  return `${text}]`;
}

function object(members: { readonly [name: string]: JsonValue | undefined }, depth: number): string {
  let text = '{';
  for (const name of sorted(Object.keys(members))) {
    const value = members[name];
    if (value === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${string(name)}:${serialize(value, depth)}`;
  }
  return `${text}}`;
}

/** The default order of comparisons and of sort() is that of UTF-16 code units. */
function sorted(names: string[]): string[] {
  for (let index = 1; index < names.length; index += 1) if ((names[index - 1] as string) > (names[index] as string)) return names.sort();
  return names;
}

/** JSON writes these as they are; the test of it takes half as long as writing. */
const PLAIN = /^[ !#-[\]-~]*$/;

function string(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!isWellFormed(text)) throw new NotCanonical('a string holds half a surrogate pair');
  return JSON.stringify(text);
}

/** ECMAScript 2024, in all runtimes that this package supports. */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
