import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { isJsonObject, type JsonObject, type JsonValue } from '../protocol';
import { Pattern, TooCostly } from './pattern';

/** A tool whose input schema cannot be enforced. The tool must not be offered: no call to it could be checked. */
export class UnusableSchema extends Error {
  constructor(message: string) {
    super(`The input schema cannot be enforced: ${message}.`);
    this.name = 'UnusableSchema';
  }
}

const MAX_SCHEMA_DEPTH = 64;
const MAX_SCHEMA_VALUES = 20_000;
/** References followed while one call is checked: bounds what recursive schemas can cost. */
const MAX_STEPS = 100_000;
const STEP = 'x-guard-step';
const ROOT = 'tool';

type Dialect = 'draft-07' | '2020-12';
const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ['http://json-schema.org/draft-07/schema', 'draft-07'],
  ['https://json-schema.org/draft-07/schema', 'draft-07'],
  ['https://json-schema.org/draft/2020-12/schema', '2020-12'],
  ['http://json-schema.org/draft/2020-12/schema', '2020-12'],
]);

/** Validate schemas themselves; they hold nothing of any tool. */
const metaSchemas: Readonly<Record<Dialect, Ajv>> = {
  'draft-07': new Ajv({ strict: false, logger: false }),
  '2020-12': new Ajv2020({ strict: false, logger: false }),
};

/** A tool's input schema, compiled, with validators for parts of it. */
export interface CompiledSchema {
  /** The schema as it is enforced. */
  readonly schema: JsonObject;
  /**
   * The first problems of `value`, or `undefined`.
   *
   * @throws TooCostly
   */
  validate(value: JsonValue): readonly ErrorObject[] | undefined;
  /** A validator for the subschema at a JSON Pointer in URI fragment form. Its steps count towards the same check. */
  part(pointer: string): ValidateFunction;
}

/**
 * Compiles a JSON Schema (draft-07 or 2020-12 by `$schema`, 2020-12 where it says nothing) into code, in an Ajv of its own,
 * without network: references reach no further than the schema itself.
 *
 * @throws UnusableSchema
 */
export function compileSchema(inputSchema: JsonObject): CompiledSchema {
  const dialect = dialectOf(inputSchema);
  const budget = { steps: 0 };
  const schema = new Preparation().prepare(inputSchema);
  if (!metaSchemas[dialect].validateSchema(schema)) throw new UnusableSchema(`it is not a ${dialect} schema`);
  try {
    const ajv = newAjv(dialect, budget);
    ajv.addSchema(schema, ROOT);
    const validator = ajv.getSchema(ROOT) as ValidateFunction;
    return {
      schema,
      validate(value) {
        budget.steps = MAX_STEPS;
        return validator(value) ? undefined : (validator.errors ?? []);
      },
      part(pointer) {
        return ajv.getSchema(`${ROOT}#${pointer}`) as ValidateFunction;
      },
    };
  } catch (error) {
    throw new UnusableSchema(error instanceof Error ? error.message.slice(0, 200) : 'it does not compile');
  }
}

function dialectOf(schema: JsonObject): Dialect {
  if (schema.$schema === undefined) return '2020-12';
  const dialect = typeof schema.$schema === 'string' ? DIALECTS.get(schema.$schema.replace(/#$/, '')) : undefined;
  if (dialect === undefined) throw new UnusableSchema('its $schema is neither draft-07 nor 2020-12');
  return dialect;
}

function newAjv(dialect: Dialect, budget: { steps: number }): Ajv {
  const options = {
    strict: false,
    meta: false,
    validateSchema: false,
    logger: false,
    // A field that is only inherited, such as `constructor`, is not there.
    ownProperties: true,
    // Every reference is a call, so that steps can be counted.
    inlineRefs: false,
    code: { regExp: Object.assign((source: string) => new Pattern(source), { code: 'new Pattern' }) },
  } as const;
  const ajv = dialect === 'draft-07' ? new Ajv(options) : new Ajv2020(options);
  addFormats(ajv);
  // The expression that comes with Ajv takes quadratic time.
  ajv.addFormat('url', (value: string) => /^(?:https?|ftp):\/\//i.test(value) && URL.canParse(value));
  ajv.addKeyword({
    keyword: STEP,
    schemaType: 'boolean',
    errors: false,
    validate: () => {
      if (--budget.steps < 0) throw new TooCostly();
      return true;
    },
  });
  // Ajv's own compares every pair of objects.
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    errors: false,
    error: { message: 'must not have equal items' },
    validate: (unique: boolean, items: readonly JsonValue[]) => !unique || new Set(items.map(canonical)).size === items.length,
  });
  return ajv;
}

function canonical(value: JsonValue): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    isJsonObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

/** A copy of a schema that is safe to compile: bounded, references within itself only, a step counted at each of them. */
class Preparation {
  private values = 0;

  prepare(schema: JsonObject): JsonObject {
    const { $id: _id, $schema: _schema, ...own } = schema;
    return this.copy(own, 0, true) as JsonObject;
  }

  /** @param isSchema whether an object here is a schema, and its members keywords, rather than a map of names */
  private copy(value: JsonValue, depth: number, isSchema: boolean): JsonValue {
    if (typeof value !== 'object' || value === null) return value;
    if (depth > MAX_SCHEMA_DEPTH) throw new UnusableSchema(`it is nested more than ${MAX_SCHEMA_DEPTH} levels deep`);
    if (Array.isArray(value)) {
      this.count(value.length);
      return value.map((element) => this.copy(element, depth + 1, isSchema));
    }
    const members = Object.entries(value);
    this.count(members.length);
    if (isSchema) checkReferences(value);
    const copied = members.map(([key, member]): [string, JsonValue] => [
      key,
      isSchema && DATA.has(key) ? (member as JsonValue) : this.copy(member as JsonValue, depth + 1, !(isSchema && NAMES.has(key))),
    ]);
    if (isSchema && value.$ref !== undefined) copied.push([STEP, true]);
    return Object.fromEntries(copied);
  }

  private count(values: number): void {
    this.values += values;
    if (this.values > MAX_SCHEMA_VALUES) throw new UnusableSchema(`it holds more than ${MAX_SCHEMA_VALUES} values`);
  }
}

/** Keywords whose value is data of the tool's, not schemas. */
const DATA: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples', 'example']);
/** Keywords whose value maps names to schemas. */
const NAMES: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies']);

function checkReferences(schema: JsonObject): void {
  const { $ref } = schema;
  if ($ref !== undefined && (typeof $ref !== 'string' || !/^#(\/|$)/.test($ref))) {
    throw new UnusableSchema('it refers to something outside itself');
  }
  if (typeof schema.$id === 'string') throw new UnusableSchema('it holds a schema with an $id of its own');
  if (schema.$dynamicRef !== undefined || schema.$recursiveRef !== undefined) throw new UnusableSchema('it uses dynamic references');
}
