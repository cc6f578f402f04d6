import { cedar } from './cedar-engine';

export interface PolicyFile {
  /** As it appears in policy ids and errors, `10-analysts.cedar`. */
  readonly name: string;
  readonly text: string;
}

/** A place in a policy file; lines and columns count from 1. */
export interface PolicyLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface PolicyFileError extends PolicyLocation {
  readonly message: string;
}

export type LoadedPolicies =
  | {
      readonly ok: true;
      /** Policy text by id. */
      readonly policies: Readonly<Record<string, string>>;
      /** Where each policy begins. */
      readonly locations: Readonly<Record<string, PolicyLocation>>;
    }
  | { readonly ok: false; readonly errors: readonly PolicyFileError[] };

/**
 * The policies in files of Cedar text. A policy's id is its `@id("...")`, otherwise `<file>#<index>`; ids are stable as long
 * as annotated policies keep their annotation and others their place. All errors of all files are reported at once.
 */
export function loadPolicyTexts(files: readonly PolicyFile[]): LoadedPolicies {
  const policies: Record<string, string> = {};
  const locations: Record<string, PolicyLocation> = {};
  const errors: PolicyFileError[] = [];
  for (const file of files) {
    statementsOf(file.text).forEach(({ text, offset }, index) => {
      const at = (position: number): PolicyLocation => ({ file: file.name, ...lineAndColumn(file.text, position) });
      const answer = cedar().policyToJson(text);
      if (answer.type === 'failure') {
        for (const error of answer.errors) {
          const advice = error.help ?? error.sourceLocations?.[0]?.label;
          const message = error.message.replace('failed to parse policy from string: ', '') + (advice ? ` (${advice})` : '');
          errors.push({ ...at(offset + utf16Offset(text, error.sourceLocations?.[0]?.start ?? 0)), message });
        }
        return;
      }
      const id = answer.json.annotations?.id ?? `${file.name}#${index}`;
      const location = at(offset);
      const first = locations[id];
      if (first !== undefined) {
        errors.push({ ...location, message: `the policy id ${JSON.stringify(id)} is already taken at ${first.file}:${first.line}` });
      }
      policies[id] = text;
      locations[id] = location;
    });
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, policies, locations };
}

interface Statement {
  readonly text: string;
  /** Of the first character that is neither white space nor comment. */
  readonly offset: number;
}

/** One string, one comment, or one semicolon: all that decides where a policy ends. */
const TOKEN = /"(?:[^"\\]|\\[^])*"|\/\/[^\r\n]*|;/g;
const LEADING = /^(?:\s|\/\/[^\r\n]*)+/;

/** Cuts a file at the semicolons that are neither in a string nor in a comment: Cedar has them at the end of a policy only. */
function statementsOf(text: string): Statement[] {
  const statements: Statement[] = [];
  let start = 0;
  const add = (end: number) => {
    const raw = text.slice(start, end);
    const skipped = LEADING.exec(raw)?.[0].length ?? 0;
    if (skipped < raw.length) statements.push({ text: raw.slice(skipped), offset: start + skipped });
    start = end;
  };
  for (const token of text.matchAll(TOKEN)) {
    if (token[0] === ';') add(token.index + 1);
  }
  add(text.length);
  return statements;
}

export function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

/** Cedar counts bytes of UTF-8, JavaScript code units of UTF-16. */
export function utf16Offset(text: string, byteOffset: number): number {
  return Buffer.from(text).subarray(0, byteOffset).toString().length;
}
