import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cedar } from '../../lambda/authorization/cedar-engine';
import { lineAndColumn, loadPolicyTexts, utf16Offset } from '../../lambda/authorization/load-policies';
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

/**
 * The templates in a folder, one in each file, in the order of the files' names; ids are the names without `.cedar`.
 *
 * @throws as `readPolicyFolder`
 */
export function readTemplateFolder(folder: string): readonly PolicySource[] {
  if (!existsSync(folder)) throw new Error(`templatesFolder is ${JSON.stringify(folder)}, which does not exist`);
  const names = readdirSync(folder).filter((name) => name.endsWith('.cedar')).sort();
  return names.map((name) => readTemplate({ name, text: readFileSync(join(folder, name), 'utf8') }));
}

/** @throws naming file, line and column where the text is not one Cedar template. */
export function readTemplate({ name, text }: PolicyFile): PolicySource {
  const answer = cedar().templateToJson(text);
  if (answer.type === 'success') return { id: basename(name, '.cedar'), text, location: { file: name, line: 1, column: 1 } };
  const [error] = answer.errors;
  const { line, column } = lineAndColumn(text, utf16Offset(text, error?.sourceLocations?.[0]?.start ?? 0));
  throw new Error(`${name}:${line}:${column}: expected exactly one policy template with ?principal, ?resource or both in its scope: ${error?.message}`);
}

/** Where a policy comes from, short enough for its description. */
export function describe({ id, location }: PolicySource): string {
  return location ? `${id} (${location.file}:${location.line})` : id;
}
