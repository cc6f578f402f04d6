import contact from './built-in/contact.json';
import health from './built-in/health.json';
import identity from './built-in/identity.json';
import payment from './built-in/payment.json';
import secrets from './built-in/secrets.json';
import { isJsonObject } from '../../protocol';
import { Pattern } from '../pattern';
import { CHECKS } from './checks';
import { DATA_CLASSES, type Recogniser, type RecogniserFile } from './recogniser';
import { Scanner } from './scanner';

/** The recognisers that come with the package. */
export const BUILT_IN = [secrets, payment, identity, contact, health] as readonly RecogniserFile[];

let builtIn: Scanner | undefined;
let builtInSecrets: Scanner | undefined;

/** Finds what the built-in recognisers know, and what `custom` add. */
export function scannerOf(custom: readonly RecogniserFile[] = []): Scanner {
  if (custom.length > 0) return new Scanner([...BUILT_IN, ...custom]);
  return (builtIn ??= new Scanner(BUILT_IN));
}

/** Finds secrets only: what must not leave as an argument either. */
export function secretScanner(): Scanner {
  return (builtInSecrets ??= new Scanner(BUILT_IN.filter(({ dataClass }) => dataClass === 'secret')));
}

/** A data file of recognisers that cannot be used. The message names the recogniser and what was expected. */
export class UnusableRecogniser extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnusableRecogniser';
  }
}

const MAX_PATTERN_LENGTH = 1_000;
const SHAPES: ReadonlySet<string> = new Set(['digit', 'AA9', 'AAAAAA9', '9A']);

/**
 * Checks a data file of somebody's own recognisers. Their patterns must be ones that can be matched in linear time (RE2): no
 * back-references, no look-around.
 *
 * @throws UnusableRecogniser
 */
export function readRecognisers(value: unknown): RecogniserFile {
  if (!isJsonObject(value) || !Array.isArray(value.recognisers)) throw new UnusableRecogniser('a file of recognisers must be an object with a list "recognisers"');
  const dataClass = DATA_CLASSES.find((known) => known === (value.dataClass ?? 'custom'));
  if (dataClass === undefined) throw new UnusableRecogniser(`"dataClass" must be one of ${DATA_CLASSES.join(', ')}`);
  return { dataClass, recognisers: value.recognisers.map(readRecogniser) };
}

function readRecogniser(value: unknown): Recogniser {
  if (!isJsonObject(value) || typeof value.id !== 'string' || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(value.id)) {
    throw new UnusableRecogniser('every recogniser needs an "id" of lower-case letters, digits and hyphens');
  }
  const fail = (expected: string): never => {
    throw new UnusableRecogniser(`recogniser ${value.id}: ${expected}`);
  };
  const { id, anchors, pattern, ignoreCase, check, minEntropy, context, minDigits, anywhere, lookBehind } = value;
  if (!Array.isArray(anchors) || anchors.length === 0 || !anchors.every(isAnchor)) fail('"anchors" must be a list of texts in ASCII, each the beginning of a match, or digit, AA9, AAAAAA9, 9A');
  for (const expression of [pattern, ...(context === undefined ? [] : [context])]) checkPattern(expression, fail);
  if (check !== undefined && (typeof check !== 'string' || !Object.hasOwn(CHECKS, check))) fail(`"check" must be one of ${Object.keys(CHECKS).join(', ')}`);
  for (const number of [minEntropy, minDigits, lookBehind]) if (number !== undefined && typeof number !== 'number') fail('"minEntropy", "minDigits" and "lookBehind" must be numbers');
  if (typeof lookBehind === 'number' && lookBehind > 256) fail('"lookBehind" must be at most 256');
  return { id, anchors, pattern, ignoreCase: ignoreCase === true, check, minEntropy, context, minDigits, anywhere: anywhere === true, lookBehind } as Recogniser;
}

function isAnchor(anchor: unknown): boolean {
  return typeof anchor === 'string' && (SHAPES.has(anchor) || /^[\x21-\x7e][\x20-\x7e]{0,63}$/.test(anchor));
}

function checkPattern(pattern: unknown, fail: (expected: string) => never): void {
  if (typeof pattern !== 'string' || pattern === '' || pattern.length > MAX_PATTERN_LENGTH) return fail(`"pattern" and "context" must be texts of at most ${MAX_PATTERN_LENGTH} characters`);
  // What RE2 takes has no back-references and no look-around; bounded repetition keeps the rest of a match short.
  if (/[^\\](?:[*+]|\{\d+,\})/.test(pattern)) fail('"pattern" and "context" must bound every repetition: {0,40} instead of * or +');
  try {
    new Pattern(pattern);
    new RegExp(pattern, 'y');
  } catch (error) {
    fail((error as Error).message);
  }
}
