import { LRUCache } from 'lru-cache';
import { isJsonObject, type JsonObject } from '../protocol';
import { toolArguments, type RecordArgument } from './argument-type';
import type { CedarRecord } from './argument-value';
import { askEngine, type Outcome } from './ask-engine';
import { EVALUATION_ERROR, UNDECIDED } from './compiled';
import { contextOf } from './context';
import type { AuthorizationRequest, Decision, DecisionPoint } from './decision';
import { entitiesOf, hasSharedEntities, type Entity, type RequestEntities } from './entities';
import { EntityMemo } from './entity-memo';
import { readsArguments, readsArgumentsWhole, type EntityReads } from './policy-reads';
import { parsePolicySet, type Policies, type Policy, type PolicySet } from './policy-set';
import { Slicer, type Slice } from './slice';

/** Where policies come from when they may change by themselves. */
export interface PolicySource {
  /** The policies to decide by now: the same object until they change, `undefined` while there is no good copy. */
  current(): PolicySet | undefined;
}

export interface CedarDecisionPointOptions {
  /** Policies by id, or a source of them. */
  readonly policies: Policies | PolicySource;
}

/** Decides at once, in this process. */
export interface CedarDecisionPoint extends DecisionPoint {
  decide(request: AuthorizationRequest): Decision;
  visible(requests: readonly AuthorizationRequest[]): readonly boolean[];
  /**
   * Decides by other policies from the next request on.
   *
   * @throws Error when one of them is not a policy; the ones before stay in force.
   */
  replacePolicies(policies: Policies | PolicySource): void;
}

/**
 * Takes decisions by Cedar's own engine in this process (CV-1). Deny unless a policy permits and none forbids; deny also
 * when any policy that has a say cannot be evaluated, which Cedar by itself would skip.
 *
 * Policies are cut to those that can have a say. Their conditions are compiled; what is not compiled the engine holds
 * parsed, and where that reads nothing of the context, its answer is remembered until there are new policies.
 *
 * @throws Error when one of the policies is not one.
 */
export function createCedarDecisionPoint(options: CedarDecisionPointOptions): CedarDecisionPoint {
  let source = sourceOf(options.policies);
  let evaluator: Evaluator | undefined;

  const current = (): Evaluator | undefined => {
    const set = source.current();
    if (set === undefined) return undefined;
    if (evaluator?.set !== set) evaluator = new Evaluator(set);
    return evaluator;
  };

  return {
    decide: (request) => current()?.decide(request) ?? UNAVAILABLE,
    visible: (requests) => {
      const now = current();
      return now === undefined ? requests.map(() => false) : now.visible(requests);
    },
    replacePolicies: (policies) => {
      source = sourceOf(policies);
    },
  };
}

function sourceOf(policies: Policies | PolicySource): PolicySource {
  if (isSource(policies)) return policies;
  const set = parsePolicySet(policies);
  return { current: () => set };
}

function isSource(policies: Policies | PolicySource): policies is PolicySource {
  return typeof policies.current === 'function';
}

const UNAVAILABLE: Decision = { effect: 'deny', policyIds: [], reason: 'unavailable' };
const NOT_PERMITTED: Decision = { effect: 'deny', policyIds: [], reason: 'not_permitted' };
const NOT_EVALUATED: Decision = { effect: 'deny', policyIds: [], reason: 'policy_error' };

/** Answers remembered of one policy set. */
const MAX_REMEMBERED = 20_000;

interface Answer {
  readonly visible: boolean;
}

/** What the entities of a request leave to decide. */
interface Cut {
  readonly slice: Slice;
  /** Where nothing is left. */
  readonly decision: Decision | undefined;
}

class Evaluator {
  private readonly slicer: Slicer;
  private readonly outcomes = new LRUCache<string, { readonly outcome: Outcome | undefined }>({ max: MAX_REMEMBERED });
  private readonly visibility = new LRUCache<string, Answer>({ max: MAX_REMEMBERED });
  private readonly cuts = new EntityMemo<Cut>();

  constructor(readonly set: PolicySet) {
    this.slicer = new Slicer(set);
  }

  decide(request: AuthorizationRequest): Decision {
    const entities = entitiesOf(request);
    const { slice, decision } = this.cutFor(entities, request);
    return decision ?? this.decideIn(slice, entities, request);
  }

  /** For each request, whether some arguments could get it allowed: arguments that a policy needs count neither way. */
  visible(requests: readonly AuthorizationRequest[]): boolean[] {
    const now = new Map<string, Answer>();
    return requests.map((request) => {
      const entities = entitiesOf(request);
      const slice = this.slicer.sliceFor(entities);
      if (slice.policies.length === 0) return false;
      if (request.operation.kind !== 'callTool') return this.decideIn(slice, entities, request).effect === 'allow';
      const compute = () => ({ visible: this.couldBeAllowed(slice, entities, request) });
      if (readsOnlyArguments(slice)) return remembered(this.visibility, memoKey(slice, entities), compute).visible;
      return remembered(now, memoKey(slice, entities) + JSON.stringify(request.context), compute).visible;
    });
  }

  private cutFor(entities: RequestEntities, { operation }: AuthorizationRequest): Cut {
    const isShared = hasSharedEntities(operation);
    let cut = isShared ? this.cuts.get(entities) : undefined;
    if (cut === undefined) {
      const slice = this.slicer.sliceFor(entities);
      cut = { slice, decision: this.decideByEntities(slice, entities) };
      if (isShared) this.cuts.set(entities, cut);
    }
    return cut;
  }

  private decideByEntities(slice: Slice, entities: RequestEntities): Decision | undefined {
    if (slice.policies.length === 0) return NOT_PERMITTED;
    return slice.isCompiled && slice.byContext.policies.length === 0 ? decisionOf([this.evaluate(slice, entities, {})]) : undefined;
  }

  /** Every policy is evaluated by itself, so what the engine says by the entities alone is asked once and remembered. */
  private decideIn(slice: Slice, entities: RequestEntities, request: AuthorizationRequest): Decision {
    const inContext = (part: Slice) => this.evaluate(part, entities, contextOf(request, part.context, readsUnseenArgument(part, request)));
    if (slice.isCompiled) return decisionOf([inContext(slice)]);
    const { byEntities, byContext } = slice;
    const outcomes: (Outcome | undefined)[] = [];
    if (byEntities.policies.length > 0) {
      outcomes.push(remembered(this.outcomes, memoKey(byEntities, entities), () => ({ outcome: this.evaluate(byEntities, entities, {}) })).outcome);
    }
    if (byContext.policies.length > 0) outcomes.push(inContext(byContext));
    return decisionOf(outcomes);
  }

  /** `undefined` where the engine is asked and has no answer. */
  private evaluate(slice: Slice, entities: RequestEntities, context: CedarRecord): Outcome | undefined {
    const permits: string[] = [];
    const forbids: string[] = [];
    const errors: string[] = [];
    const undecided: Policy[] = [];
    for (const policy of slice.policies) {
      try {
        if (policy.compiled === undefined) undecided.push(policy);
        else if (policy.compiled({ entities, context })) (policy.effect === 'permit' ? permits : forbids).push(policy.id);
      } catch (thrown) {
        if (thrown === EVALUATION_ERROR) errors.push(policy.id);
        else if (thrown === UNDECIDED) undecided.push(policy);
        else throw thrown;
      }
    }
    if (undecided.length > 0) {
      const rest = askEngine(this.slicer.slice(undecided), entities, context);
      if (rest === undefined) return undefined;
      permits.push(...rest.permits);
      forbids.push(...rest.forbids);
      errors.push(...rest.errors);
    }
    return { permits: forbids.length > 0 ? [] : permits, forbids, errors };
  }

  /**
   * Evaluates with unknown arguments: what needs them errs. A policy that compares the arguments as a whole would not err
   * but be false, so it is set aside: a permit may hold, a forbid may not.
   */
  private couldBeAllowed(whole: Slice, entities: RequestEntities, request: AuthorizationRequest): boolean {
    const comparesWhole = whole.policies.filter((policy) => readsArgumentsWhole(policy.reads));
    const slice = comparesWhole.length === 0 ? whole : this.slicer.slice(whole.policies.filter((policy) => !comparesWhole.includes(policy)));
    const mayPermit = comparesWhole.some((policy) => policy.effect === 'permit');
    if (slice.policies.length === 0) return mayPermit;
    const outcome = this.evaluate(slice, entities, contextOf(request, slice.context, true));
    if (outcome === undefined) return false;
    const erred = outcome.errors.map((id) => slice.policies.find((policy) => policy.id === id)!);
    if (erred.some((policy) => !readsArguments(policy.reads))) return false;
    if (outcome.permits.length > 0) return true;
    return outcome.forbids.length === 0 && (mayPermit || erred.some((policy) => policy.effect === 'permit'));
  }
}

/** With the arguments unknown, the entities alone decide then. */
function readsOnlyArguments({ reads }: Slice): boolean {
  return reads.context !== undefined && [...reads.context.keys()].every((member) => member === 'arguments');
}

function remembered<V extends object>(memo: LRUCache<string, V> | Map<string, V>, key: string, compute: () => V): V {
  let value = memo.get(key);
  if (value === undefined) {
    value = compute();
    memo.set(key, value);
  }
  return value;
}

/** All that an answer can depend on where the context has no part in it. */
function memoKey({ key, reads }: Slice, entities: RequestEntities): string {
  return key + entityKey(reads.principal, entities.principal) + entityKey(reads.action, entities.action) + entityKey(reads.resource, entities.resource);
}

/** Two entities are the same to a policy that reads only attributes when these are. */
function entityKey({ identity, attributes }: EntityReads, { key, attrs }: Entity): string {
  if (identity || attributes === undefined) return `=${key}`;
  return attributes.size === 0 ? '-' : JSON.stringify([...attributes].map((name) => (Object.hasOwn(attrs, name) ? attrs[name] : undefined)));
}

/** The decision of all policies together, from those of their parts. */
function decisionOf(outcomes: readonly (Outcome | undefined)[]): Decision {
  const [permits, forbids, errors]: [string[], string[], string[]] = [[], [], []];
  for (const outcome of outcomes) {
    if (outcome === undefined) return NOT_EVALUATED;
    permits.push(...outcome.permits);
    forbids.push(...outcome.forbids);
    errors.push(...outcome.errors);
  }
  if (errors.length > 0) return { effect: 'deny', policyIds: inOrder(errors), reason: 'policy_error' };
  if (forbids.length > 0) return { effect: 'deny', policyIds: inOrder(forbids), reason: 'forbidden' };
  return permits.length > 0 ? { effect: 'allow', policyIds: inOrder(permits) } : NOT_PERMITTED;
}

/** Sorting takes longer than seeing that it is not needed. */
function inOrder(ids: string[]): string[] {
  return ids.every((id, index) => index === 0 || (ids[index - 1] as string) <= id) ? ids : ids.sort();
}

/**
 * Whether a policy names an argument that the call has and that Cedar's type of the tool's arguments does not. To the
 * engine it would look absent, and a `forbid` on it would be silent.
 */
function readsUnseenArgument({ reads }: Slice, { operation }: AuthorizationRequest): boolean {
  const paths = reads.context?.get('arguments');
  if (operation.kind !== 'callTool' || paths === undefined) return false;
  const { type } = toolArguments(operation.tool.inputSchema);
  return paths.some((path) => isUnseen(path, type, operation.arguments));
}

function isUnseen([name, ...rest]: readonly string[], type: RecordArgument, value: JsonObject): boolean {
  if (name === undefined || !Object.hasOwn(value, name) || value[name] === undefined) return false;
  const attribute = type.attributes.get(name);
  if (attribute === undefined) return true;
  const inner = value[name];
  return attribute.type.kind === 'record' && isJsonObject(inner) && isUnseen(rest, attribute.type, inner);
}
