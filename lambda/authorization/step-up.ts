import { whenThere } from '../pending';
import type { PolicySource } from './cedar-decision-point';
import type { AuthorizationRequest, Decision, DecisionPoint, StepUpDemand } from './decision';
import type { PolicySet } from './policy-set';

/** How a `forbid` says that signing in again, or in a stronger way, would lift it (CV-3). */
export const STEP_UP_ANNOTATIONS = { acr: 'acr', maxAge: 'maxAge' } as const;

/**
 * Decides as `point` does, and says of a denial when a stronger sign-in would turn it into permission (CV-3, RFC 9470): the
 * policies that forbid are all annotated with what they ask for, `@maxAge("300")` in seconds or `@acr("phr phrh")`, and with
 * it the same request is allowed. Lists show what would be allowed then.
 *
 * @param policies those that `point` decides by
 */
export function withStepUp(point: DecisionPoint, policies: PolicySet | PolicySource): DecisionPoint {
  const demands = demandsOver(policies);
  if (demands === undefined) return point;
  const refine = (request: AuthorizationRequest, decision: Decision): Decision | Promise<Decision> => {
    if (decision.effect === 'allow' || decision.reason !== 'forbidden') return decision;
    const asked = demands();
    if (!decision.policyIds.every((id) => asked.has(id))) return decision;
    const stepUp = allOf(decision.policyIds.map((id) => asked.get(id)!));
    return whenThere(point.decide(satisfying(request, stepUp)), (then): Decision => (then.effect === 'allow' ? { ...decision, stepUp } : decision));
  };
  return {
    decide: (request) => whenThere(point.decide(request), (decision) => refine(request, decision)),
    visible: (requests) => whenThere(point.visible(requests), (shown) => withDemanded(requests, shown)),
  };

  function withDemanded(requests: readonly AuthorizationRequest[], shown: readonly boolean[]): readonly boolean[] | Promise<readonly boolean[]> {
    const asked = demands!();
    if (asked.size === 0 || shown.every(Boolean)) return shown;
    const stepUp = allOf([...asked.values()]);
    const hidden = requests.flatMap((request, index) => (shown[index] === true ? [] : [{ index, request: satisfying(request, stepUp) }]));
    return whenThere(point.visible(hidden.map(({ request }) => request)), (answers) => {
      const all = [...shown];
      hidden.forEach(({ index }, position) => (all[index] = answers[position] === true));
      return all;
    });
  }
}

type Demands = ReadonlyMap<string, StepUpDemand>;

/** What the policies in force demand; `undefined` where that will always be nothing. */
function demandsOver(policies: PolicySet | PolicySource): (() => Demands) | undefined {
  if (!isSource(policies)) {
    const demands = demandsOf(policies);
    return demands.size === 0 ? undefined : () => demands;
  }
  const known = new WeakMap<PolicySet, Demands>();
  return () => {
    const set = policies.current();
    if (set === undefined) return NOTHING;
    const demands = known.get(set) ?? demandsOf(set);
    known.set(set, demands);
    return demands;
  };
}

const NOTHING: Demands = new Map();

function isSource(policies: PolicySet | PolicySource): policies is PolicySource {
  return 'current' in policies;
}

function demandsOf({ policies }: PolicySet): Demands {
  return new Map(
    policies.flatMap(({ id, effect, json: { annotations = {} } }) => {
      const demand = effect === 'forbid' ? demandOf(annotations as Readonly<Record<string, string | undefined>>) : undefined;
      return demand === undefined ? [] : [[id, demand] as const];
    }),
  );
}

/** What annotations demand; `undefined` where they demand nothing, or nothing that makes sense: `policy check` says so. */
export function demandOf(annotations: Readonly<Record<string, string | undefined>>): StepUpDemand | undefined {
  const acrValues = annotations[STEP_UP_ANNOTATIONS.acr]?.split(' ').filter((value) => value !== '');
  const maxAgeSeconds = annotations[STEP_UP_ANNOTATIONS.maxAge] === undefined ? undefined : Number(annotations[STEP_UP_ANNOTATIONS.maxAge]);
  if (maxAgeSeconds !== undefined && !(Number.isSafeInteger(maxAgeSeconds) && maxAgeSeconds > 0)) return undefined;
  if (acrValues === undefined && maxAgeSeconds === undefined) return undefined;
  if (acrValues?.length === 0) return undefined;
  return { ...(acrValues && { acrValues }), ...(maxAgeSeconds && { maxAgeSeconds }) };
}

/** One sign-in for all of them: the shortest time, and the ways to sign in of the first that names some. */
function allOf(demands: readonly StepUpDemand[]): StepUpDemand {
  const ages = demands.flatMap(({ maxAgeSeconds }) => maxAgeSeconds ?? []);
  const acrValues = demands.find((demand) => demand.acrValues !== undefined)?.acrValues;
  return { ...(acrValues && { acrValues }), ...(ages.length > 0 && { maxAgeSeconds: Math.min(...ages) }) };
}

/** The request right after such a sign-in. */
function satisfying(request: AuthorizationRequest, { acrValues }: StepUpDemand): AuthorizationRequest {
  const { authentication } = request.context;
  const then = { senderConstrained: false, ...authentication, ageSeconds: 0, ...(acrValues && { acr: acrValues[0]! }) };
  return { ...request, context: { ...request.context, authentication: then } };
}
