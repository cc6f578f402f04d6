import { escapeUnprintable } from '../../audit/unprintable';
import { StartError } from '../start-error';

/** One thing that is wrong in a configuration file. */
export interface ConfigProblem {
  /** JSON pointer (RFC 6901) of the key or value; empty for the file as a whole. */
  readonly pointer: string;
  /** What is wrong and what was expected. Never a value of the file: it may be a secret. */
  readonly message: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
}

/** A configuration that cannot be used. The message is one sentence; `problems` has all of them. */
export class ConfigError extends StartError {
  override readonly name = 'ConfigError';

  constructor(
    readonly file: string,
    readonly problems: readonly [ConfigProblem, ...ConfigProblem[]],
  ) {
    const more = problems.length - 1;
    const rest = more === 0 ? '' : ` (and ${more} more: mcp-zero-trust config check shows ${more === 1 ? 'it' : 'them'})`;
    super(describeProblem(file, problems[0]) + rest);
  }
}

/** The problem as editors and terminals link it: `mcp.json:4:7: /mcpServers/files/args: expected an array, found a string`. */
export function describeProblem(file: string, problem: ConfigProblem): string {
  const place = problem.line === undefined ? file : `${file}:${problem.line}:${problem.column}`;
  // A key of the file can hold anything; on a terminal it is one line of visible characters.
  return escapeUnprintable(problem.pointer === '' ? `${place}: ${problem.message}` : `${place}: ${cut(problem.pointer)}: ${problem.message}`);
}

function cut(pointer: string): string {
  return pointer.length > MAX_POINTER ? `${pointer.slice(0, MAX_POINTER)}…` : pointer;
}

const MAX_POINTER = 200;

export type Path = readonly (string | number)[];

/** RFC 6901. A key that cannot be meant as one is not shown: half of the file, secrets and all, may have become one. */
export function jsonPointer(path: Path): string {
  return path.map((segment) => `/${isName(String(segment)) ? String(segment).replaceAll('~', '~0').replaceAll('/', '~1') : '(no name)'}`).join('');
}

function isName(key: string): boolean {
  return key.length <= 64 && /^[^\p{Cc}{}[\]"':,]*$/u.test(key);
}

export function parsePointer(pointer: string): string[] {
  return pointer.split('/').slice(1).map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}
