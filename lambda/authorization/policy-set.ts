import type { DetailedError, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { cedar } from './cedar-engine';
import { compileConditions, type CompiledConditions } from './compiled';
import { readsOf, type Reads } from './policy-reads';
import { scopeTest, type ScopeTest } from './policy-scope';

/** Policies by id: Cedar text of exactly one policy, or Cedar's JSON form of one. */
export type Policies = Readonly<Record<string, string | PolicyJson>>;

export interface Policy {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly principal: ScopeTest;
  readonly action: ScopeTest;
  readonly resource: ScopeTest;
  readonly reads: Reads;
  /** The policy without its scope, for requests that are known to satisfy the scope. */
  readonly conditions: PolicyJson;
  /** The same as a function, where they are of a kind that needs no engine. */
  readonly compiled: CompiledConditions | undefined;
  /** The whole policy. */
  readonly json: PolicyJson;
}

/** Policies that were parsed and looked through once. */
export interface PolicySet {
  readonly policies: readonly Policy[];
}

/**
 * Parses policies for {@link createCedarDecisionPoint}.
 *
 * @throws Error naming the policy that is not one.
 */
export function parsePolicySet(policies: Policies): PolicySet {
  return { policies: Object.entries(policies).map(([id, policy]) => parsePolicy(id, policy)) };
}

function parsePolicy(id: string, policy: string | PolicyJson): Policy {
  const answer = cedar().policyToJson(policy);
  if (answer.type === 'failure') throw new Error(`Policy ${JSON.stringify(id)} cannot be used: ${errorText(answer.errors)}`);
  const { json } = answer;
  if (hasInexactInteger(json.conditions)) {
    throw new Error(`Policy ${JSON.stringify(id)} cannot be used: it has an integer beyond 9007199254740991, which JSON does not keep exactly.`);
  }
  return {
    id,
    effect: json.effect,
    principal: scopeTest(json.principal),
    action: scopeTest(json.action),
    resource: scopeTest(json.resource),
    reads: readsOf(json.conditions),
    conditions: { ...json, principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } },
    compiled: compileConditions(json.conditions),
    json,
  };
}

/** Cedar's messages, each with its advice, as one sentence or a few. */
export function errorText(errors: readonly DetailedError[]): string {
  return errors.map(({ message, help }) => (help === null ? message : `${message} (${help})`)).join('; ');
}

function hasInexactInteger(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isSafeInteger(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasInexactInteger);
}
