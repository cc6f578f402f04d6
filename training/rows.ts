import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Where the labelled data is expected, beside the project. Nobody who clones it has it. */
export const DEFAULT_CORPUS = '../shared/eval/dev.jsonl.xz';

/**
 * Rows of labelled data, JSON Lines, plain or compressed with xz.
 *
 * @returns undefined where there is no such file
 * @throws Error where `xz` is needed and missing
 */
export function readRows<Row>(path: string): readonly Row[] | undefined {
  const file = resolve(path);
  if (!existsSync(file)) return undefined;
  const text = file.endsWith('.xz') ? execFileSync('xz', ['-dc', file], { encoding: 'utf8', maxBuffer: 2 ** 28 }) : readFileSync(file, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}
