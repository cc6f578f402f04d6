import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { LRUCache } from 'lru-cache';
import { cedar } from './cedar-engine';

/** Policy sets that the engine holds parsed, over all decision points of this process. */
const CAPACITY = 512;

const free = Array.from({ length: CAPACITY }, (_, index) => `slot-${index}`);
const held = new LRUCache<object, string>({ max: CAPACITY, dispose: (slot) => void free.push(slot) });

/**
 * The id under which the engine holds these policies parsed. The engine cannot forget a set, only replace it, so its ids
 * are lent: the set that was used the longest time ago loses its id.
 *
 * @param owner Identifies the policies.
 */
export function engineSlot(owner: object, policies: () => Record<string, PolicyJson>): string {
  const known = held.get(owner);
  if (known !== undefined) return known;
  if (free.length === 0) held.pop();
  const slot = free.pop()!;
  const answer = cedar().preparsePolicySet(slot, { staticPolicies: policies() });
  if (answer.type === 'failure') {
    free.push(slot);
    throw new Error('Cedar refused policies that it had parsed before.');
  }
  held.set(owner, slot);
  return slot;
}
