import type { ActionConstraint, EntityUidJson, PrincipalConstraint, ResourceConstraint } from '@cedar-policy/cedar-wasm/nodejs';
import type { Entity, EntityUid } from './entities';

type Constraint = PrincipalConstraint | ActionConstraint | ResourceConstraint;

/** Whether an entity satisfies one constraint of a policy's scope, exactly as Cedar decides it. */
export type ScopeTest = (entity: Entity) => boolean;

/**
 * The test of one scope constraint. A request's entity graph is one level deep, so `in` is: the same entity, or one of
 * its parents.
 *
 * @throws Error on a template's slot, or on a constraint that this version of Cedar did not have.
 */
export function scopeTest(constraint: Constraint): ScopeTest {
  switch (constraint.op) {
    case 'All':
      return () => true;
    case '==': {
      if ('slot' in constraint) break;
      const wanted = uidOf(constraint.entity);
      return (entity) => isSame(entity.uid, wanted);
    }
    case 'in': {
      if ('slot' in constraint) break;
      const wanted = ('entities' in constraint ? constraint.entities : [constraint.entity]).map(uidOf);
      return (entity) => wanted.some((ancestor) => isWithin(entity, ancestor));
    }
    case 'is': {
      if (constraint.in !== undefined && 'slot' in constraint.in) break;
      const type = constraint.entity_type;
      const ancestor = constraint.in && uidOf(constraint.in.entity);
      return (entity) => entity.uid.type === type && (ancestor === undefined || isWithin(entity, ancestor));
    }
  }
  throw new Error(`A policy's scope has a constraint that cannot be decided: ${constraint.op}.`);
}

export function uidOf(uid: EntityUidJson): EntityUid {
  return '__entity' in uid ? uid.__entity : uid;
}

export function isSame(a: EntityUid, b: EntityUid): boolean {
  return a.id === b.id && a.type === b.type;
}

export function isWithin(entity: Pick<Entity, 'uid' | 'parents'>, ancestor: EntityUid): boolean {
  return isSame(entity.uid, ancestor) || entity.parents.some((parent) => isSame(parent, ancestor));
}
