import { extname } from 'node:path';
import { isMap, isNode, isPair, LineCounter, parseDocument, visit, type Alias, type Document } from 'yaml';
import { blankComments } from './blank-comments';
import { ConfigError, jsonPointer, type ConfigProblem, type Path } from './problem';

/** What a configuration file says, and where it says it. */
export interface ConfigDocument {
  readonly value: unknown;
  /** The problem at the value that `path` leads to, or at its key. */
  problemAt(path: Path, message: string, at?: 'key' | 'value'): ConfigProblem;
}

/**
 * Reads JSON (with comments and trailing commas, as MCP clients write it) or YAML 1.2.
 *
 * @throws ConfigError when the text is neither, names a key twice, or uses YAML tags.
 */
export function parseConfigDocument(file: string, text: string): ConfigDocument {
  const lines = new LineCounter();
  const isJson = looksLikeJson(file, text);
  const source = isJson ? blankComments(text) : text;
  // Above 'error' the parser would warn on standard error, quoting the file.
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, schema: 'core', version: '1.2', logLevel: 'error' });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const flaw = document.errors[0] ?? document.warnings[0];
  if (flaw) throw new ConfigError(file, [{ pointer: '', message: syntaxMessage(flaw.code, flaw.message, isJson), ...place(flaw.pos[0]) }]);
  return {
    value: readValue(file, document, place),
    problemAt: (path, message, at = 'value') => {
      const offset = offsetOf(document, path, at);
      return { pointer: jsonPointer(path), message, ...(offset === undefined ? {} : place(offset)) };
    },
  };
}

function looksLikeJson(file: string, text: string): boolean {
  return ['.json', '.jsonc', '.json5'].includes(extname(file).toLowerCase()) || /^\uFEFF?\s*(\{|\/[/*])/.test(text);
}

function readValue(file: string, document: Document, place: (offset: number) => Pick<ConfigProblem, 'line' | 'column'>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    const alias = brokenAlias(document);
    const message = alias === undefined ? 'its YAML aliases expand to too much' : 'this YAML alias has no anchor before it';
    throw new ConfigError(file, [{ pointer: '', message, ...place((alias ?? document.contents)?.range?.[0] ?? 0) }]);
  }
}

function brokenAlias(document: Document): Alias | undefined {
  let broken: Alias | undefined;
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) !== undefined) return undefined;
      broken = alias;
      return visit.BREAK;
    },
  });
  return broken;
}

/** The parser's words for what JSON has other words for. */
const JSON_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^.* end with a (.)$/, 'expected , or $1 before this'],
  [/^Unexpected flow-map-end token.*/, 'this } closes nothing'],
  [/^Unexpected flow-seq-end token.*/, 'this ] closes nothing'],
  [/^Missing , or : between flow map items$/, 'expected : between a key and its value'],
  [/^Missing , between .*$/, 'expected , before this'],
  [/^Unexpected (.*-)?scalar (token|at node end)$/, 'expected , or the end before this'],
  [/^Missing closing .*$/, 'the " at the end of a text is missing'],
];

function syntaxMessage(code: string, message: string, isJson: boolean): string {
  if (code === 'DUPLICATE_KEY') return 'this key is there twice';
  if (code === 'TAG_RESOLVE_FAILED') return 'YAML tags are not understood here';
  // The parser takes the rest of the line for the directive's value, and quotes it.
  if (code === 'BAD_DIRECTIVE') return 'this YAML directive is not understood here';
  // Behind a colon the parser quotes the file, where a secret may be.
  const [what = ''] = message.split(/\n|(?<=\w): /);
  const word = isJson ? JSON_WORDS.find(([pattern]) => pattern.test(what)) : undefined;
  return word === undefined ? `not valid ${isJson ? 'JSON' : 'JSON or YAML'}: ${what}` : `not valid JSON: ${what.replace(...word)}`;
}

function offsetOf(document: Document, path: Path, at: 'key' | 'value'): number | undefined {
  let node: unknown = document.contents;
  let offset = isNode(node) ? node.range?.[0] : undefined;
  for (const [depth, segment] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && String(item.key) === String(segment));
      if (!pair) return offset;
      const wanted = at === 'key' && depth === path.length - 1 ? pair.key : (pair.value ?? pair.key);
      offset = (isNode(wanted) ? wanted.range?.[0] : undefined) ?? offset;
      node = pair.value;
    } else {
      node = document.getIn(path.slice(0, depth + 1), true);
      offset = (isNode(node) ? node.range?.[0] : undefined) ?? offset;
    }
  }
  return offset;
}
