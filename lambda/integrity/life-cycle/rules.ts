import { isJsonObject, type JsonValue } from '../../protocol';
import type { LifeCycleRules } from './life-cycle';

/** Which definitions need two people. */
export type TwoPersonRule = 'sensitive' | 'always' | 'never';

export interface ApprovalPolicy {
  /** @default 'sensitive' */
  readonly twoPersons?: TwoPersonRule;
  /** Tools that are sensitive whatever they say of themselves, as `server/tool`; `*` stands for any text. @default - none */
  readonly sensitiveTools?: readonly string[];
  /** How long an approval holds (TV-4), days. @default 90 */
  readonly approvalDays?: number;
}

export const DEFAULT_APPROVAL_DAYS = 90;

export function rulesOf({ twoPersons = 'sensitive' }: ApprovalPolicy): LifeCycleRules {
  return { approversOf: ({ sensitive }) => (twoPersons === 'always' || (twoPersons === 'sensitive' && sensitive) ? 2 : 1) };
}

/**
 * Whether a definition is sensitive: it may destroy something or reaches the open world, by its own hints, whose absence
 * means yes (MCP, tools: annotations); or the policy names it. Instructions are sensitive only where they are named.
 */
export function isSensitive(id: string, definition: JsonValue, { sensitiveTools = [] }: ApprovalPolicy): boolean {
  if (sensitiveTools.some((pattern) => matches(pattern, id))) return true;
  if (!isJsonObject(definition)) return false;
  const { readOnlyHint, destructiveHint, openWorldHint } = isJsonObject(definition.annotations) ? definition.annotations : {};
  return openWorldHint !== false || (readOnlyHint !== true && destructiveHint !== false);
}

function matches(pattern: string, id: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (!id.startsWith(first)) return false;
  if (rest.length === 0) return id === first;
  let at = first.length;
  for (const [index, part] of rest.entries()) {
    const isLast = index === rest.length - 1;
    const found = isLast ? (id.endsWith(part) && id.length - part.length >= at ? id.length - part.length : -1) : id.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return true;
}
