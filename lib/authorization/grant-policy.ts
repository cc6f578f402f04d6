import { cedarEntity, cedarString, grantPolicyText as toolGrantText } from '../../lambda/authorization/cedar-text';
import type { McpPrincipal } from './principal';

/** What a principal may do with a server, besides connecting and listing what it has. At most one of the options is given. */
export interface ServerGrant {
  readonly server: string;
  readonly tools?: readonly string[];
  readonly prompts?: readonly string[];
  readonly resources?: readonly string[];
  /** Everything of a kind, also what the server has only later. */
  readonly any?: 'tool' | 'prompt' | 'resource';
}

/**
 * The Cedar policy of a grant.
 *
 * @throws when a name could break out of its Cedar literal.
 */
export function grantPolicyText(grantee: McpPrincipal, grant: ServerGrant): string {
  const principal = { type: grantee.type as 'User' | 'Agent' | 'Group', id: grantee.id };
  if (grant.tools || grant.any === 'tool') return toolGrantText({ principal, server: grant.server, tools: grant.tools });
  const { actions, condition } = usesOf(grant);
  return `permit (
  principal ${principal.type === 'Group' ? 'in' : '=='} ${cedarEntity(principal.type, principal.id)},
  action in [${['discover', ...actions].map((action) => cedarEntity('Action', action)).join(', ')}],
  resource in ${cedarEntity('Server', grant.server)}
)${condition};
`;
}

/** The condition is about what is used, and leaves discovery alone. */
function usesOf({ prompts, resources, any }: ServerGrant): { readonly actions: readonly string[]; readonly condition: string } {
  if (prompts || any === 'prompt') return { actions: ['getPrompt'], condition: onlyNamed('Prompt', 'name', prompts) };
  if (resources || any === 'resource') return { actions: ['readResource', 'subscribeResource'], condition: onlyNamed('Resource', 'uri', resources) };
  return { actions: [], condition: '' };
}

function onlyNamed(type: 'Prompt' | 'Resource', attribute: string, values: readonly string[] | undefined): string {
  return values ? `\nwhen { !(resource is Mcp::${type}) || [${values.map(cedarString).join(', ')}].contains(resource.${attribute}) }` : '';
}
