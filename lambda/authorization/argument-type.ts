import { isJsonObject, type JsonObject, type JsonValue } from '../protocol';

/**
 * What Cedar can say of an argument. The schema generator and the run-time conversion both read this one type, so that
 * they agree by construction.
 *
 * | JSON Schema | Cedar |
 * |---|---|
 * | string, enum or const of strings | String |
 * | integer | Long |
 * | number | decimal (four digits after the point) |
 * | boolean | Bool |
 * | array of one type | Set: order and repetition are not seen |
 * | object with declared properties | record: undeclared properties are not seen |
 * | any of these or null | the attribute is optional, and null is the same as absent |
 * | a union, an untyped or free-form value, a tuple, a recursion | left out |
 */
export type ArgumentType =
  | { readonly kind: 'string' | 'long' | 'decimal' | 'boolean' }
  | { readonly kind: 'set'; readonly element: ArgumentType }
  | RecordArgument;

export interface RecordArgument {
  readonly kind: 'record';
  readonly attributes: ReadonlyMap<string, ArgumentAttribute>;
}

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

const MAX_DEPTH = 12;
/** Schema nodes looked at for one tool; references multiply them. */
const MAX_NODES = 5_000;
/** Names with a meaning in Cedar's or JavaScript's object notation. */
const RESERVED = new Set(['__entity', '__extn', '__expr', '__proto__']);

const compiled = new WeakMap<JsonObject, ToolArguments>();

/** How the arguments of a tool look to policies, from its input schema; the same object for the same schema. */
export function toolArguments(inputSchema: JsonObject): ToolArguments {
  let built = compiled.get(inputSchema);
  if (built === undefined) {
    built = new Reader(inputSchema).read();
    compiled.set(inputSchema, built);
  }
  return built;
}

type Resolved = { readonly type: ArgumentType; readonly nullable: boolean } | { readonly reason: string };

const left = (reason: string): Resolved => ({ reason });

class Reader {
  private nodes = 0;
  private readonly leftOut: LeftOutArgument[] = [];

  constructor(private readonly root: JsonObject) {}

  read(): ToolArguments {
    return { type: this.record(this.root, [], []), leftOut: this.leftOut };
  }

  private record(schema: JsonObject, path: readonly string[], refs: readonly string[]): RecordArgument {
    const attributes = new Map<string, ArgumentAttribute>();
    const required = Array.isArray(schema.required) ? schema.required : [];
    for (const [name, property] of Object.entries(isJsonObject(schema.properties) ? schema.properties : {})) {
      const at = [...path, name];
      const resolved = RESERVED.has(name) ? left('its name is reserved') : this.resolve(property, at, refs);
      if ('reason' in resolved) this.leftOut.push({ path: at, reason: resolved.reason });
      else attributes.set(name, { ...resolved, required: required.includes(name) && !resolved.nullable });
    }
    return { kind: 'record', attributes };
  }

  private resolve(schema: JsonValue | undefined, path: readonly string[], refs: readonly string[]): Resolved {
    if (++this.nodes > MAX_NODES) return left('the schema is too large');
    if (path.length > MAX_DEPTH || refs.length > MAX_DEPTH) return left('the schema is too deep');
    if (!isJsonObject(schema)) return left('it may be any value');
    if (schema !== this.root && '$id' in schema) return left('its schema has its own $id');
    if ('$ref' in schema) return this.reference(schema.$ref, path, refs);
    const types = typesOf(schema);
    if (types === undefined) return this.combination(schema, path, refs);
    const [type, ...others] = types.filter((name) => name !== 'null');
    if (type === undefined) return left('it is always null');
    if (others.length > 0) return left('it may be of several types');
    const nullable = types.includes('null') || schema.nullable === true;
    switch (type) {
      case 'string':
      case 'boolean':
        return { type: { kind: type }, nullable };
      case 'integer':
        return { type: { kind: 'long' }, nullable };
      case 'number':
        return { type: { kind: 'decimal' }, nullable };
      case 'array':
        return this.array(schema, path, refs, nullable);
      case 'object':
        if (!isJsonObject(schema.properties)) return left('it is an object without declared properties');
        return { type: this.record(schema, path, refs), nullable };
      default:
        return left('its type is unknown');
    }
  }

  private array(schema: JsonObject, path: readonly string[], refs: readonly string[], nullable: boolean): Resolved {
    if ('prefixItems' in schema || Array.isArray(schema.items)) return left('it is a tuple');
    const element = this.resolve(schema.items, [...path, '[]'], refs);
    if ('reason' in element) return left(`of its items: ${element.reason}`);
    if (element.nullable) return left('its items may be null');
    return { type: { kind: 'set', element: element.type }, nullable };
  }

  private reference(ref: JsonValue | undefined, path: readonly string[], refs: readonly string[]): Resolved {
    if (typeof ref !== 'string' || !(ref === '#' || ref.startsWith('#/'))) return left('it refers to another schema');
    if (refs.includes(ref) || ref === '#') return left('it is recursive');
    let target: JsonValue | undefined = this.root;
    for (const step of ref.slice(2).split('/').map(pointerStep)) {
      if (typeof target !== 'object' || target === null || !Object.hasOwn(target, step)) return left('it refers to what is not there');
      target = (target as JsonObject)[step];
      if (isJsonObject(target) && '$id' in target) return left('its schema has its own $id');
    }
    return this.resolve(target, path, [...refs, ref]);
  }

  /** A union is a type only where all its branches are the same one; null beside it makes it optional. */
  private combination(schema: JsonObject, path: readonly string[], refs: readonly string[]): Resolved {
    if (Array.isArray(schema.allOf) && schema.allOf.length === 1) return this.resolve(schema.allOf[0], path, refs);
    const branches = schema.anyOf ?? schema.oneOf;
    if (!Array.isArray(branches)) return left('it may be any value');
    let nullable = false;
    let found: ArgumentType | undefined;
    for (const branch of branches) {
      if (isJsonObject(branch) && typesOf(branch)?.every((type) => type === 'null') === true) {
        nullable = true;
        continue;
      }
      const resolved = this.resolve(branch, path, refs);
      if ('reason' in resolved) return resolved;
      if (found !== undefined && !sameType(found, resolved.type)) return left('it may be of several types');
      found = resolved.type;
      nullable ||= resolved.nullable;
    }
    return found === undefined ? left('it is always null') : { type: found, nullable };
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

function sameType(a: ArgumentType, b: ArgumentType): boolean {
  if (a.kind === 'set') return b.kind === 'set' && sameType(a.element, b.element);
  if (a.kind !== 'record') return a.kind === b.kind;
  return (
    b.kind === 'record' &&
    a.attributes.size === b.attributes.size &&
    [...a.attributes].every(([name, { type, required, nullable }]) => {
      const other = b.attributes.get(name);
      return other !== undefined && other.required === required && other.nullable === nullable && sameType(type, other.type);
    })
  );
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
