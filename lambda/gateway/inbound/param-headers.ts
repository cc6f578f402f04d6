import { Header, isJsonObject, type JsonObject, type JsonValue, type RequestId, type ToolDefinition } from '../../protocol';
import { decodeHeaderValue, encodeHeaderValue, headerValue, type HeaderReader } from './header-value';
import { mismatch } from './modern';
import type { Refusal } from './refusal';

const KEYWORD = 'x-mcp-header';
/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;
const TYPES = ['string', 'integer', 'boolean'];
/** Keywords whose value is a map of names to schemas. */
const SCHEMA_MAPS = ['patternProperties', 'dependentSchemas', '$defs', 'definitions'];
/** Keywords whose value is a schema or an array of schemas. */
const SCHEMAS = [
  'items',
  'prefixItems',
  'additionalItems',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'propertyNames',
  'oneOf',
  'anyOf',
  'allOf',
  'not',
  'if',
  'then',
  'else',
];
const MAX_SCHEMA_DEPTH = 64;

interface Declaration {
  /** Names of properties from the arguments down to the value. */
  readonly path: readonly string[];
  /** `mcp-param-<name>`, lower case. */
  readonly header: string;
  /** `Mcp-Param-<Name>`, as the tool declares it. */
  readonly shown: string;
}

/**
 * The `Mcp-Param-*` headers of one tool (SEP-2243), compiled once per definition: both what a client must send and what an
 * upstream server must be sent.
 */
export class ParamHeaders {
  private constructor(private readonly declarations: readonly Declaration[]) {}

  /**
   * The headers `tool` declares with `x-mcp-header`, or a sentence saying why the declaration is invalid, in which case
   * the tool must not be listed (MCP 2026-07-28, transports: custom headers).
   */
  static of(tool: Pick<ToolDefinition, 'inputSchema'>): ParamHeaders | string {
    const declarations: Declaration[] = [];
    const problem = collect(tool.inputSchema, [], declarations, 0);
    return problem ?? new ParamHeaders(declarations);
  }

  /**
   * Whether the client's `Mcp-Param-*` headers say what its arguments say (GW-1): a header for every declared value that
   * is there, none for one that is not, integers compared as numbers. Headers the tool does not declare are ignored.
   */
  check(headers: HeaderReader, toolArguments: JsonObject, id: RequestId | undefined): Refusal | undefined {
    for (const { path, header, shown } of this.declarations) {
      const value = at(toolArguments, path);
      const sent = headerValue(headers, header);
      if (value === undefined || value === null) {
        if (sent !== undefined) return mismatch(`${shown} is set, but its argument is not`, id);
        continue;
      }
      if (sent === undefined) return mismatch(`${shown} is missing`, id);
      const decoded = decodeHeaderValue(sent);
      if (decoded === undefined) return mismatch(`${shown} is not validly encoded`, id);
      if (!says(decoded, value)) return mismatch(`${shown} does not equal its argument`, id);
    }
    return undefined;
  }

  /** The headers to send upstream with `toolArguments`; needed anew whenever the arguments were changed on the way. */
  headersFor(toolArguments: JsonObject): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const { path, shown } of this.declarations) {
      const value = at(toolArguments, path);
      if (typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value)) headers[shown] = encodeHeaderValue(String(value));
    }
    return headers;
  }
}

function says(header: string, value: JsonValue): boolean {
  if (typeof value === 'number') return /^-?\d{1,20}(\.0{1,20})?$/.test(header) && Number(header) === value;
  return (typeof value === 'string' || typeof value === 'boolean') && header === String(value);
}

function at(root: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const name of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** Adds the declarations reachable from `schema` through `properties` alone; returns what is wrong with the first bad one. */
function collect(schema: JsonValue | undefined, path: readonly string[], found: Declaration[], depth: number): string | undefined {
  if (!isJsonObject(schema)) return undefined;
  if (depth > MAX_SCHEMA_DEPTH) return `the input schema is nested more than ${MAX_SCHEMA_DEPTH} levels deep`;
  if (schema[KEYWORD] !== undefined) {
    const problem = declare(schema, path, found);
    if (problem !== undefined) return problem;
  }
  for (const keyword of SCHEMAS) if (declaresAny(schema[keyword], depth + 1)) return `${KEYWORD} must not be used under ${keyword}`;
  for (const keyword of SCHEMA_MAPS) {
    const schemas = schema[keyword];
    if (isJsonObject(schemas) && Object.values(schemas).some((entry) => declaresAny(entry, depth + 1))) return `${KEYWORD} must not be used under ${keyword}`;
  }
  if (!isJsonObject(schema.properties)) return undefined;
  for (const [name, property] of Object.entries(schema.properties)) {
    const problem = collect(property, [...path, name], found, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function declare(schema: JsonObject, path: readonly string[], found: Declaration[]): string | undefined {
  const name = schema[KEYWORD];
  if (path.length === 0) return `${KEYWORD} must not be used on the whole input`;
  if (typeof name !== 'string' || !TOKEN.test(name)) return `${KEYWORD} must be a token of at most 128 characters`;
  if (typeof schema.type !== 'string' || !TYPES.includes(schema.type)) return `${KEYWORD} needs a property of type string, integer or boolean`;
  const header = `${Header.PARAM_PREFIX}${name.toLowerCase()}`;
  if (found.some((other) => other.header === header)) return `${KEYWORD} must be unique, whatever its case`;
  found.push({ path, header, shown: `Mcp-Param-${name}` });
  return undefined;
}

function declaresAny(value: JsonValue | undefined, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  // Too deep to know: taken for a declaration, so that the tool is dropped.
  if (depth > MAX_SCHEMA_DEPTH) return true;
  if (Array.isArray(value)) return value.some((element) => declaresAny(element, depth + 1));
  return Object.entries(value).some(([key, member]) => (key === KEYWORD && typeof member === 'string') || declaresAny(member, depth + 1));
}
