import { isJsonObject } from '../protocol';
import type { TextField, TextKind } from './types';

/** What a definition may hold before it is refused unread. A real one stays far below all of them. */
export const TextLimits = {
  /** Objects and arrays inside each other. */
  depth: 64,
  /** Texts, keys included. */
  fields: 20_000,
  /** UTF-16 units in all texts together. */
  characters: 200_000,
} as const;

/** A definition that is too large to be checked; {@link TextLimits}. The message says which limit, and holds no text. */
export class DefinitionTooLarge extends Error {
  constructor(why: string) {
    super(`The definition cannot be checked: ${why}.`);
    this.name = 'DefinitionTooLarge';
  }
}

/**
 * Every text of a tool definition that could reach a model (TD-1): name, title, descriptions, and each key, default,
 * enum, example, const and pattern of its schemas at any depth, annotations, icons, `_meta`, and members that no
 * revision knows. In the order of the definition; numbers and booleans are no texts.
 * @throws DefinitionTooLarge
 */
export function textFields(tool: unknown): readonly TextField[] {
  const walk = new Walk();
  if (typeof tool === 'string') walk.text('', 'meta', tool);
  else walk.members('', tool, 0, kindOfMember);
  return walk.fields;
}

/** The kind of a value from where it stands: its key, and the kind of what holds it. */
type KindOf = (key: string) => { readonly kind: TextKind; readonly keyKind?: TextKind; readonly within: KindOf };

const SCHEMA_MEMBERS: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);

/** Words of JSON Schema and of MCP: as keys they say nothing that a server could choose. */
const KNOWN_KEYS: ReadonlySet<string> = new Set(
  `$anchor $comment $defs $dynamicAnchor $dynamicRef $id $ref $schema $vocabulary additionalItems additionalProperties allOf annotations anyOf
  const contains contentEncoding contentMediaType contentSchema default definitions dependencies dependentRequired dependentSchemas deprecated
  description else enum enumNames enumDescriptions example examples exclusiveMaximum exclusiveMinimum format icons if inputSchema items maxContains
  maxItems maxLength maxProperties maximum minContains minItems minLength minProperties minimum mimeType multipleOf name not nullable oneOf
  outputSchema parameters pattern patternProperties prefixItems properties propertyNames readOnly required sizes src then title type
  unevaluatedItems unevaluatedProperties uniqueItems writeOnly _meta readOnlyHint destructiveHint idempotentHint openWorldHint execution
  taskSupport`.split(/\s+/),
);

const metaMember: KindOf = () => ({ kind: 'meta', keyKind: 'meta', within: metaMember });
const annotationMember: KindOf = () => ({ kind: 'annotation', keyKind: 'annotation', within: annotationMember });
const schemaText: KindOf = () => ({ kind: 'schemaText', keyKind: 'schemaText', within: schemaText });

const schemaMember: KindOf = (key) => {
  if (SCHEMA_MEMBERS.has(key)) return { kind: 'schemaText', within: namedSchemas };
  if (key === 'description') return { kind: 'parameterDescription', within: schemaText };
  if (key === 'default' || key === 'examples' || key === 'const' || key === 'enum') return { kind: 'schemaText', within: schemaText };
  return { kind: 'schemaText', within: schemaMember };
};

/** What `properties` holds: each key is the name of a parameter, each value its schema. */
const namedSchemas: KindOf = () => ({ kind: 'parameterDescription', keyKind: 'parameterName', within: schemaMember });

const kindOfMember: KindOf = (key) => {
  switch (key) {
    case 'name':
    case 'title':
    case 'description':
    case 'instructions':
      return { kind: key, within: metaMember };
    case 'inputSchema':
    case 'outputSchema':
      return { kind: 'schemaText', within: key === 'inputSchema' ? inputSchemaMember : schemaMember };
    case 'annotations':
      return { kind: 'annotation', within: annotationMember };
    default:
      return { kind: 'meta', keyKind: 'meta', within: metaMember };
  }
};

/** Some servers list parameters directly in `inputSchema`: those keys are names of parameters too. */
const inputSchemaMember: KindOf = (key) => {
  if (KNOWN_KEYS.has(key)) return schemaMember(key);
  return { kind: 'parameterDescription', keyKind: 'parameterName', within: schemaMember };
};

class Walk {
  readonly fields: TextField[] = [];
  private characters = 0;

  text(pointer: string, kind: TextKind, text: string): void {
    if (text === '') return;
    this.characters += text.length;
    if (this.characters > TextLimits.characters) throw new DefinitionTooLarge(`it holds more than ${TextLimits.characters} characters of text`);
    if (this.fields.length === TextLimits.fields) throw new DefinitionTooLarge(`it holds more than ${TextLimits.fields} texts`);
    this.fields.push({ pointer, kind, text });
  }

  members(pointer: string, value: unknown, depth: number, kindOf: KindOf): void {
    if (depth > TextLimits.depth) throw new DefinitionTooLarge(`it is nested more than ${TextLimits.depth} deep`);
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) this.value(`${pointer}/${i}`, value[i], depth, kindOf(String(i)));
    } else if (isJsonObject(value)) {
      for (const key of Object.keys(value)) {
        const at = `${pointer}/${escape(key)}`;
        const kinds = kindOf(key);
        const named = kinds.keyKind === 'parameterName';
        if (named || !KNOWN_KEYS.has(key)) this.text(at, kinds.keyKind ?? 'schemaText', key);
        this.value(at, value[key], depth, kinds);
      }
    }
  }

  private value(pointer: string, value: unknown, depth: number, { kind, within }: ReturnType<KindOf>): void {
    if (typeof value === 'string') this.text(pointer, kind, value);
    else if (typeof value === 'object') this.members(pointer, value, depth + 1, within);
  }
}

/** RFC 6901. */
function escape(key: string): string {
  return key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;
}
