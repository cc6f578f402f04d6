import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** A labelled text that others published: a result, a prompt, or a tool's arguments. */
export interface LabelledText {
  readonly id: string;
  readonly kind: 'tool_result' | 'prompt' | 'tool_args' | 'tool_description';
  readonly source: string;
  /** Near-duplicates share it. */
  readonly family: string;
  readonly malicious: boolean;
  readonly attack?: string;
  readonly quality?: string;
  readonly text: string;
}

/** Where the texts are looked for unless a path is given; they are not part of the repository. */
export const DEFAULT_CORPUS = '../shared/eval/dev.jsonl.xz';

interface Row {
  readonly id: string;
  readonly kind: LabelledText['kind'];
  readonly label: string;
  readonly source_repo: string;
  readonly family: string;
  readonly attack?: string;
  readonly quality?: string;
  readonly text?: string;
  readonly description?: string;
}

/**
 * Reads labelled texts, JSON Lines, plain or compressed with xz; of definitions only honest descriptions, which are texts as well.
 *
 * @returns undefined where there is no such file
 * @throws Error where `xz` is needed and missing
 */
export function readTexts(path: string = DEFAULT_CORPUS): readonly LabelledText[] | undefined {
  const file = resolve(path);
  if (!existsSync(file)) return undefined;
  const text = file.endsWith('.xz') ? execFileSync('xz', ['-dc', file], { encoding: 'utf8', maxBuffer: 2 ** 28 }) : readFileSync(file, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
    .filter(({ kind, label }) => kind !== 'tool_description' || label === 'benign')
    .map(({ id, kind, source_repo, family, label, attack, quality, text: own, description }) => ({ id, kind, source: source_repo, family, malicious: label === 'malicious', attack, quality, text: own ?? description ?? '' }))
    .filter(({ text: own }) => own !== '');
}
