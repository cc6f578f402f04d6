import { join } from 'node:path';
import { generateSchema, validatePolicies, type PolicyIssue, type ServerTools } from '../../lambda/authorization';
import type { PolicySources } from './sources';

/** Something that is wrong with a policy, or odd, at its place. */
export interface Finding {
  readonly severity: PolicyIssue['severity'];
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Absent where the text is not Cedar. */
  readonly policyId?: string;
  readonly message: string;
}

/** Everything that Cedar and the tools of the servers have against the policies, in the order of files and lines. */
export function checkPolicies({ folder, loaded }: PolicySources, servers: readonly ServerTools[]): readonly Finding[] {
  if (!loaded.ok) return loaded.errors.map(({ file, ...rest }) => ({ severity: 'error', file: join(folder, file), ...rest }));
  const { schema, leftOut } = generateSchema(servers);
  const { policies, locations } = loaded;
  const issues = validatePolicies(policies, schema, { locations, leftOut, servers: servers.map(({ name }) => name) });
  return issues
    .map(({ policyId, severity, message, line, column }): Finding => {
      const begin = locations[policyId]!;
      return { severity, file: join(folder, begin.file), line: line ?? begin.line, column: column ?? begin.column, policyId, message };
    })
    .sort((a, b) => (a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1));
}
