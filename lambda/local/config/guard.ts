import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { readArgumentRules } from '../../authorization/argument-rules';
import { compileArgumentRulesOf } from '../../authorization/compile-argument-rules';
import { guardOf, readRecognisers, type GuardSettings, type RecogniserFile, type ServerGuard } from '../../guard';

/** The key `guard` of a server, after the schema has seen it. */
export interface GuardEntry extends GuardSettings {
  /** Data files of recognisers of one's own. */
  readonly recognisers?: readonly string[];
}

/** Where in the entry something cannot be enforced, and why. */
export interface GuardProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The guard that an entry describes, or what is wrong with it. Tokens of reversible redaction live as long as this process. */
export function readGuard(server: string, { recognisers = [], ...settings }: GuardEntry, folder: string): ServerGuard | GuardProblem {
  const files: RecogniserFile[] = [];
  for (const [index, file] of recognisers.entries()) {
    const path = resolve(folder, file);
    try {
      files.push(readRecognisers(JSON.parse(readFileSync(path, 'utf8'))));
    } catch (error) {
      const why = error instanceof SyntaxError ? 'it is not JSON' : ((error as NodeJS.ErrnoException).code ?? (error as Error).message);
      return { path: ['recognisers', index], message: `the file ${path} cannot be used: ${why}` };
    }
  }
  try {
    return guardOf(server, settings, { recognisers: files, tokenKey: randomBytes(32), rulesEngine: { read: readArgumentRules, compile: compileArgumentRulesOf } });
  } catch (error) {
    return { path: [], message: (error as Error).message };
  }
}
