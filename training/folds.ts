import { createHash } from 'node:crypto';
import type { Definition } from './corpus';

/** Which of `count` parts a key belongs to; the same key always in the same part. */
export function partOf(key: string, count: number): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) % count;
}

/** One in six of our examples, by their text, and of our servers, by their address: the encoder learns from the others. */
export function isKeptFromEncoder(key: string): boolean {
  return partOf(key, 6) === 0;
}

/**
 * Deals sources out to `count` groups of about equal weight, so that each group can be held out whole. A source with
 * attacks weighs more, because there are few.
 */
export function sourceGroups(definitions: readonly Definition[], count: number): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const { source, malicious } of definitions) weights.set(source, (weights.get(source) ?? 0) + (malicious ? 8 : 1));
  const loads = new Array<number>(count).fill(0);
  const groups = new Map<string, number>();
  for (const [source, weight] of [...weights].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))) {
    const group = loads.indexOf(Math.min(...loads));
    groups.set(source, group);
    loads[group]! += weight;
  }
  return groups;
}
