import { ENTITY_TYPE, type EntityType, toolActionId } from './vocabulary';

/** Quotes, backslashes, control characters, line and paragraph separators, halves of surrogate pairs. */
const UNSAFE = /["\\\p{Cc}\p{Cs}\u2028\u2029]/u;
/** A value that the CDK knows at deployment only: what it will be cannot be checked now. */
const DEPLOY_TIME_TOKEN = '${Token[';

/**
 * A Cedar string literal, quotes included. Nothing is escaped: a value that would need it is refused, so that no value
 * can end its literal.
 *
 * @throws Error when the value holds a quote, a backslash, a control character, a line or paragraph separator or half
 *   a surrogate pair, or is a value known at deployment only.
 */
export function cedarString(value: string): string {
  if (value.includes(DEPLOY_TIME_TOKEN)) {
    throw new Error('A Cedar policy needs a name that is known when the template is synthesized, not a deploy-time value.');
  }
  if (UNSAFE.test(value)) {
    throw new Error(`${JSON.stringify(value)} cannot be a Cedar string: quotes, backslashes, control characters and line separators are refused.`);
  }
  return `"${value}"`;
}

/**
 * A Cedar entity reference, `Mcp::Group::"analysts"`.
 *
 * @throws Error as {@link cedarString}.
 */
export function cedarEntity(type: EntityType, id: string): string {
  return `${ENTITY_TYPE[type]}::${cedarString(id)}`;
}

export interface ToolGrant {
  readonly principal: { readonly type: 'User' | 'Agent' | 'Group'; readonly id: string };
  readonly server: string;
  /**
   * Names of the tools that may be called.
   *
   * @default - every tool of the server, also one that it adds later
   */
  readonly tools?: readonly string[];
  /**
   * The policy's `@id`.
   *
   * @default - none
   */
  readonly id?: string;
}

/**
 * The policy that lets a principal open conversations with a server, list what it has, and call the granted tools.
 *
 * @throws Error when a name could break out of its literal, or `tools` is empty.
 */
export function grantPolicyText(grant: ToolGrant): string {
  if (grant.tools?.length === 0) {
    throw new Error(`The grant on server ${JSON.stringify(grant.server)} names no tool: name one, or leave the list out for all.`);
  }
  const { type, id } = grant.principal;
  const principal = `principal ${type === 'Group' ? 'in' : '=='} ${cedarEntity(type, id)}`;
  const tools = grant.tools?.map((tool) => toolActionId(grant.server, tool)) ?? ['callTool'];
  const actions = ['discover', ...tools].map((action) => cedarEntity('Action', action));
  const annotation = grant.id === undefined ? '' : `@id(${cedarString(grant.id)})\n`;
  return `${annotation}permit (
  ${principal},
  action in [${actions.join(', ')}],
  resource in ${cedarEntity('Server', grant.server)}
);
`;
}
