import { principalId, type Principal } from '../identity';
import type { JsonObject, ToolDefinition } from '../protocol';
import { checkArgumentRules } from './argument-rules';
import { createCedarDecisionPoint } from './cedar-decision-point';

/** Nobody: rules look at arguments alone. */
const NOBODY: Principal = { type: 'Agent', id: principalId('nobody'), groups: [], scopes: [], issuer: '' };
const OTHERWISE = 'otherwise';
const NOT_EVALUATED = 'not-evaluated';

/**
 * Rules for the arguments of a tool, ready to be asked which of them a call breaks; a rule that cannot be evaluated is broken (IOV-8).
 *
 * @returns ids of the rules that are broken
 * @throws UnusableArgumentRules
 */
export function compileArgumentRulesOf(text: string, server: string, tool: Pick<ToolDefinition, 'name' | 'inputSchema'>): (toolArguments: JsonObject) => readonly string[] {
  const rules = checkArgumentRules(text, server, tool);
  const decisionPoint = createCedarDecisionPoint({ policies: { ...rules, [OTHERWISE]: 'permit (principal, action, resource);' } });
  return (toolArguments) => {
    const decision = decisionPoint.decide({ principal: NOBODY, server, operation: { kind: 'callTool', tool, arguments: toolArguments }, context: { now: 0 } });
    if (decision.effect === 'allow') return [];
    return decision.reason === 'forbidden' && decision.policyIds.length > 0 ? decision.policyIds : [NOT_EVALUATED];
  };
}
