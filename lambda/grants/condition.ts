import { LRUCache } from 'lru-cache';
import type { AuthorizationRequest } from '../authorization';
import { createCedarDecisionPoint, type CedarDecisionPoint } from '../authorization/cedar-decision-point';
import { cedar } from '../authorization/cedar-engine';

/** Characters of a condition above which nobody reads what they approve. */
export const MAX_CONDITION_CHARACTERS = 2_000;

const POLICY = 'condition';
const compiled = new LRUCache<string, CedarDecisionPoint>({ max: 500 });

/** Why `expression` is not one Cedar expression that can limit a grant; `undefined` where it is. */
export function conditionProblem(expression: string): string | undefined {
  if (expression.length > MAX_CONDITION_CHARACTERS) return `must not be longer than ${MAX_CONDITION_CHARACTERS} characters`;
  const answer = cedar().policyToJson(policyOf(expression));
  if (answer.type === 'failure') return 'must be one Cedar expression';
  const [condition, ...more] = answer.json.conditions;
  // What closes the braces and goes on is more than it seems.
  return condition?.kind === 'when' && more.length === 0 ? undefined : 'must be one Cedar expression';
}

/** Whether the call satisfies the condition. One that cannot be evaluated on this call is not satisfied. */
export function satisfies(expression: string, request: AuthorizationRequest): boolean {
  let point = compiled.get(expression);
  if (point === undefined) {
    point = createCedarDecisionPoint({ policies: { [POLICY]: policyOf(expression) } });
    compiled.set(expression, point);
  }
  return point.decide(request).effect === 'allow';
}

/** The line break ends a comment that the expression may end with. */
function policyOf(expression: string): string {
  return `permit (principal, action, resource) when { ${expression}\n};`;
}
