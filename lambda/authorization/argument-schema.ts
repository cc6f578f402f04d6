import { isJsonObject, type JsonObject, type JsonValue } from '../protocol';
import type { ArgumentAttribute, ArgumentType, LeftOutArgument, RecordArgument, ToolArguments } from './argument-type';
import { intersectionOf, unionOf } from './argument-union';

const MAX_DEPTH = 12;
/** Schema nodes looked at for one tool; references multiply them. */
const MAX_NODES = 5_000;
/** Names with a meaning in Cedar's or JavaScript's object notation. */
const RESERVED = new Set(['__entity', '__extn', '__expr', '__proto__']);

/** Reads an input schema as {@link ArgumentType} says. */
export function readArguments(inputSchema: JsonObject): ToolArguments {
  return new Reader(inputSchema).read();
}

type Resolved = { readonly type: ArgumentType; readonly nullable: boolean } | { readonly reason: string };

const left = (reason: string): Resolved => ({ reason });
const ANY_VALUE = 'it may be any value';
const NULL_ONLY = 'it is always null';

/** Where a node is: names from the root, and the references that led to it. */
interface Place {
  readonly path: readonly string[];
  readonly refs: readonly string[];
}

class Reader {
  private nodes = 0;
  private leftOut: LeftOutArgument[] = [];

  constructor(private readonly root: JsonObject) {}

  read(): ToolArguments {
    return { type: this.record(this.root, { path: [], refs: [] }), leftOut: this.leftOut };
  }

  private record(schema: JsonObject, { path, refs }: Place): RecordArgument {
    const attributes = new Map<string, ArgumentAttribute>();
    const required = Array.isArray(schema.required) ? schema.required : [];
    for (const [name, property] of Object.entries(isJsonObject(schema.properties) ? schema.properties : {})) {
      const at = [...path, name];
      const resolved = RESERVED.has(name) ? left('its name is reserved') : this.resolve(property, { path: at, refs });
      if ('reason' in resolved) this.leftOut.push({ path: at, reason: resolved.reason });
      else attributes.set(name, { ...resolved, required: required.includes(name) && !resolved.nullable });
    }
    return { kind: 'record', attributes };
  }

  private resolve(schema: JsonValue | undefined, place: Place): Resolved {
    if (++this.nodes > MAX_NODES) return left('the schema is too large');
    if (place.path.length > MAX_DEPTH || place.refs.length > MAX_DEPTH) return left('the schema is too deep');
    if (!isJsonObject(schema)) return left(ANY_VALUE);
    if (schema !== this.root && '$id' in schema) return left('its schema has its own $id');
    if ('$ref' in schema) return this.reference(schema.$ref, place);
    const types = typesOf(schema);
    if (types === undefined) return this.combination(schema, place);
    const nullable = types.includes('null') || schema.nullable === true;
    return this.union(types.filter((type) => type !== 'null').map((type) => () => this.typed(schema, type, place)), nullable);
  }

  private typed(schema: JsonObject, type: string, place: Place): Resolved {
    const scalar = (kind: 'string' | 'boolean' | 'long' | 'decimal'): Resolved => ({ type: { kind }, nullable: false });
    switch (type) {
      case 'string':
      case 'boolean':
        return scalar(type);
      case 'integer':
        return scalar('long');
      case 'number':
        return scalar('decimal');
      case 'array':
        return this.array(schema, place);
      case 'object':
        return this.object(schema, place);
      default:
        return left('its type is unknown');
    }
  }

  private object(schema: JsonObject, place: Place): Resolved {
    const { properties, additionalProperties, patternProperties } = schema;
    if (isJsonObject(properties) || (additionalProperties === false && patternProperties === undefined)) {
      return { type: this.record(schema, place), nullable: false };
    }
    if (patternProperties !== undefined || !isJsonObject(additionalProperties)) return { type: { kind: 'map' }, nullable: false };
    const value = this.silently(() => this.resolve(additionalProperties, { ...place, path: [...place.path, '*'] }));
    const isTyped = value !== undefined && !('reason' in value);
    return { type: isTyped ? { kind: 'map', value: value.type } : { kind: 'map' }, nullable: false };
  }

  private array({ prefixItems, items, additionalItems, maxItems }: JsonObject, place: Place): Resolved {
    const first = prefixItems ?? (Array.isArray(items) ? items : undefined);
    const rest = Array.isArray(items) ? additionalItems : items;
    const positions = Array.isArray(first) ? first : [];
    const isClosed = rest === false || (typeof maxItems === 'number' && maxItems <= positions.length);
    const schemas = isClosed ? positions : [...positions, rest];
    const at = { ...place, path: [...place.path, '[]'] };
    const element = this.union(schemas.map((schema) => () => this.resolve(schema, at)), false);
    if ('reason' in element) return left(`of its items: ${element.reason}`);
    return { type: { kind: 'set', element: element.type }, nullable: false };
  }

  private reference(ref: JsonValue | undefined, { path, refs }: Place): Resolved {
    if (typeof ref !== 'string' || !(ref === '#' || ref.startsWith('#/'))) return left('it refers to another schema');
    if (refs.includes(ref) || ref === '#') return left('it is recursive');
    let target: JsonValue | undefined = this.root;
    for (const step of ref.slice(2).split('/').map(pointerStep)) {
      if (typeof target !== 'object' || target === null || !Object.hasOwn(target, step)) return left('it refers to what is not there');
      target = (target as JsonObject)[step];
      if (isJsonObject(target) && '$id' in target) return left('its schema has its own $id');
    }
    return this.resolve(target, { path, refs: [...refs, ref] });
  }

  private combination(schema: JsonObject, place: Place): Resolved {
    if (Array.isArray(schema.allOf) && schema.allOf.length > 0) return this.intersection(schema.allOf, place);
    const branches = schema.anyOf ?? schema.oneOf;
    if (Array.isArray(branches)) return this.union(branches.map((branch) => () => this.resolve(branch, place)), false);
    return isJsonObject(schema.properties) ? this.object(schema, place) : left(ANY_VALUE);
  }

  /** What holds of a value that is under one of several schemas. A part of it that is left out leaves out all of it. */
  private union(branches: readonly (() => Resolved)[], nullable: boolean): Resolved {
    if (branches.length === 1) {
      const only = branches[0]!();
      return 'reason' in only ? only : { type: only.type, nullable: nullable || only.nullable };
    }
    const before = this.leftOut.length;
    let found: ArgumentType | undefined;
    let mayBeNull = nullable;
    for (const branch of branches) {
      const resolved = branch();
      if ('reason' in resolved) {
        if (resolved.reason !== NULL_ONLY) return this.forget(before, resolved.reason);
        mayBeNull = true;
        continue;
      }
      mayBeNull ||= resolved.nullable;
      found = found === undefined ? resolved.type : unionOf(found, resolved.type);
      if (found === undefined) return this.forget(before, 'it may be objects of several kinds');
    }
    const unseen = this.leftOut[before];
    if (unseen !== undefined) return this.forget(before, `of ${unseen.path.at(-1)}: ${unseen.reason}`);
    return found === undefined ? left(NULL_ONLY) : { type: found, nullable: mayBeNull };
  }

  private intersection(parts: readonly JsonValue[], place: Place): Resolved {
    let found: ArgumentType | undefined;
    let nullable = true;
    for (const part of parts) {
      const resolved = this.resolve(part, place);
      // A part without a type says something else of the value: what it must have, or must not be.
      if ('reason' in resolved && resolved.reason === ANY_VALUE) continue;
      if ('reason' in resolved) return resolved;
      nullable &&= resolved.nullable;
      found = found === undefined ? resolved.type : intersectionOf(found, resolved.type);
      if (found === undefined) return left('it has to be of several types at once');
    }
    return found === undefined ? left(ANY_VALUE) : { type: found, nullable };
  }

  private forget(since: number, reason: string): Resolved {
    this.leftOut.length = since;
    return left(reason);
  }

  /** What is left out under it is no loss of the argument, which is seen without. */
  private silently(resolve: () => Resolved): Resolved | undefined {
    const before = this.leftOut.length;
    const resolved = resolve();
    const isWhole = this.leftOut.length === before;
    this.leftOut.length = before;
    return isWhole ? resolved : undefined;
  }
}

/** The JSON types that a schema names: by `type`, or by the values it lists. */
function typesOf(schema: JsonObject): readonly string[] | undefined {
  if (typeof schema.type === 'string') return [schema.type];
  if (Array.isArray(schema.type)) return schema.type.filter((type) => typeof type === 'string');
  const values = 'const' in schema ? [schema.const] : schema.enum;
  return Array.isArray(values) && values.length > 0 ? [...new Set(values.map(typeOfValue))] : undefined;
}

function typeOfValue(value: JsonValue | undefined): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}

/** One step of a JSON pointer in a URI fragment (RFC 6901, section 6). */
function pointerStep(step: string): string {
  let decoded = step;
  try {
    decoded = decodeURIComponent(step);
  } catch {
    // Not percent-encoded after all; the name is taken as it is written.
  }
  return decoded.replaceAll('~1', '/').replaceAll('~0', '~');
}
