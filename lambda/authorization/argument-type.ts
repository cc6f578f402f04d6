import type { JsonObject } from '../protocol';
import { readArguments } from './argument-schema';

/**
 * What Cedar can say of an argument. The schema generator and the run-time conversion both read this one type, so that
 * they agree by construction. Every value that is valid under the JSON Schema has exactly one value of the Cedar type.
 *
 * | JSON Schema | Cedar |
 * |---|---|
 * | string, enum or const of strings | String; half a surrogate pair is U+FFFD |
 * | integer | Long; beyond ±(2^53 - 1), where JSON stops being exact, the nearer of the two |
 * | number | decimal, rounded up to four digits after the point; beyond its range, the nearer end |
 * | boolean | Bool |
 * | array, tuple | Set of what its items may be: order, repetition and null are not seen |
 * | object with declared properties | record: undeclared properties are not seen |
 * | object without | record of `keys`, a Set of its names, and `values` where they have a type |
 * | union of one type | that type; of objects, a record of all their properties; of integer and number, decimal |
 * | union of several types | record with the one attribute of `string`, `integer`, `number`, `boolean`, `array`, `object` that it is |
 * | any of these or null | the attribute is optional, and null is the same as absent |
 * | any value, a recursion | left out, and a policy that reads it is an error |
 */
export type ArgumentType =
  | ScalarArgument
  | { readonly kind: 'set'; readonly element: ArgumentType }
  | RecordArgument
  | MapArgument
  | UnionArgument;

export interface ScalarArgument {
  readonly kind: 'string' | 'long' | 'decimal' | 'boolean';
}

export interface RecordArgument {
  readonly kind: 'record';
  readonly attributes: ReadonlyMap<string, ArgumentAttribute>;
}

/** An object whose names are the caller's own. */
export interface MapArgument {
  readonly kind: 'map';
  /** What all its values are, where that is one type. */
  readonly value?: ArgumentType;
}

/** A value of one of several types. */
export interface UnionArgument {
  readonly kind: 'union';
  readonly alternatives: ReadonlyMap<Alternative, ArgumentType>;
}

/** JSON's name of a type, which is the name of the attribute that has the value. */
export type Alternative = 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';

export interface ArgumentAttribute {
  readonly type: ArgumentType;
  /** Neither absent nor null in any valid value. */
  readonly required: boolean;
  /** Null is a valid value, and says what absence says. */
  readonly nullable: boolean;
}

/** A part of a tool's arguments that policies cannot see. */
export interface LeftOutArgument {
  /** Names from the root; `[]` stands for the items of an array. */
  readonly path: readonly string[];
  readonly reason: string;
}

export interface ToolArguments {
  readonly type: RecordArgument;
  readonly leftOut: readonly LeftOutArgument[];
}

const known = new WeakMap<JsonObject, ToolArguments>();

/** How the arguments of a tool look to policies, from its input schema; the same object for the same schema. */
export function toolArguments(inputSchema: JsonObject): ToolArguments {
  let built = known.get(inputSchema);
  if (built === undefined) {
    built = readArguments(inputSchema);
    known.set(inputSchema, built);
  }
  return built;
}
