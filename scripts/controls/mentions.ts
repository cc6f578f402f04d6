import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as ts from 'typescript';

/** Where the code says that it implements or proves a control. */
export interface Mention {
  readonly id: string;
  /** From the repository's root, with forward slashes. */
  readonly file: string;
  /** The declaration that is documented so, or the title of the test with those around it. */
  readonly name: string;
}

const ID = /\b([A-Z]{2,4})-(\d{1,2})\b(?:(?:\.\.| to \1-)(\d{1,2})\b)?/g;
const TEST_FUNCTIONS = new Set(['it', 'test', 'describe']);
/** `xit` and the like are none of jest's functions here, and so prove nothing either. */
const LEFT_OUT = new Set(['skip', 'todo']);

/** The ids in a text; `IOV-1..8` and `IOV-1 to IOV-8` are eight. */
export function idsIn(text: string): readonly string[] {
  return [...text.matchAll(ID)].flatMap(([, family, first, last = first]) => {
    const [from, to] = [Number(first), Number(last)];
    return Array.from({ length: Math.max(1, to - from + 1) }, (_, index) => `${family}-${from + index}`);
  });
}

/** What the doc comments of declarations in `folders` implement. */
export function findImplementations(root: string, folders: readonly string[]): readonly Mention[] {
  return filesWithIds(root, folders).flatMap(({ file, source }) => {
    const mentions: Mention[] = [];
    const visit = (node: ts.Node, owner: string | undefined): void => {
      const name = declaredName(node);
      const own = name === undefined ? owner : owner === undefined || isLocal(node) ? name : `${owner}.${name}`;
      for (const comment of leadingComments(node, source)) mentions.push(...idsIn(comment).map((id) => ({ id, file, name: own ?? '' })));
      ts.forEachChild(node, (child) => visit(child, own));
    };
    visit(source, undefined);
    return mentions;
  });
}

/** What the titles of tests in `folders` prove; what is skipped, or is still to be written, proves nothing. */
export function findTests(root: string, folders: readonly string[]): readonly Mention[] {
  return filesWithIds(root, folders).flatMap(({ file, source }) => {
    const mentions: Mention[] = [];
    const visit = (node: ts.Node, titles: readonly string[]): void => {
      const called = ts.isCallExpression(node) ? testFunction(node) : undefined;
      if (called?.isLeftOut) return;
      const title = titleOf(node);
      const all = title === undefined ? titles : [...titles, title];
      if (title === undefined || called?.name === 'describe') ts.forEachChild(node, (child) => visit(child, all));
      else mentions.push(...[...new Set(idsIn(all.join(' ')))].map((id) => ({ id, file, name: all.join(' › ') })));
    };
    visit(source, []);
    return mentions;
  });
}

function filesWithIds(root: string, folders: readonly string[]): readonly { readonly file: string; readonly source: ts.SourceFile }[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .flatMap((path) => {
        const text = readFileSync(path, 'utf8');
        if (idsIn(text).length === 0) return [];
        const file = relative(root, path).replaceAll('\\', '/');
        return [{ file, source: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true) }];
      }),
  );
}

function declaredName(node: ts.Node): string | undefined {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0]?.name.getText();
  if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isEnumDeclaration(node)) return node.name?.text;
  if (ts.isMethodDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isPropertySignature(node) || ts.isMethodSignature(node) || ts.isEnumMember(node)) return node.name.getText();
  return undefined;
}

/** A declaration within a function is none of the names that others see. */
function isLocal(node: ts.Node): boolean {
  return ts.isVariableStatement(node) || ts.isFunctionDeclaration(node);
}

/** Comments that stand right before a node; those before a file's first statement belong to it, or to the file. */
function leadingComments(node: ts.Node, source: ts.SourceFile): readonly string[] {
  if (ts.isSourceFile(node) || node.getFullStart() === node.parent.getFullStart()) {
    if (!ts.isSourceFile(node.parent ?? node) || ts.isSourceFile(node)) return [];
  }
  return (ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? []).map(({ pos, end }) => source.text.slice(pos, end));
}

/** The title of a test or of a suite of tests, `it.each(...)('title')` too. */
function titleOf(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node) || testFunction(node) === undefined) return undefined;
  const [title] = node.arguments;
  if (title === undefined) return undefined;
  if (ts.isStringLiteralLike(title)) return title.text;
  return ts.isTemplateExpression(title) ? title.getText().slice(1, -1) : undefined;
}

/** Which of jest's functions a call calls, through `.each` and the like, and whether jest leaves out what it says. */
function testFunction(call: ts.CallExpression): { readonly name: string; readonly isLeftOut: boolean } | undefined {
  let callee: ts.Expression = call.expression;
  let isLeftOut = false;
  while (ts.isCallExpression(callee) || ts.isTaggedTemplateExpression(callee) || ts.isPropertyAccessExpression(callee)) {
    if (ts.isPropertyAccessExpression(callee)) isLeftOut ||= LEFT_OUT.has(callee.name.text);
    callee = ts.isCallExpression(callee) ? callee.expression : ts.isTaggedTemplateExpression(callee) ? callee.tag : callee.expression;
  }
  return ts.isIdentifier(callee) && TEST_FUNCTIONS.has(callee.text) ? { name: callee.text, isLeftOut } : undefined;
}
