import type { Entity, RequestEntities } from './entities';

/** What was found out about the entities of a request, for as long as all of them are in use. */
export class EntityMemo<V extends object> {
  private readonly values = new WeakMap<Entity, WeakMap<Entity, WeakMap<Entity, V>>>();

  get({ principal, action, resource }: RequestEntities): V | undefined {
    return this.values.get(principal)?.get(resource)?.get(action);
  }

  set({ principal, action, resource }: RequestEntities, value: V): void {
    within(within(this.values, principal), resource).set(action, value);
  }
}

function within<V extends object>(map: WeakMap<Entity, WeakMap<Entity, V>>, entity: Entity): WeakMap<Entity, V> {
  let inner = map.get(entity);
  if (inner === undefined) map.set(entity, (inner = new WeakMap()));
  return inner;
}
