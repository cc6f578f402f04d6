import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import schema from '../../../schema/mcp-zero-trust.schema.json';
import { nearest } from '../../authorization/nearest';
import type { ConfigDocument } from './document';
import { parsePointer, type ConfigProblem } from './problem';

/** `errorMessage` and `patternErrorMessage` are what VS Code shows at such a place; we say the same words. */
const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, strictRequired: false, keywords: ['errorMessage', 'patternErrorMessage'] });
const validateConfig = ajv.compile(schema);

/** The check of documents of another kind, for {@link schemaProblems}. */
export function compileDocumentSchema(documentSchema: object): ValidateFunction {
  return ajv.compile(documentSchema);
}

/** Everything in `document` that the shipped JSON Schema does not allow, in the order of the file's lines. */
export function schemaProblems(document: ConfigDocument, validate = validateConfig): ConfigProblem[] {
  if (validate(document.value)) return [];
  const errors = validate.errors ?? [];
  const misspelt = new Set(errors.filter(({ keyword }) => keyword === 'additionalProperties').map(({ instancePath }) => instancePath));
  const problems = errors.filter((error) => isCause(error, misspelt)).map((error) => toProblem(document, error));
  return problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/**
 * Errors inside a `oneOf` say why a branch did not fit; the `oneOf` itself has the sentence. Where a key is misspelt, the
 * one that was meant is missing too: one sentence says both.
 */
function isCause(error: ErrorObject, misspelt: ReadonlySet<string>): boolean {
  if (error.schemaPath.includes('/oneOf/') || ['propertyNames', 'if'].includes(error.keyword)) return false;
  return !(['oneOf', 'required', 'dependencies'].includes(error.keyword) && misspelt.has(error.instancePath));
}

function toProblem(document: ConfigDocument, error: ErrorObject): ConfigProblem {
  const path = parsePointer(error.instancePath);
  const params = error.params as Record<string, string & number>;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = params.additionalProperty ?? '';
      const meant = nearest(key, Object.keys((error.parentSchema?.properties as object | undefined) ?? {}));
      return document.problemAt([...path, key], meant ? `unknown key, did you mean "${meant}"?` : 'unknown key', 'key');
    }
    case 'required':
      return document.problemAt(path, `the key "${params.missingProperty}" is missing`);
    case 'dependencies':
      return document.problemAt([...path, params.property ?? ''], `only goes with "${params.missingProperty}"`, 'key');
    case 'type':
      return document.problemAt(path, `expected ${typeNames(error.schema as string | string[])}, found ${nameOf(error.data)}`);
    case 'enum':
      return document.problemAt(path, `expected ${list((error.schema as string[]).map((value) => `"${value}"`))}`);
    case 'minimum':
      return document.problemAt(path, `expected at least ${params.limit}`);
    case 'maximum':
      return document.problemAt(path, `expected at most ${params.limit}`);
    case 'minLength':
      return document.problemAt(path, 'expected some text, found none');
    case 'pattern': {
      const message = String(error.parentSchema?.patternErrorMessage);
      if (error.propertyName === undefined) return document.problemAt(path, message);
      return document.problemAt([...path, error.propertyName], message, 'key');
    }
    default:
      return document.problemAt(path, String(error.parentSchema?.errorMessage ?? error.message));
  }
}

function typeNames(type: string | string[]): string {
  return list([type].flat().map((name) => withArticle(name)));
}

function nameOf(value: unknown): string {
  if (value === null) return 'nothing';
  return withArticle(Array.isArray(value) ? 'array' : typeof value);
}

function withArticle(name: string): string {
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
