import { CharacterKind, CHARACTER_KINDS, Places } from '../../detection';
import { CHECKS } from './checks';
import { entropyOf } from './entropy';
import type { DataClass, Match, Recogniser, RecogniserFile } from './recogniser';

/** Where a text stands, for recognisers that need it. */
export interface ScanContext {
  /** Name of the member that holds the text. */
  readonly name?: string;
}

interface Compiled {
  readonly id: string;
  readonly dataClass: DataClass;
  readonly expression: RegExp;
  /** The same, that says where its group is; for patterns with a group `value`. */
  readonly exact: RegExp | undefined;
  readonly check: ((datum: string) => boolean) | undefined;
  readonly minEntropy: number;
  readonly context: RegExp | undefined;
  readonly minDigits: number;
  readonly lookBehind: number;
}

/** What to try where a text goes on as the anchor does. */
interface Anchored {
  /** In lower case, without the three characters that the table has seen. */
  readonly rest: string;
  /** The first character, where case matters; otherwise 0. */
  readonly first: number;
  readonly recogniser: Compiled;
}

interface Inside {
  readonly anchor: string;
  /** Of the character that it is found by. */
  readonly offset: number;
  readonly recogniser: Compiled;
}

const [Kind, KINDS] = [CharacterKind, CHARACTER_KINDS];

/** Letters without case, digits, and six classes of others: the alphabet of the table. */
const SYMBOLS = 42;
const SYMBOL = new Uint8Array(128);
for (let unit = 0; unit < 128; unit++) {
  const character = String.fromCharCode(unit).toLowerCase();
  const index = 'abcdefghijklmnopqrstuvwxyz0123456789_-. :'.indexOf(character);
  SYMBOL[unit] = index === -1 ? SYMBOLS - 1 : index;
}

/** How much of the text before a datum is its context. */
const CONTEXT_REACH = 64;
/** The longest number that is looked at as one. */
const NUMBER_REACH = 28;
const HYPHEN = 0x2d;
const DOT = 0x2e;
const SPACE = 0x20;

/**
 * Finds data in texts, in one pass: at the beginning of every word a table of its first three characters says which
 * recognisers, mostly none, have a pattern to try there. Keeps nothing of a text.
 */
export class Scanner {
  private readonly buckets: (readonly Anchored[])[] = [[]];
  /** By the first three characters: which bucket. */
  private readonly table = new Uint16Array(SYMBOLS ** 3);
  private readonly numbers: Compiled[] = [];
  private readonly capitalsThenDigit: Compiled[] = [];
  private readonly sixCapitalsThenDigit: Compiled[] = [];
  private readonly digitThenCapital: Compiled[] = [];
  private readonly dashes: Compiled[] = [];
  /** Anchors inside of a match, by the first of their characters that is neither letter nor digit. */
  private readonly inside: (readonly Inside[] | undefined)[] = Array.from({ length: 128 }, () => undefined);
  private readonly fewestDigits: number;
  /** Where there is something to try. */
  private readonly places: Places;

  constructor(files: readonly RecogniserFile[]) {
    const lists = new Map<number, Anchored[]>();
    for (const file of files) for (const recogniser of file.recognisers) this.place(compile(recogniser, file.dataClass), recogniser, lists);
    const pairs = new Set<number>();
    for (const [key, list] of lists) {
      pairs.add(Math.floor(key / SYMBOLS));
      this.table[key] = this.buckets.length;
      this.buckets.push(list);
    }
    this.numbers.sort((a, b) => a.minDigits - b.minDigits);
    this.fewestDigits = this.numbers[0]?.minDigits ?? Infinity;
    this.places = new Places((before, unit, next) => {
      const kind = KINDS[unit]!;
      if (kind === Kind.OTHER) return this.inside[unit] !== undefined || (unit === HYPHEN && next === HYPHEN);
      if (before !== Kind.OTHER && !(kind === Kind.UPPER && before === Kind.LOWER)) return false;
      return kind === Kind.DIGIT || (kind === Kind.UPPER && KINDS[next] === Kind.UPPER) || pairs.has(SYMBOL[unit]! * SYMBOLS + SYMBOL[next]!);
    });
  }

  private place(compiled: Compiled, { anchors, anywhere, ignoreCase }: Recogniser, lists: Map<number, Anchored[]>): void {
    for (const anchor of anchors) {
      if (anchor === 'digit') this.numbers.push(compiled);
      else if (anchor === 'AA9') this.capitalsThenDigit.push(compiled);
      else if (anchor === 'AAAAAA9') this.sixCapitalsThenDigit.push(compiled);
      else if (anchor === '9A') this.digitThenCapital.push(compiled);
      else if (anchor.startsWith('-----')) this.dashes.push(compiled);
      else if (anywhere) this.placeInside(anchor, compiled);
      else for (const key of keysOf(anchor)) lists.set(key, [...(lists.get(key) ?? []), { rest: anchor.slice(3).toLowerCase(), first: ignoreCase ? 0 : anchor.charCodeAt(0), recogniser: compiled }]);
    }
  }

  private placeInside(anchor: string, recogniser: Compiled): void {
    const offset = [...anchor].findIndex((character) => KINDS[character.charCodeAt(0)] === Kind.OTHER);
    if (offset === -1) throw new RangeError(`recogniser ${recogniser.id}: an anchor inside of a match needs a character that is neither letter nor digit`);
    const unit = anchor.charCodeAt(offset);
    this.inside[unit] = [...(this.inside[unit] ?? []), { anchor, offset, recogniser }];
  }

  /** Data in `text`, by rising start, none within another. */
  scan(text: string, context: ScanContext = {}): readonly Match[] {
    const found: Match[] = [];
    this.places.visit(text, (at) => this.tryAt(text, at, context, found));
    return found.length < 2 ? found : withoutOverlaps(found);
  }

  private tryAt(text: string, at: number, context: ScanContext, found: Match[]): void {
    const unit = text.charCodeAt(at);
    const kind = KINDS[unit]!;
    if (kind === Kind.OTHER) {
      const inside = this.inside[unit];
      if (inside !== undefined) this.tryInside(inside, text, at, context, found);
      if (unit === HYPHEN && text.charCodeAt(at + 1) === HYPHEN && text.charCodeAt(at - 1) !== HYPHEN) this.tryAll(this.dashes, text, at, context, found);
      return;
    }
    const second = text.charCodeAt(at + 1);
    const third = text.charCodeAt(at + 2);
    const bucket = this.table[(SYMBOL[unit]! * SYMBOLS + (second < 128 ? SYMBOL[second]! : SYMBOLS - 1)) * SYMBOLS + (third < 128 ? SYMBOL[third]! : SYMBOLS - 1)]!;
    if (bucket !== 0) tryAnchored(this.buckets[bucket]!, text, at, context, found);
    if (kind === Kind.DIGIT) {
      if (!isInsideNumber(text, at)) this.tryNumbers(text, at, context, found);
    } else if (kind === Kind.UPPER && second < 128 && KINDS[second] === Kind.UPPER) this.tryCapitals(text, at, third, context, found);
  }

  private tryNumbers(text: string, at: number, context: ScanContext, found: Match[]): void {
    const next = text.charCodeAt(at + 1);
    if (next < 128 && KINDS[next] === Kind.UPPER) this.tryAll(this.digitThenCapital, text, at, context, found);
    const count = digitsFrom(text, at);
    if (count < this.fewestDigits) return;
    for (const recogniser of this.numbers) {
      if (recogniser.minDigits > count) return;
      tryOne(recogniser, text, at, context, found);
    }
  }

  private tryCapitals(text: string, at: number, third: number, context: ScanContext, found: Match[]): void {
    if (third === SPACE || (third < 128 && KINDS[third] === Kind.DIGIT)) {
      this.tryAll(this.capitalsThenDigit, text, at, context, found);
    } else if (KINDS[text.charCodeAt(at + 5)] === Kind.UPPER && KINDS[text.charCodeAt(at + 6)] === Kind.DIGIT) {
      this.tryAll(this.sixCapitalsThenDigit, text, at, context, found);
    }
  }

  private tryInside(inside: readonly Inside[], text: string, at: number, context: ScanContext, found: Match[]): void {
    for (const { anchor, offset, recogniser } of inside) {
      const from = at - offset;
      if (anchor.charCodeAt(anchor.length - 1) !== text.charCodeAt(from + anchor.length - 1) || !text.startsWith(anchor, from)) continue;
      let start = from;
      while (start > 0 && from - start < recogniser.lookBehind && isPartOfName(text.charCodeAt(start - 1))) start--;
      tryOne(recogniser, text, start, context, found);
    }
  }

  private tryAll(recognisers: readonly Compiled[], text: string, at: number, context: ScanContext, found: Match[]): void {
    for (const recogniser of recognisers) tryOne(recogniser, text, at, context, found);
  }
}

function compile(recogniser: Recogniser, dataClass: DataClass): Compiled {
  const { id, pattern, ignoreCase, check, minEntropy = 0, context, minDigits = 1, lookBehind = 0 } = recogniser;
  return {
    id,
    dataClass,
    expression: new RegExp(pattern, ignoreCase ? 'yi' : 'y'),
    exact: pattern.includes('(?<value>') ? new RegExp(pattern, ignoreCase ? 'dyi' : 'dy') : undefined,
    check: check === undefined ? undefined : CHECKS[check],
    minEntropy,
    context: context === undefined ? undefined : new RegExp(context, 'i'),
    minDigits,
    lookBehind,
  };
}

function tryAnchored(anchored: readonly Anchored[], text: string, at: number, context: ScanContext, found: Match[]): void {
  for (let i = 0; i < anchored.length; i++) {
    const { rest, first, recogniser } = anchored[i]!;
    if ((first === 0 || first === text.charCodeAt(at)) && goesOnAs(rest, text, at + 3)) tryOne(recogniser, text, at, context, found);
  }
}

function goesOnAs(rest: string, text: string, at: number): boolean {
  for (let i = 0; i < rest.length; i++) {
    const unit = text.charCodeAt(at + i);
    if (unit !== rest.charCodeAt(i) && !(unit >= 0x41 && unit <= 0x5a && unit + 32 === rest.charCodeAt(i))) return false;
  }
  return true;
}

function tryOne(recogniser: Compiled, text: string, at: number, context: ScanContext, found: Match[]): void {
  const { expression, check, minEntropy } = recogniser;
  expression.lastIndex = at;
  if (!expression.test(text)) return;
  const [start, end] = recogniser.exact === undefined ? [at, expression.lastIndex] : groupAt(recogniser.exact, text, at);
  const datum = text.slice(start, end);
  if (check !== undefined && !check(datum)) return;
  if (minEntropy > 0 && entropyOf(datum) < minEntropy) return;
  if (recogniser.context !== undefined && !standsIn(recogniser.context, text, at, context)) return;
  found.push({ recogniser: recogniser.id, dataClass: recogniser.dataClass, start, end });
}

function groupAt(expression: RegExp, text: string, at: number): readonly [number, number] {
  expression.lastIndex = at;
  const { groups, 0: whole } = expression.exec(text)!.indices!;
  return groups!.value ?? whole!;
}

function standsIn(expected: RegExp, text: string, at: number, { name }: ScanContext): boolean {
  return expected.test(text.slice(Math.max(0, at - CONTEXT_REACH), at).replaceAll('_', ' ')) || (name !== undefined && at < CONTEXT_REACH && expected.test(spaced(name)));
}

/** `accountNumber` and `account_number` as words. */
function spaced(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').replaceAll(/[_-]+/g, ' ');
}

/** The keys of the table for everything that begins with `anchor`. */
function keysOf(anchor: string): readonly number[] {
  let keys = [0];
  for (let i = 0; i < 3; i++) {
    const options = i < anchor.length ? [SYMBOL[anchor.charCodeAt(i)]!] : Array.from({ length: SYMBOLS }, (_, symbol) => symbol);
    keys = keys.flatMap((key) => options.map((option) => key * SYMBOLS + option));
  }
  return keys;
}

/** Decimals and groups of a longer number are no beginning: `3.1415`, `2024-05-06`. */
function isInsideNumber(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  return (before === DOT || before === HYPHEN) && KINDS[text.charCodeAt(at - 2)] === Kind.DIGIT;
}

/** How many digits the number at `at` has, with single spaces, hyphens and dots between them. */
function digitsFrom(text: string, at: number): number {
  let count = 0;
  const until = Math.min(text.length, at + NUMBER_REACH);
  for (let i = at; i < until; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x30 && unit <= 0x39) count++;
    else if (unit !== SPACE && unit !== HYPHEN && unit !== DOT) break;
  }
  return count;
}

function isPartOfName(unit: number): boolean {
  return unit < 128 && (KINDS[unit] !== Kind.OTHER || unit === DOT || unit === HYPHEN || unit === 0x5f || unit === 0x25 || unit === 0x2b || unit === 0x7e);
}

/** Those that overlap become one, of the graver class; of one class the longest says what it is. */
function withoutOverlaps(found: Match[]): readonly Match[] {
  const kept: Match[] = [];
  for (const match of found.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = kept.at(-1);
    if (last === undefined || match.start >= last.end) kept.push(match);
    else kept[kept.length - 1] = { ...(GRAVITY[match.dataClass] < GRAVITY[last.dataClass] ? match : last), start: last.start, end: Math.max(last.end, match.end) };
  }
  return kept;
}

const GRAVITY: Readonly<Record<DataClass, number>> = { secret: 0, custom: 1, payment: 2, health: 3, identity: 4, contact: 5 };
