import { isJsonObject, type JsonObject, type JsonValue } from '../../protocol';

/** Every string in a result that is text, without the binary data of blocks. */
export function textsOf(result: JsonObject): readonly string[] {
  const found: string[] = [];
  walk(result, (text) => void found.push(text));
  return found;
}

/** The result with each text replaced by what `replacements` says of it. */
export function replaceTexts(result: JsonObject, replacements: ReadonlyMap<string, string>): JsonObject {
  return map(result, replacements) as JsonObject;
}

const BINARY: ReadonlySet<string> = new Set(['data', 'blob']);

function walk(value: JsonValue | undefined, visit: (text: string) => void): void {
  if (typeof value === 'string') visit(value);
  else if (Array.isArray(value)) for (const element of value) walk(element, visit);
  else if (isJsonObject(value)) for (const [key, member] of Object.entries(value)) if (!isBinary(key, value)) walk(member, visit);
}

function map(value: JsonValue | undefined, replacements: ReadonlyMap<string, string>): JsonValue | undefined {
  if (typeof value === 'string') return replacements.get(value) ?? value;
  if (Array.isArray(value)) return value.map((element) => map(element, replacements) as JsonValue);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, isBinary(key, value) ? member : map(member, replacements)]));
}

function isBinary(key: string, block: JsonObject): boolean {
  return BINARY.has(key) && typeof block.mimeType === 'string';
}
