import { isJsonObject, type JsonObject, type JsonValue } from '../protocol';
import { toolArguments, type Alternative, type ArgumentType, type MapArgument, type RecordArgument, type UnionArgument } from './argument-type';

/** A value in Cedar's JSON format. */
export type CedarValue = string | number | boolean | CedarValue[] | CedarRecord;
export interface CedarRecord {
  [name: string]: CedarValue;
}

/**
 * The arguments of a call as the schema from {@link generateSchema} types them, or `undefined` when one of them is of a type
 * that the tool's schema does not allow. Every argument is looked at, also those that `only` leaves out of the result.
 *
 * @param only Names of the arguments wanted. @default - all of them
 */
export function toCedarArguments(inputSchema: JsonObject, args: JsonObject, only?: ReadonlySet<string>): CedarRecord | undefined {
  return recordValue(toolArguments(inputSchema).type, args, only);
}

function recordValue(type: RecordArgument, value: JsonObject, only?: ReadonlySet<string>): CedarRecord | undefined {
  const record: CedarRecord = {};
  for (const [name, attribute] of type.attributes) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    if (given === undefined || (given === null && attribute.nullable)) {
      if (attribute.required) return undefined;
      continue;
    }
    const converted = valueOf(attribute.type, given);
    if (converted === undefined) return undefined;
    if (only === undefined || only.has(name)) record[name] = converted;
  }
  return record;
}

function valueOf(type: ArgumentType, value: JsonValue): CedarValue | undefined {
  switch (type.kind) {
    case 'string':
      return typeof value === 'string' ? textOf(value) : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'long':
      return Number.isInteger(value) ? longOf(value as number) : undefined;
    case 'decimal':
      return Number.isFinite(value) ? decimalOf(value as number) : undefined;
    case 'set':
      return Array.isArray(value) ? setValue(type.element, value) : undefined;
    case 'record':
      return isJsonObject(value) ? recordValue(type, value) : undefined;
    case 'map':
      return isJsonObject(value) ? mapValue(type, value) : undefined;
    case 'union':
      return unionValue(type, value);
  }
}

/** Null is not seen among the items. */
function setValue(element: ArgumentType, values: readonly JsonValue[]): CedarValue[] | undefined {
  const set: CedarValue[] = [];
  for (const value of values) {
    if (value === null) continue;
    const converted = valueOf(element, value);
    if (converted === undefined) return undefined;
    set.push(converted);
  }
  return set;
}

function mapValue(type: MapArgument, value: JsonObject): CedarRecord | undefined {
  const keys = Object.keys(value).map(textOf);
  if (type.value === undefined) return { keys };
  const values = setValue(type.value, Object.values(value) as JsonValue[]);
  return values && { keys, values };
}

function unionValue({ alternatives }: UnionArgument, value: JsonValue): CedarRecord | undefined {
  const name = alternativeOf(value, alternatives);
  const type = alternatives.get(name);
  const converted = type && valueOf(type, value);
  return converted === undefined ? undefined : { [name]: converted };
}

function alternativeOf(value: JsonValue, alternatives: UnionArgument['alternatives']): Alternative {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return alternatives.has('number') ? 'number' : 'integer';
  return Array.isArray(value) ? 'array' : 'object';
}

function longOf(value: number): number {
  if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER;
  return value < Number.MIN_SAFE_INTEGER ? Number.MIN_SAFE_INTEGER : value;
}

/** Doubles on this side of Cedar's ends of a decimal, which are 64-bit integers of ten-thousandths. */
const MAX_DECIMAL = 922_337_203_685_477.5;
const MIN_DECIMAL = -922_337_203_685_477.5;
const DECIMAL = /^(-?\d+)(?:\.(\d+))?$/;

function decimalOf(value: number): CedarValue {
  return { __extn: { fn: 'decimal', arg: decimalText(value) } };
}

function decimalText(value: number): string {
  if (value > MAX_DECIMAL) return '922337203685477.5807';
  if (value < MIN_DECIMAL) return '-922337203685477.5808';
  const [, whole, fraction] = DECIMAL.exec(String(value)) ?? [];
  // An exponent: nothing but zeros in the first six digits after the point.
  if (whole === undefined) return value > 0 ? '0.0001' : '0.0';
  if (fraction === undefined) return `${whole}.0`;
  if (fraction.length <= 4) return `${whole}.${fraction}`;
  const cut = `${whole}.${fraction.slice(0, 4)}`;
  return value < 0 ? cut : nextDecimal(whole, fraction.slice(0, 4));
}

/** A ten-thousandth more. */
function nextDecimal(whole: string, fraction: string): string {
  const digits = String(BigInt(whole + fraction) + 1n).padStart(5, '0');
  return `${digits.slice(0, -4)}.${digits.slice(-4)}`;
}

/** A Cedar string cannot have half a surrogate pair. */
export function textOf(value: string): string {
  return isWellFormed(value) ? value : (value as string & { toWellFormed(): string }).toWellFormed();
}

/** `String.prototype.isWellFormed` is in every supported Node.js, and not yet in this ECMAScript level's types. */
export function isWellFormed(value: string): boolean {
  return (value as string & { isWellFormed(): boolean }).isWellFormed();
}
