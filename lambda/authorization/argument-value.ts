import { isJsonObject, type JsonObject, type JsonValue } from '../protocol';
import { toolArguments, type ArgumentType, type RecordArgument } from './argument-type';

/** A value in Cedar's JSON format. */
export type CedarValue = string | number | boolean | CedarValue[] | CedarRecord;
export interface CedarRecord {
  [name: string]: CedarValue;
}

/**
 * The arguments of a call as the schema from {@link generateSchema} types them, or `undefined` when one of them has no
 * such value: an integer beyond ±(2^53 - 1), where JSON numbers stop being exact; a number with more than four digits
 * after the point or outside Cedar's decimal range; a string with half a surrogate pair; a type that the tool's schema
 * does not allow. Every argument is looked at, also those that `only` leaves out of the result.
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
      return typeof value === 'string' && isWellFormed(value) ? value : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'long':
      return Number.isSafeInteger(value) ? (value as number) : undefined;
    case 'decimal':
      return typeof value === 'number' ? decimal(value) : undefined;
    case 'set':
      return Array.isArray(value) ? setValue(type.element, value) : undefined;
    case 'record':
      return isJsonObject(value) ? recordValue(type, value) : undefined;
  }
}

function setValue(element: ArgumentType, values: readonly JsonValue[]): CedarValue[] | undefined {
  const set: CedarValue[] = [];
  for (const value of values) {
    const converted = valueOf(element, value);
    if (converted === undefined) return undefined;
    set.push(converted);
  }
  return set;
}

/** Cedar decimals are 64-bit integers of ten-thousandths. */
const MAX_DECIMAL = 922_337_203_685_477;
const DECIMAL = /^(-?\d+)(\.\d{1,4})?$/;

function decimal(value: number): CedarValue | undefined {
  if (Math.abs(value) > MAX_DECIMAL) return undefined;
  const match = DECIMAL.exec(String(value));
  return match === null ? undefined : { __extn: { fn: 'decimal', arg: `${match[1]}${match[2] ?? '.0'}` } };
}

/** `String.prototype.isWellFormed` is in every supported Node.js, and not yet in this ECMAScript level's types. */
export function isWellFormed(value: string): boolean {
  return (value as string & { isWellFormed(): boolean }).isWellFormed();
}
