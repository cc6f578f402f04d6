import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPolicyTexts } from '../../lambda/authorization';

/** One way to give agents access. */
export interface Regime {
  readonly name: string;
  readonly tokenSeconds: number;
  /** A token is fetched at the beginning of the day, or when a task needs one and there is none. */
  readonly tokenFor: 'day' | 'task';
  readonly policies: Readonly<Record<string, string>>;
}

const EVERYTHING = 'permit (principal in Mcp::Group::"workers", action in Mcp::Action::"callTool", resource);';

/** What the policies of the package for a zero-trust start say. */
function packagedPolicies(): Record<string, string> {
  const folder = join(__dirname, '../../policies/zero-trust');
  const files = readdirSync(folder).filter((name) => name.endsWith('.cedar')).sort();
  const loaded = loadPolicyTexts(files.map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') })));
  if (!loaded.ok) throw new Error(`policies/zero-trust: ${loaded.errors[0]?.message}`);
  return loaded.policies;
}

export const STANDING: Regime = { name: 'standing, 8 hours', tokenSeconds: 8 * 3_600, tokenFor: 'day', policies: { everything: EVERYTHING } };
export const HOURLY: Regime = { name: '1-hour tokens', tokenSeconds: 3_600, tokenFor: 'task', policies: { everything: EVERYTHING } };

/** Every call of every tool needs a person's approval of its arguments. */
export const GRANTS: Regime = {
  name: 'grants for every tool',
  tokenSeconds: 3_600,
  tokenFor: 'task',
  policies: {
    call: 'permit (principal in Mcp::Group::"workers", action in Mcp::Action::"callTool", resource) when { context has grant && context.grant.argumentsBound };',
    ask: 'permit (principal in Mcp::Group::"workers", action == Mcp::Action::"requestGrant", resource);',
    approve: 'permit (principal in Mcp::Group::"approvers", action in [Mcp::Action::"approveGrant", Mcp::Action::"approveGrantAlone"], resource);',
  },
};

/** Reading and adding by 1-hour tokens, destroying by grants of two people. */
export const PACKAGED: Regime = { name: 'policies/zero-trust', tokenSeconds: 3_600, tokenFor: 'task', policies: packagedPolicies() };
