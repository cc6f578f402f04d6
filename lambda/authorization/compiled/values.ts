import { isWellFormed, type CedarRecord, type CedarValue } from '../argument-value';

/** A policy cannot be evaluated for this request: a missing attribute, an operand of another type. */
export const EVALUATION_ERROR = Symbol('Cedar evaluation error');
/** This code does not know what Cedar would answer, and must not guess. */
export const UNDECIDED = Symbol('for the engine to decide');

/** A value as it is, when it is one that Cedar has. */
export function known(value: CedarValue): CedarValue {
  if (typeof value === 'string' ? !isWellFormed(value) : typeof value === 'number' && !Number.isSafeInteger(value)) throw UNDECIDED;
  return value;
}

export function asBoolean(value: CedarValue): boolean {
  if (typeof value !== 'boolean') throw EVALUATION_ERROR;
  return value;
}

export function asLong(value: CedarValue): number {
  if (typeof value !== 'number') throw isExtension(value) ? UNDECIDED : EVALUATION_ERROR;
  return value;
}

export function asString(value: CedarValue): string {
  if (typeof value !== 'string') throw EVALUATION_ERROR;
  return value;
}

export function asSet(value: CedarValue): readonly CedarValue[] {
  if (!Array.isArray(value)) throw EVALUATION_ERROR;
  return value;
}

export function asRecord(value: CedarValue): CedarRecord {
  if (typeof value !== 'object' || Array.isArray(value) || isExtension(value)) throw EVALUATION_ERROR;
  return value;
}

/** Decimals, addresses, dates: written as calls of their constructors, so that two spellings may be one value. */
function isExtension(value: CedarValue): boolean {
  return typeof value === 'object' && '__extn' in value;
}

/** Cedar's `==`: sets without order and repetition, values of different types unequal. */
export function areEqual(a: CedarValue, b: CedarValue): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  if (isExtension(a) || isExtension(b)) throw UNDECIDED;
  if (Array.isArray(a)) return Array.isArray(b) && includesAll(a, b) && includesAll(b, a);
  return !Array.isArray(b) && areRecordsEqual(a, b);
}

function areRecordsEqual(a: CedarRecord, b: CedarRecord): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  for (const name of names) {
    if (!Object.hasOwn(b, name) || !areEqual(a[name]!, b[name]!)) return false;
  }
  return true;
}

/** Sets up to this size are searched element by element; beyond it, nested ones are the engine's. */
const SMALL = 32;

export function includes(set: readonly CedarValue[], wanted: CedarValue): boolean {
  if (typeof wanted !== 'object') return set.includes(wanted);
  if (set.length > SMALL) throw UNDECIDED;
  return set.some((element) => areEqual(element, wanted));
}

export function includesAll(set: readonly CedarValue[], wanted: readonly CedarValue[]): boolean {
  if (set.length <= SMALL || wanted.length <= SMALL) return wanted.every((element) => includes(set, element));
  const index = indexOf(set);
  return wanted.every((element) => index.has(primitive(element)));
}

export function includesAny(set: readonly CedarValue[], wanted: readonly CedarValue[]): boolean {
  if (set.length <= SMALL || wanted.length <= SMALL) return wanted.some((element) => includes(set, element));
  const index = indexOf(set);
  return wanted.some((element) => index.has(primitive(element)));
}

function indexOf(set: readonly CedarValue[]): ReadonlySet<CedarValue> {
  return new Set(set.map(primitive));
}

function primitive(value: CedarValue): CedarValue {
  if (typeof value === 'object') throw UNDECIDED;
  return value;
}
