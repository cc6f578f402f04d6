import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSchema, loadPolicyTexts, validatePolicies, type LoadedPolicies, type PolicyFile, type ServerTools } from '../authorization';
import { StartError } from './start-error';

export type Policies = Extract<LoadedPolicies, { ok: true }>;

/** The principal that a token of the gateway itself is for. */
export const LOCAL_USER = 'local-user';

/** In force where the configuration has no policies: what the one local user may do, on the servers that are configured. */
const LOCAL_USER_POLICY: PolicyFile = {
  name: 'built-in',
  text: `@id("${LOCAL_USER}-may-do-everything")\npermit (principal == Mcp::User::"${LOCAL_USER}", action, resource);\n`,
};

export function builtInPolicies(): Policies {
  return parse([LOCAL_USER_POLICY], '');
}

/**
 * The policies in the *.cedar files of `folder`.
 *
 * @throws StartError when there are none, or one cannot be read.
 */
export function readPolicies(folder: string): Policies {
  const files = readFiles(folder);
  if (files.length === 0) throw new StartError(`${folder}: expected Cedar policies in files that end in .cedar, found none`);
  return parse(files, folder);
}

/**
 * Checks the policies against what the servers really offer: a misspelt tool or argument would make a `forbid` silent.
 *
 * @returns what is odd but does no harm, one sentence each.
 * @throws StartError when a policy is wrong.
 */
export function checkPolicies(policies: Policies, folder: string, servers: readonly ServerTools[]): string[] {
  const { schema, leftOut } = generateSchema(servers);
  const issues = validatePolicies(policies.policies, schema, { locations: policies.locations, leftOut });
  const sentences = (severity: 'error' | 'warning') =>
    issues.filter((issue) => issue.severity === severity).map(({ policyId, message, line, column }) => {
      const location = policies.locations[policyId];
      return location ? `${place(folder, { file: location.file, line: line ?? location.line, column: column ?? location.column })}: ${message}` : message;
    });
  const errors = sentences('error');
  if (errors[0] !== undefined) throw new StartError(oneOf(errors));
  return sentences('warning');
}

function readFiles(folder: string): PolicyFile[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.cedar')).sort();
    return names.map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
  } catch (error) {
    throw new StartError(`${folder}: expected a folder of .cedar files, it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function parse(files: readonly PolicyFile[], folder: string): Policies {
  const loaded = loadPolicyTexts(files);
  if (loaded.ok) return loaded;
  throw new StartError(oneOf(loaded.errors.map((error) => `${place(folder, error)}: ${error.message}`)));
}

function place(folder: string, { file, line, column }: { readonly file: string; readonly line: number; readonly column: number }): string {
  return `${join(folder, file)}:${line}:${column}`;
}

function oneOf(sentences: readonly string[]): string {
  const more = sentences.length - 1;
  return `${sentences[0]}${more > 0 ? ` (and ${more} more)` : ''}`;
}
