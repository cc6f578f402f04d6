import { isJsonObject, type JsonValue } from '../../protocol';
import type { Pin } from '../pin';
import type { LifeCycleRules } from './life-cycle';
import type { ToolRecord } from './record';

/** Which definitions need two people. */
export type TwoPersonRule = 'sensitive' | 'always' | 'never';

export interface ApprovalPolicy {
  /** @default 'sensitive' */
  readonly twoPersons?: TwoPersonRule;
  /** Tools that are sensitive whatever they say of themselves, as `server/tool`; `*` stands for any text. @default - none */
  readonly sensitiveTools?: readonly string[];
  /** How long an approval holds before somebody reviews it again (TV-4, SOC-4), days. @default 90 */
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

/**
 * The pin of the definition that people have to decide on, or `undefined` where they need not: it waits for review, is in
 * quarantine, or its approval ends before `soon`, milliseconds since the epoch (TV-4).
 */
export function pendingPin({ state, pin, approval }: ToolRecord, soon: number): Pin | undefined {
  if (state === 'review' || state === 'quarantined') return pin;
  return state === 'approved' && Date.parse(approval?.expiresAt ?? '') <= soon ? pin : undefined;
}

/** Of the definitions that may be approved, that whose pin begins with `digits`: the one seen last, or the one approved last. */
export function pinStartingWith({ pin, approval }: ToolRecord, digits: string): Pin | undefined {
  return [pin, approval?.pin].find((one) => one?.startsWith(digits));
}
