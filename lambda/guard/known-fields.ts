import type { ValidateFunction } from 'ajv';
import { isJsonObject, type JsonObject, type JsonValue } from '../protocol';
import { Pattern } from './pattern';
import { pointerStep } from './problem';
import { UnusableSchema, type CompiledSchema } from './schema';

/** What one schema says about the members and elements of a value. */
interface Part {
  readonly properties: ReadonlyMap<string, Part>;
  /** The names of `properties`, case folded. */
  readonly folded: ReadonlySet<string>;
  readonly patterns: readonly { readonly pattern: Pattern; readonly part: Part }[];
  /** For members that `properties` and `patternProperties` do not name; absent where the schema does not allow more. */
  readonly rest?: Part;
  /** Says something about members at all. A schema that does not, such as `{"type": "object"}`, leaves them free. */
  readonly describesFields: boolean;
  readonly first: readonly Part[];
  readonly items?: Part;
  /** Schemas for the same value, which count where they hold: of `allOf` and `$ref` always, of `anyOf` where they match. */
  readonly also: readonly { readonly when: Condition; readonly part: Part }[];
}

type Condition =
  | { readonly kind: 'always' }
  | { readonly kind: 'matches' | 'fails'; readonly validate: ValidateFunction }
  | { readonly kind: 'has'; readonly field: string };

const ALWAYS: Condition = { kind: 'always' };
const FREE: Part = { properties: new Map(), folded: new Set(), patterns: [], describesFields: false, first: [], also: [] };

/**
 * Finds fields that a schema does not know (IOV-4): those that would be left over if every object in it ended with
 * `unevaluatedProperties: false`, whatever it is composed of. What a schema opens stays open: `additionalProperties` or
 * `unevaluatedProperties` of `true` or a schema, and nested objects it says nothing about. The arguments themselves are
 * closed even then: a tool that declares no parameters takes none. A field whose name differs from a declared one in its
 * case alone is never known: to a server that folds case it would be the declared one, with a value nobody decided on.
 */
export class KnownFields {
  private readonly root: Part;
  private readonly parts = new Map<JsonValue, Part>();

  constructor(private readonly compiled: CompiledSchema) {
    this.root = this.part(compiled.schema, '');
  }

  /** The JSON Pointer of the first unknown field in arguments that are otherwise valid, or `undefined`. */
  findUnknown(toolArguments: JsonObject): string | undefined {
    return this.unknownIn(toolArguments, [this.root], true, true);
  }

  /** The same for fields that pass for a declared one; others may be unknown. */
  findImpostor(toolArguments: JsonObject): string | undefined {
    return this.unknownIn(toolArguments, [this.root], true, false);
  }

  private unknownIn(value: JsonValue | undefined, parts: readonly Part[], isRoot: boolean, isStrict: boolean): string | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    const applicable = parts.every((part) => part.also.length === 0) ? parts : withBranches(parts, value);
    if (Array.isArray(value)) return this.unknownInElements(value, applicable, isStrict);
    const isClosed = isRoot || applicable.some((part) => part.describesFields);
    if (!isClosed) return undefined;
    for (const name of Object.keys(value)) {
      if (isImpostor(applicable, name)) return pointerStep(name);
      const described = fieldParts(applicable, name);
      const unknown = described.length > 0 ? this.unknownIn(value[name], described, false, isStrict) : isStrict ? '' : undefined;
      if (unknown !== undefined) return pointerStep(name) + unknown;
    }
    return undefined;
  }

  private unknownInElements(elements: readonly JsonValue[], parts: readonly Part[], isStrict: boolean): string | undefined {
    for (let index = 0; index < elements.length; index++) {
      const described: Part[] = [];
      for (const part of parts) {
        const own = part.first[index] ?? part.items;
        if (own !== undefined) described.push(own);
      }
      const unknown = described.length === 0 ? undefined : this.unknownIn(elements[index], described, false, isStrict);
      if (unknown !== undefined) return pointerStep(index) + unknown;
    }
    return undefined;
  }

  /** The part for `schema`, built once for each: a schema may refer to itself. */
  private part(schema: JsonValue | undefined, pointer: string): Part {
    if (!isJsonObject(schema)) return FREE;
    const built = this.parts.get(schema);
    if (built !== undefined) return built;
    const part = { ...FREE } as { -readonly [Key in keyof Part]: Part[Key] };
    this.parts.set(schema, part);
    part.properties = new Map(this.entries(schema, 'properties', pointer).map((entry) => [entry.name, entry.part]));
    part.folded = new Set([...part.properties.keys()].map(fold));
    part.patterns = this.entries(schema, 'patternProperties', pointer).map((entry) => ({ pattern: new Pattern(entry.name), part: entry.part }));
    part.rest = this.open(schema, 'additionalProperties', pointer) ?? this.open(schema, 'unevaluatedProperties', pointer);
    part.describesFields = FIELD_KEYWORDS.some((keyword) => schema[keyword] !== undefined);
    part.first = [...this.list(schema, 'prefixItems', pointer), ...this.list(schema, 'items', pointer)];
    part.items = ['items', 'additionalItems', 'unevaluatedItems'].map((keyword) => this.one(schema, keyword, pointer)).find((found) => found !== undefined);
    part.also = this.also(schema, pointer);
    return part;
  }

  private also(schema: JsonObject, pointer: string): Part['also'] {
    const matching = (keyword: string): Part['also'] =>
      this.list(schema, keyword, pointer).map((part, index) => ({ when: { kind: 'matches', validate: this.compiled.part(`${pointer}/${keyword}/${index}`) }, part }));
    const then = this.one(schema, 'then', pointer);
    const otherwise = this.one(schema, 'else', pointer);
    const test = this.one(schema, 'if', pointer);
    const validate = test === undefined ? undefined : this.compiled.part(`${pointer}/if`);
    return [
      ...this.list(schema, 'allOf', pointer).map((part) => ({ when: ALWAYS, part })),
      ...(typeof schema.$ref === 'string' ? [{ when: ALWAYS, part: this.referred(schema.$ref) }] : []),
      ...matching('anyOf'),
      ...matching('oneOf'),
      ...(validate !== undefined && test !== undefined ? [{ when: { kind: 'matches', validate } as const, part: test }] : []),
      ...(validate !== undefined && then !== undefined ? [{ when: { kind: 'matches', validate } as const, part: then }] : []),
      ...(validate !== undefined && otherwise !== undefined ? [{ when: { kind: 'fails', validate } as const, part: otherwise }] : []),
      ...['dependentSchemas', 'dependencies'].flatMap((keyword) =>
        this.entries(schema, keyword, pointer).map(({ name, part }) => ({ when: { kind: 'has', field: name } as const, part })),
      ),
    ];
  }

  private referred(reference: string): Part {
    let schema: JsonValue | undefined = this.compiled.schema;
    const pointer = reference.slice(1);
    for (const step of pointer.split('/').slice(1)) {
      const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
      schema = isJsonObject(schema) ? schema[name] : Array.isArray(schema) ? schema[Number(name)] : undefined;
    }
    if (schema === undefined) throw new UnusableSchema('it refers to a part of itself that does not exist');
    return this.part(schema, pointer);
  }

  /** A subschema; boolean schemas too. */
  private one(schema: JsonObject, keyword: string, pointer: string): Part | undefined {
    const found = schema[keyword];
    return isJsonObject(found) || typeof found === 'boolean' ? this.part(found, `${pointer}/${keyword}`) : undefined;
  }

  private open(schema: JsonObject, keyword: string, pointer: string): Part | undefined {
    return schema[keyword] === false ? undefined : this.one(schema, keyword, pointer);
  }

  private list(schema: JsonObject, keyword: string, pointer: string): readonly Part[] {
    const found = schema[keyword];
    return Array.isArray(found) ? found.map((element, index) => this.part(element, `${pointer}/${keyword}/${index}`)) : [];
  }

  private entries(schema: JsonObject, keyword: string, pointer: string): readonly { readonly name: string; readonly part: Part }[] {
    const found = schema[keyword];
    if (!isJsonObject(found)) return [];
    return Object.entries(found)
      .filter(([, member]) => !Array.isArray(member))
      .map(([name, member]) => ({ name, part: this.part(member, `${pointer}/${keyword}${fragmentStep(name)}`) }));
  }
}

const FIELD_KEYWORDS = ['properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties'];

/** The parts that apply to `value`: those given, and of what they are composed of what holds. */
function withBranches(parts: readonly Part[], value: JsonValue[] | JsonObject): readonly Part[] {
  const found = new Set(parts);
  // A set is iterated in order of insertion, elements added on the way included.
  for (const part of found) for (const { when, part: other } of part.also) if (!found.has(other) && holds(when, value)) found.add(other);
  return [...found];
}

function holds(condition: Condition, value: JsonValue[] | JsonObject): boolean {
  switch (condition.kind) {
    case 'always':
      return true;
    case 'matches':
      return condition.validate(value) as boolean;
    case 'fails':
      return !condition.validate(value);
    case 'has':
      return isJsonObject(value) && Object.hasOwn(value, condition.field);
  }
}

function isImpostor(parts: readonly Part[], name: string): boolean {
  if (parts.some((part) => part.properties.has(name))) return false;
  const folded = fold(name);
  return parts.some((part) => part.folded.has(folded));
}

/** To upper case first: it knows that the long s is an S, as decoders do that fold case. */
function fold(name: string): string {
  return name.toUpperCase().toLowerCase();
}

function fieldParts(parts: readonly Part[], name: string): readonly Part[] {
  const described: Part[] = [];
  for (const part of parts) {
    const before = described.length;
    const own = part.properties.get(name);
    if (own !== undefined) described.push(own);
    for (const { pattern, part: other } of part.patterns) if (pattern.test(name)) described.push(other);
    if (described.length === before && part.rest !== undefined) described.push(part.rest);
  }
  return described;
}

function fragmentStep(name: string): string {
  return encodeURI(pointerStep(name)).replaceAll('#', '%23').replaceAll('?', '%3F');
}
