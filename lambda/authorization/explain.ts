import type { ActionConstraint, Clause, EntityUidJson, Expr, PolicyJson, PrincipalConstraint, ResourceConstraint } from '@cedar-policy/cedar-wasm/nodejs';
import { createCedarDecisionPoint } from './cedar-decision-point';
import { cedar } from './cedar-engine';
import type { GrantInUse } from './circumstances';
import { contextOf } from './context';
import type { AuthorizationRequest, Decision } from './decision';
import { entitiesOf, type RequestEntities } from './entities';
import { readsOf } from './policy-reads';
import { errorText, parsePolicySet, type Policies, type Policy } from './policy-set';
import type { CedarRecord, CedarValue } from './argument-value';

/** Why a request is decided as it is, and what would have to be different. */
export interface Explanation {
  readonly decision: Decision;
  /** Policies that decide, then those that come near, nearest first. */
  readonly policies: readonly PolicyExplanation[];
  /** The least grant with which the request would be allowed; absent where it is allowed, or no grant would help. */
  readonly grant?: HelpfulGrant;
}

export interface PolicyExplanation {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  /** `decides`: it is why. `errs`: it cannot be evaluated. `applies`: it holds, and another policy outweighs it. `apart`: it does not hold. */
  readonly role: 'decides' | 'errs' | 'applies' | 'apart';
  /** Parts of its scope, and of its conditions, in the order in which Cedar evaluates them. */
  readonly parts: readonly PolicyPart[];
}

export interface PolicyPart {
  readonly in: 'scope' | 'when' | 'unless';
  /** Cedar text. */
  readonly text: string;
  /** `not_reached`: a part before it settled the matter. */
  readonly outcome: 'true' | 'false' | 'error' | 'not_reached';
  /** What Cedar says of an error. */
  readonly error?: string;
  /** What it looks at, by path, `context.risk`; `undefined`: it is absent. */
  readonly reads: Readonly<Record<string, CedarValue | undefined>>;
}

export interface HelpfulGrant {
  readonly purpose: string;
  readonly argumentsBound: boolean;
  readonly approvals: number;
}

/**
 * Decides a request and says why: every policy about its action and resource, taken apart, each part evaluated by itself.
 * For people at a command line; a decision alone takes a thousandth of the time.
 *
 * @throws Error when one of the policies is not one.
 */
export function explainDecision(policies: Policies, request: AuthorizationRequest): Explanation {
  const decision = createCedarDecisionPoint({ policies }).decide(request);
  const situation = { request, entities: entitiesOf(request), context: contextOf(request) };
  const about = parsePolicySet(policies).policies.filter((policy) => policy.action(situation.entities.action) && policy.resource(situation.entities.resource));
  const explained = about.map((policy) => explainPolicy(policy, decision, situation));
  const grant = decision.effect === 'deny' && request.operation.kind === 'callTool' ? helpfulGrant(policies, request) : undefined;
  return { decision, policies: explained.sort(byDistance), ...(grant && { grant }) };
}

interface Situation {
  readonly request: AuthorizationRequest;
  readonly entities: RequestEntities;
  readonly context: CedarRecord;
}

function explainPolicy(policy: Policy, decision: Decision, situation: Situation): PolicyExplanation {
  const parts = [...scopeParts(policy, situation.entities), ...conditionParts(policy.json.conditions, situation)];
  return { id: policy.id, effect: policy.effect, role: roleOf(policy, parts, decision, situation), parts };
}

function roleOf({ id, json }: Policy, parts: readonly PolicyPart[], decision: Decision, situation: Situation): PolicyExplanation['role'] {
  if (decision.policyIds.includes(id)) return decision.effect === 'deny' && decision.reason === 'policy_error' ? 'errs' : 'decides';
  if (parts.some((part) => part.in === 'scope' && part.outcome === 'false')) return 'apart';
  if (parts.some(({ outcome }) => outcome === 'error')) return 'errs';
  const holds = json.conditions.every(({ kind, body }) => evaluate(body, situation).outcome === (kind === 'when' ? 'true' : 'false'));
  return holds ? 'applies' : 'apart';
}

const ROLES = ['decides', 'errs', 'applies', 'apart'] as const;

function byDistance(a: PolicyExplanation, b: PolicyExplanation): number {
  return ROLES.indexOf(a.role) - ROLES.indexOf(b.role) || distance(a) - distance(b);
}

/** A request of another principal is further away than one with other arguments. */
function distance({ parts }: PolicyExplanation): number {
  return parts.reduce((sum, part) => sum + (part.outcome === 'true' ? 0 : part.in === 'scope' ? 10 : 1), 0);
}

function scopeParts({ json, principal, action, resource }: Policy, entities: RequestEntities): PolicyPart[] {
  const tests = { principal, action, resource };
  return (['principal', 'action', 'resource'] as const).map((variable) => ({
    in: 'scope',
    text: constraintText(variable, json),
    outcome: tests[variable](entities[variable]) ? 'true' : 'false',
    reads: {},
  }));
}

function conditionParts(clauses: readonly Clause[], situation: Situation): PolicyPart[] {
  let settled = false;
  return clauses.flatMap(({ kind, body }) => {
    let isClauseSettled = settled;
    const parts = conjunctsOf(body).map((part): PolicyPart => {
      const common = { in: kind, text: expressionText(part), reads: readValues(part, situation) };
      if (isClauseSettled) return { ...common, outcome: 'not_reached' };
      const result = evaluate(part, situation);
      isClauseSettled = result.outcome !== 'true';
      return { ...common, ...result };
    });
    const isAllTrue = parts.every(({ outcome }) => outcome === 'true');
    settled ||= kind === 'when' ? !isAllTrue : isAllTrue || parts.some(({ outcome }) => outcome === 'error');
    return parts;
  });
}

/** `a && b && c` as its parts. */
function conjunctsOf(expression: Expr): Expr[] {
  if (!('&&' in expression)) return [expression];
  const { left, right } = expression['&&'] as { readonly left: Expr; readonly right: Expr };
  return [...conjunctsOf(left), ...conjunctsOf(right)];
}

function evaluate(part: Expr, { entities, context }: Situation): Pick<PolicyPart, 'outcome' | 'error'> {
  const answer = cedar().isAuthorized({
    principal: entities.principal.uid,
    action: entities.action.uid,
    resource: entities.resource.uid,
    context,
    entities: [entities.principal, entities.action, entities.resource].map(({ uid, attrs, parents }) => ({ uid, attrs, parents })),
    policies: { staticPolicies: { part: permitWhen(part) } },
  });
  if (answer.type === 'failure') return { outcome: 'error', error: errorText(answer.errors) };
  const [error] = answer.response.diagnostics.errors;
  if (error !== undefined) return { outcome: 'error', error: error.error.message.replace(/^.*error while evaluating policy `part`: /, '') };
  return { outcome: answer.response.decision === 'allow' ? 'true' : 'false' };
}

function permitWhen(body: Expr): PolicyJson {
  return { effect: 'permit', principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' }, conditions: [{ kind: 'when', body }] };
}

function expressionText(expression: Expr): string {
  const text = policyText(permitWhen(expression));
  return /when\s*\{([^]*)\}\s*;\s*$/.exec(text)?.[1]?.replace(/\s+/g, ' ').trim() ?? text;
}

function constraintText(variable: 'principal' | 'action' | 'resource', policy: PolicyJson): string {
  const constraint: PrincipalConstraint | ActionConstraint | ResourceConstraint = policy[variable];
  switch (constraint.op) {
    case 'All':
      return variable;
    case '==':
      return `${variable} == ${'slot' in constraint ? constraint.slot : uidText(constraint.entity)}`;
    case 'in':
      if ('entities' in constraint) return `${variable} in [${constraint.entities.map(uidText).join(', ')}]`;
      return `${variable} in ${'slot' in constraint ? constraint.slot : uidText(constraint.entity)}`;
    case 'is': {
      const within = constraint.in && ('slot' in constraint.in ? constraint.in.slot : uidText(constraint.in.entity));
      return `${variable} is ${constraint.entity_type}${within === undefined ? '' : ` in ${within}`}`;
    }
  }
}

function uidText(uid: EntityUidJson): string {
  const { type, id } = '__entity' in uid ? uid.__entity : uid;
  return `${type}::${JSON.stringify(id)}`;
}

function policyText(json: PolicyJson): string {
  const answer = cedar().policyToText(json);
  if (answer.type === 'failure') throw new Error(`Cedar cannot write a policy that it has read: ${errorText(answer.errors)}`);
  return answer.text;
}

function readValues(part: Expr, { entities, context }: Situation): PolicyPart['reads'] {
  const reads = readsOf([{ kind: 'when', body: part }]);
  const values: Record<string, CedarValue | undefined> = {};
  for (const variable of ['principal', 'resource'] as const) {
    for (const name of reads[variable].attributes ?? []) values[`${variable}.${name}`] = entities[variable].attrs[name];
  }
  for (const [member, paths] of reads.context ?? []) {
    for (const path of paths ?? [[]]) values[['context', member, ...path].join('.')] = valueAt(context[member], path);
  }
  return values;
}

function valueAt(value: CedarValue | undefined, [name, ...rest]: readonly string[]): CedarValue | undefined {
  if (name === undefined || value === undefined) return value;
  const isRecord = typeof value === 'object' && !Array.isArray(value) && Object.hasOwn(value, name);
  return isRecord ? valueAt(value[name], rest) : undefined;
}

/** Of the grants that could be had for this call, the one that asks the least of others. */
function helpfulGrant(policies: Policies, request: AuthorizationRequest): HelpfulGrant | undefined {
  const point = createCedarDecisionPoint({ policies });
  const purpose = request.context.purpose ?? 'unspecified';
  for (const approvals of [0, 1, 2]) {
    for (const argumentsBound of [false, true]) {
      const approvedBy = Array.from({ length: approvals }, (_, index) => `approver ${index + 1}`);
      const grant: GrantInUse = { id: 'hypothetical', purpose, argumentsBound, approvedBy };
      const isAllowed = point.decide({ ...request, context: { ...request.context, purpose, grant } }).effect === 'allow';
      if (isAllowed) return { purpose, argumentsBound, approvals };
    }
  }
  return undefined;
}
