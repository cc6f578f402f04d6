import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPolicyTexts } from '../../lambda/authorization/load-policies';
import type { PolicyFile, PolicyLocation } from '../../lambda/authorization/load-policies';

/** One Cedar policy and where it is written, if in a file. */
export interface PolicySource {
  readonly id: string;
  readonly text: string;
  readonly location?: PolicyLocation;
}

/**
 * The policies in a folder, in the order of the files' names.
 *
 * @throws naming the folder that does not exist, or file, line and column of everything that is not Cedar.
 */
export function readPolicyFolder(folder: string): readonly PolicySource[] {
  if (!existsSync(folder)) throw new Error(`policiesFolder is ${JSON.stringify(folder)}, which does not exist`);
  const names = readdirSync(folder).filter((name) => name.endsWith('.cedar')).sort();
  return readPolicies(names.map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') })));
}

/** @throws naming file, line and column of everything that is not Cedar. */
export function readPolicies(files: readonly PolicyFile[]): readonly PolicySource[] {
  const loaded = loadPolicyTexts(files);
  if (!loaded.ok) {
    throw new Error(loaded.errors.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n'));
  }
  return Object.entries(loaded.policies).map(([id, text]) => ({ id, text, location: loaded.locations[id] }));
}

/** Where a policy comes from, short enough for its description. */
export function describe({ id, location }: PolicySource): string {
  return location ? `${id} (${location.file}:${location.line})` : id;
}
