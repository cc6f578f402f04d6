import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from '../../protocol';

/** How far a change goes (ETDI): of what the tool may do, of what it takes and gives, or of its wording alone. */
export type ChangeLevel = 'none' | 'patch' | 'minor' | 'major';

/** Members of a definition that are words for people and models, and nothing else. */
const WORDING = new Set(['title', 'description']);
const SCHEMAS = new Set(['inputSchema', 'outputSchema']);
/** Keywords of JSON Schema that constrain nothing. */
const SCHEMA_WORDING = new Set(['title', 'description', '$comment', 'examples']);
/** Keywords whose members are named by the author, so that a member called `description` is a parameter. */
const NAMED_SCHEMAS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);
/** Keywords that hold values, in which no member is a keyword. */
const VALUES = new Set(['const', 'enum', 'default', 'required', 'dependentRequired', 'type']);

/**
 * The level of the change between two definitions: wording is a patch, a schema a minor change; everything else, annotations
 * and permissions among it, is major, because it may change what the tool is allowed to do.
 */
export function changeLevel(before: JsonValue, after: JsonValue): ChangeLevel {
  if (canonicalJson(before) === canonicalJson(after)) return 'none';
  if (!isJsonObject(before) || !isJsonObject(after)) return typeof before === typeof after ? 'patch' : 'major';
  if (canonicalJson(permissionsOf(before)) !== canonicalJson(permissionsOf(after))) return 'major';
  return canonicalJson(shapeOf(before)) === canonicalJson(shapeOf(after)) ? 'patch' : 'minor';
}

/** The version after a change; `1.0.0` for the first. */
export function nextVersion(version: string | undefined, level: ChangeLevel): string {
  if (version === undefined) return '1.0.0';
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  switch (level) {
    case 'none':
      return version;
    case 'patch':
      return `${major}.${minor}.${patch + 1}`;
    case 'minor':
      return `${major}.${minor + 1}.0`;
    case 'major':
      return `${major + 1}.0.0`;
  }
}

/** What is neither wording nor schema. */
function permissionsOf(definition: JsonObject): JsonObject {
  const rest = Object.entries(definition).filter(([key]) => !WORDING.has(key) && !SCHEMAS.has(key));
  return Object.fromEntries(rest.map(([key, value]) => [key, key === 'annotations' && isJsonObject(value) ? { ...value, title: undefined } : value]));
}

function shapeOf(definition: JsonObject): JsonObject {
  return Object.fromEntries([...SCHEMAS].map((key) => [key, schemaShape(definition[key] ?? null)]));
}

/** A schema without its wording. */
function schemaShape(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return schema.map(schemaShape);
  if (!isJsonObject(schema)) return schema;
  const shape: JsonObject = {};
  for (const [key, value = null] of Object.entries(schema)) {
    if (VALUES.has(key)) shape[key] = value;
    else if (NAMED_SCHEMAS.has(key) && isJsonObject(value)) shape[key] = Object.fromEntries(Object.entries(value).map(([name, inner = null]) => [name, schemaShape(inner)]));
    else if (!SCHEMA_WORDING.has(key)) shape[key] = schemaShape(value);
  }
  return shape;
}
