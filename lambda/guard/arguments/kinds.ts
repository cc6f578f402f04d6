import { isJsonObject, type JsonObject } from '../../protocol';
import type { ParameterKind } from './rules';

/** Words of a parameter's name that say what it is. */
const NAMES: readonly (readonly [ParameterKind, RegExp])[] = [
  ['sql', /^(?:sql|sqlquery|sqlstatement|sqlcommand|sqltext|rawsql)$/],
  ['shell', /^(?:command|cmd|shell|shellcommand|bash|bashcommand|script|commandline|exec|terminal|cli|args?line)$/],
  ['url', /^(?:url|uri|href|link|endpoint|baseurl|targeturl|webhook|webhookurl|callback|callbackurl|imageurl|redirecturl|siteurl|pageurl)$/],
  ['path', /^(?:path|file|filename|filepath|dir|directory|folder|folderpath|directorypath|source|destination|sourcepath|destinationpath|targetpath|outputpath|inputpath|rootpath|cwd|paths|files|filepaths|workdir|workingdirectory)$/],
];

/** What the first sentence of a description says a parameter is. */
const DESCRIPTIONS: readonly (readonly [ParameterKind, RegExp])[] = [
  ['sql', /\bsql (?:query|statement|command|text)\b/i],
  ['shell', /\b(?:shell|bash|terminal|command[- ]line) (?:command|script)\b|\bcommand (?:to (?:run|execute)|that is (?:run|executed))\b/i],
  ['url', /\b(?:the |an? )?(?:full |absolute |web )?ur[li]s? (?:of|to|for|that)\b/i],
  ['path', /\b(?:file|directory|folder|absolute|relative) path\b|\bpath (?:to|of) (?:the |a )?(?:file|director|folder)/i],
];

const FORMATS: Readonly<Record<string, ParameterKind>> = { uri: 'url', url: 'url', 'uri-reference': 'url', iri: 'url', path: 'path', 'file-path': 'path', sql: 'sql' };

/** What a parameter says it is: by its format, its name or its description. `source` and `destination` are paths only where a description says so. */
export function kindOf(name: string, schema: JsonObject | undefined): ParameterKind {
  const format = schema?.format;
  if (typeof format === 'string' && FORMATS[format] !== undefined) return FORMATS[format];
  const word = name.toLowerCase().replaceAll(/[^a-z]/g, '');
  const description = typeof schema?.description === 'string' ? schema.description : '';
  const described = DESCRIPTIONS.find(([, pattern]) => pattern.test(description))?.[0];
  if (word === 'source' || word === 'destination' || word === 'file' || word === 'script' || word === 'link' || word === 'query') return described ?? 'text';
  return NAMES.find(([, pattern]) => pattern.test(word))?.[0] ?? described ?? 'text';
}

/** The schema of a member, as far as `properties` and `items` say it. */
export function memberSchema(schema: JsonObject | undefined, name: string | number): JsonObject | undefined {
  const found = typeof name === 'number' ? schema?.items : isJsonObject(schema?.properties) ? schema.properties[name] : undefined;
  return isJsonObject(found) ? found : undefined;
}

/** Whether the schema leaves open what the value holds. */
export function isFreeForm(schema: JsonObject | undefined): boolean {
  if (schema === undefined) return true;
  const composed = ['properties', 'items', 'prefixItems', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref', 'patternProperties'].some((keyword) => schema[keyword] !== undefined);
  if (composed) return false;
  return schema.type === undefined || schema.type === 'object' || schema.type === 'array' || Array.isArray(schema.type);
}
