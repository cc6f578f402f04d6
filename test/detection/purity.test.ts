import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(__dirname, '../../lambda/detection');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => join(root, file));
const sources = files.map((file) => ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true));

function nodesOf(source: ts.SourceFile): readonly ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return nodes;
}

describe('TD-2 the detector is a function of its input', () => {
  test.each(sources.map((source) => [relative(root, source.fileName), source] as const))('%s imports only the detector and the words of MCP', (_, source) => {
    for (const node of nodesOf(source)) {
      const isImport = ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
      if (!isImport || !node.moduleSpecifier) continue;
      const specifier = (node.moduleSpecifier as ts.StringLiteral).text;
      // The one file that reads one: the weights that ship beside it.
      if (relative(root, source.fileName) === join('meaning', 'artifact.ts') && ['node:fs', 'node:path'].includes(specifier)) continue;
      expect(specifier).toMatch(/^\.{1,2}\//);
      const target = relative(root, resolve(source.fileName, '..', specifier));
      if (target.startsWith('..')) expect(target).toBe(join('..', 'protocol'));
    }
  });

  test.each(sources.map((source) => [relative(root, source.fileName), source] as const))('%s names no clock, chance, network or process', (_, source) => {
    const names = nodesOf(source).filter(ts.isIdentifier).map(({ text }) => text);
    for (const forbidden of ['process', 'require', 'fetch', 'Date', 'performance', 'setTimeout', 'globalThis', 'eval', 'Function', 'XMLHttpRequest', 'WebSocket', 'crypto']) expect(names).not.toContain(forbidden);
    expect(source.text).not.toMatch(/Math\.random/);
  });
});

describe('TD-2 no pattern backtracks without bound', () => {
  const patterns = sources.flatMap((source) => nodesOf(source).filter(ts.isRegularExpressionLiteral).map(({ text }) => [relative(root, source.fileName), text] as const));

  test.each(patterns)('%s: %s', (_, pattern) => {
    expect(nestedQuantifiers(pattern)).toBe(0);
    expect(pattern).not.toMatch(/\\[1-9]|\(\?<[=!]/);
  });

  test('the check finds what it is for', () => {
    for (const bad of ['/(a+)+/', '/(?:a*b?)*/', '/((ab)+c?){2,}/', '/(?:\\s*x*)+/']) expect(nestedQuantifiers(bad)).toBeGreaterThan(0);
    for (const good of ['/(?:a{1,3}b){2,}/', '/[a+]+/', '/\\(+\\)+/', '/(?:ab)+c*/']) expect(nestedQuantifiers(good)).toBe(0);
  });
});

/** Groups that repeat without bound and hold something that repeats without bound. */
function nestedQuantifiers(pattern: string): number {
  let nested = 0;
  const groups: boolean[] = [false];
  let closed: boolean | undefined;
  for (let at = 1; at < pattern.lastIndexOf('/'); at++) {
    const character = pattern[at]!;
    const unbounded = character === '*' || character === '+' || /^\{\d+,\}/.test(pattern.slice(at, at + 8));
    if (unbounded) {
      if (closed) nested += 1;
      groups[groups.length - 1] = true;
    }
    closed = undefined;
    if (character === '\\') at += 1;
    else if (character === '[') at = classEnd(pattern, at);
    else if (character === '(') groups.push(false);
    else if (character === ')') {
      closed = groups.pop()!;
      groups[groups.length - 1] ||= closed;
    }
  }
  return nested;
}

function classEnd(pattern: string, start: number): number {
  for (let at = start + 1; ; at++) {
    if (pattern[at] === '\\') at += 1;
    else if (pattern[at] === ']') return at;
  }
}
