import type { ToolDefinition } from '../protocol';
import { cedarString } from './cedar-text';
import { loadPolicyTexts } from './load-policies';
import { parsePolicySet } from './policy-set';
import { generateSchema } from './schema';
import { validatePolicies } from './validate-policies';
import { ENTITY_TYPE, toolActionId } from './vocabulary';

/** Rules that cannot be used. The message says where and what was expected. */
export class UnusableArgumentRules extends Error {
  constructor(message: string) {
    super(`the rules in Cedar cannot be used: ${message}`);
    this.name = 'UnusableArgumentRules';
  }
}

/**
 * Reads rules for the arguments of a tool (IOV-8): `forbid (principal, action, resource) when { ... }` over `context.arguments`.
 *
 * @returns the policies by id
 * @throws UnusableArgumentRules
 */
export function readArgumentRules(text: string): Readonly<Record<string, string>> {
  const loaded = loadPolicyTexts([{ name: 'rules', text }]);
  if (!loaded.ok) throw new UnusableArgumentRules(loaded.errors.map(({ line, column, message }) => `${line}:${column}: ${message}`).join('; '));
  const { policies } = parsePolicySet(loaded.policies);
  if (policies.length === 0) throw new UnusableArgumentRules('there are none');
  for (const { id, effect, json, reads } of policies) {
    if (effect !== 'forbid') throw new UnusableArgumentRules(`${id} permits; a rule forbids`);
    if ([json.principal, json.action, json.resource].some(({ op }) => op !== 'All')) throw new UnusableArgumentRules(`${id} is for some principals, actions or resources; a rule is for every call of its tool`);
    const { principal, action, resource, context } = reads;
    const looksElsewhere = [principal, action, resource].some(({ identity, attributes, parents }) => identity || parents || attributes === undefined || attributes.size > 0);
    if (looksElsewhere || context === undefined || [...context.keys()].some((member) => member !== 'arguments')) throw new UnusableArgumentRules(`${id} looks at more than context.arguments`);
  }
  return loaded.policies;
}

/**
 * The same, type-checked against the input schema of the tool that they are for.
 *
 * @throws UnusableArgumentRules
 */
export function checkArgumentRules(text: string, server: string, tool: Pick<ToolDefinition, 'name' | 'inputSchema'>): Readonly<Record<string, string>> {
  const rules = readArgumentRules(text);
  const { schema, leftOut } = generateSchema([{ name: server, tools: [tool] }]);
  // Only the tool's own action: all others have no arguments to look at.
  const typed = Object.fromEntries(Object.entries(rules).map(([id, rule]) => [id, onlyFor(rule, server, tool.name)]));
  const [issue] = validatePolicies(typed, schema, { leftOut });
  if (issue !== undefined) throw new UnusableArgumentRules(`${issue.policyId} does not fit the input schema of ${server}/${tool.name}: ${issue.message}`);
  return rules;
}

const SCOPE = /(\bforbid\s*\(\s*principal\s*,\s*)action(\s*,)/;

function onlyFor(rule: string, server: string, tool: string): string {
  return rule.replace(SCOPE, (_, before: string, after: string) => `${before}action == ${ENTITY_TYPE.Action}::${cedarString(toolActionId(server, tool))}${after}`);
}
