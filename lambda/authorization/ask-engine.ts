import type { Response } from '@cedar-policy/cedar-wasm/nodejs';
import type { CedarRecord } from './argument-value';
import { cedar } from './cedar-engine';
import { engineSlot } from './engine-slots';
import type { Entity, RequestEntities } from './entities';
import type { EntityReads } from './policy-reads';
import type { Slice } from './slice';

/** Ids of the policies that decide; no permits where one forbids. */
export interface Outcome {
  readonly permits: readonly string[];
  readonly forbids: readonly string[];
  readonly errors: readonly string[];
}

/** The engine's answer on a slice, `undefined` where it has none. */
export function askEngine(slice: Slice, entities: RequestEntities, context: CedarRecord): Outcome | undefined {
  try {
    const answer = cedar().statefulIsAuthorized({
      preparsedPolicySetId: engineSlot(slice, () => Object.fromEntries(slice.policies.map(({ id, conditions }) => [id, conditions]))),
      principal: entities.principal.uid,
      action: entities.action.uid,
      resource: entities.resource.uid,
      context,
      entities: entitiesRead(slice, entities),
    });
    return answer.type === 'success' ? outcomeOf(answer.response) : undefined;
  } catch {
    return undefined;
  }
}

type EngineEntity = Pick<Entity, 'uid' | 'attrs' | 'parents'>;

/** The entities as far as the slice's conditions look at them; each costs the engine as much as a policy. */
function entitiesRead({ reads }: Slice, entities: RequestEntities): EngineEntity[] {
  const read: EngineEntity[] = [];
  for (const variable of ['principal', 'action', 'resource'] as const) {
    const part = entityRead(reads[variable], entities[variable]);
    if (part !== undefined) read.push(part);
  }
  return read;
}

function entityRead({ attributes, parents }: EntityReads, { uid, attrs, parents: ancestors }: Entity): EngineEntity | undefined {
  if (attributes?.size === 0 && !parents) return undefined;
  const names = attributes === undefined ? Object.keys(attrs) : [...attributes].filter((name) => Object.hasOwn(attrs, name));
  return { uid, attrs: Object.fromEntries(names.map((name) => [name, attrs[name]!])), parents: parents ? ancestors : [] };
}

function outcomeOf({ decision, diagnostics: { reason, errors } }: Response): Outcome {
  const isAllowed = decision === 'allow';
  return { permits: isAllowed ? reason : [], forbids: isAllowed ? [] : reason, errors: errors.map(({ policyId }) => policyId) };
}
