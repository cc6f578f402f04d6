import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { checkSync } from 'recheck';
import ts from 'typescript';

const LAMBDA = join(__dirname, '..', '..', 'lambda');
const FOLDERS = ['detection', 'guard'];

/** For one pattern. What is exponential is found at once; what is safe can take long to prove, and need not be proved. */
const TIMEOUT_MS = 100;

function patternsOf(file: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true));
  return found;
}

function isExponential(literal: string): boolean {
  const [, source, flags] = /^\/(.*)\/([a-z]*)$/s.exec(literal)!;
  const diagnostics = checkSync(source!, flags!, { timeout: TIMEOUT_MS });
  return diagnostics.status === 'vulnerable' && diagnostics.complexity.type === 'exponential';
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(LAMBDA, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('artifact.ts'))
    .map((file) => join(LAMBDA, folder, file)),
);

describe('TD-2 no pattern takes exponential time', () => {
  test.each(files.map((file) => [relative(LAMBDA, file), patternsOf(file)] as const).filter(([, patterns]) => patterns.length > 0))(
    '%s',
    (_, patterns) => expect(patterns.filter(isExponential)).toEqual([]),
    60_000,
  );

  test('the check finds what it is for', () => {
    for (const bad of ['/^(a+)+$/', '/(?:a|a)*b/', '/^(?:\\w+\\s?)*$/']) expect([bad, isExponential(bad)]).toEqual([bad, true]);
  });
});
