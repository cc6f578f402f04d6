import { LRUCache } from 'lru-cache';
import type { ContextReads } from './context';
import type { RequestEntities } from './entities';
import { unionOf, type MemberReads, type Reads } from './policy-reads';
import type { Policy, PolicySet } from './policy-set';

/** The policies whose scope a request satisfies: the only ones that can have a say in it. */
export interface Slice {
  readonly key: string;
  readonly policies: readonly Policy[];
  readonly reads: Reads;
  /** Its policies that the entities alone decide, and those that the context has a part in. */
  readonly byEntities: Slice;
  readonly byContext: Slice;
  readonly context: ContextReads;
  /** None of its policies needs the engine. */
  readonly isCompiled: boolean;
}

/**
 * Cuts a policy set down to what can matter to a request.
 *
 * Sound because of how Cedar evaluates a policy: `principal constraint && action constraint && resource constraint &&
 * conditions`, left to right. A scope constraint cannot err (it compares entities that are always there), so a policy
 * with a false one is neither satisfied nor in error, and leaving it out changes no decision, no determining policy and
 * no diagnostic. A policy whose scope is true is equal to its conditions, so these alone are evaluated, and the engine
 * needs of the entities and the context only what they read. `scopeTest` decides scopes exactly: the entity graph of a
 * request is one level deep and all here. test/authorization checks all of it against the engine on the whole set.
 */
export class Slicer {
  private readonly byAction = new LRUCache<string, readonly Policy[]>({ max: 10_000 });
  private readonly slices = new LRUCache<string, Slice>({ max: 1_000 });
  private readonly position: ReadonlyMap<Policy, string>;

  constructor(private readonly set: PolicySet) {
    this.position = new Map(set.policies.map((policy, index) => [policy, index.toString(36)]));
  }

  sliceFor(entities: RequestEntities): Slice {
    const selected: Policy[] = [];
    for (const policy of this.withAction(entities)) {
      if (policy.principal(entities.principal) && policy.resource(entities.resource)) selected.push(policy);
    }
    return this.slice(selected);
  }

  /** One slice object for each combination of policies. */
  slice(policies: readonly Policy[]): Slice {
    let key = '';
    for (const policy of policies) key += `${this.position.get(policy)},`;
    let slice = this.slices.get(key);
    if (slice === undefined) {
      slice = this.createSlice(key, policies);
      this.slices.set(key, slice);
    }
    return slice;
  }

  private createSlice(key: string, policies: readonly Policy[]): Slice {
    const reads = unionOf(policies.map((policy) => policy.reads));
    const byEntities = policies.filter((policy) => policy.reads.context?.size === 0);
    const isWhole = byEntities.length === policies.length;
    const isNone = byEntities.length === 0;
    const isCompiled = policies.every(({ compiled }) => compiled !== undefined);
    const whole = { key, policies, reads, context: contextReads(reads), isCompiled } as { -readonly [Member in keyof Slice]: Slice[Member] };
    whole.byEntities = isWhole ? whole : this.slice(byEntities);
    whole.byContext = isNone ? whole : this.slice(isWhole ? [] : policies.filter((policy) => !byEntities.includes(policy)));
    return whole;
  }

  private withAction({ action }: RequestEntities): readonly Policy[] {
    let policies = this.byAction.get(action.uid.id);
    if (policies === undefined) {
      policies = this.set.policies.filter((policy) => policy.action(action));
      this.byAction.set(action.uid.id, policies);
    }
    return policies;
  }
}

function contextReads({ context }: Reads): ContextReads {
  if (context === undefined) return undefined;
  const names = (paths: MemberReads) => paths && new Set(paths.flatMap(([name]) => (name === undefined ? [] : [name])));
  return new Map([...context].map(([member, paths]) => [member, names(paths)]));
}
