import type { WordClusters } from './word-clusters';

const { imul } = Math;

/** Numbers of the weights that a sentence touches, in blocks of one kind each. */
export interface Features {
  readonly indices: Uint32Array;
  /** Where each block ends in `indices`. */
  readonly ends: readonly number[];
}

/** A power of two: how many weights a model has. */
export const WEIGHTS = 2 ** 20;

/** How far apart the two words of a pair may be. */
const REACH = 5;

/**
 * Words alone, in rows of two and three, and in pairs with others between; once as they are and once for each level of
 * word clusters, where words of like meaning are one. Hashed, so that no list of them has to be kept.
 */
export function featuresOf(words: readonly string[], clusters: WordClusters): Features {
  const levels = 1 + clusters.levels;
  const indices = new Uint32Array(words.length * (3 + REACH - 1) * levels);
  const ends: number[] = [];
  const ids = new Uint32Array(words.length);
  let at = 0;
  for (let level = 0; level < levels; level++) {
    for (let i = 0; i < words.length; i++) ids[i] = level === 0 ? hashOf(words[i]!) : clusters.idOf(words[i]!, level - 1);
    const salt = imul(level + 1, 0x9e3779b1);
    for (let i = 0; i < ids.length; i++) {
      const one = mix(salt, ids[i]!);
      indices[at++] = one & (WEIGHTS - 1);
      if (i + 1 < ids.length) {
        const two = mix(one, ids[i + 1]!);
        indices[at++] = two & (WEIGHTS - 1);
        if (i + 2 < ids.length) indices[at++] = mix(two, ids[i + 2]!) & (WEIGHTS - 1);
      }
    }
    ends.push(at);
    for (let i = 0; i < ids.length; i++) {
      const first = mix(salt ^ 0x5bd1e995, ids[i]!);
      for (let j = i + 2; j <= i + REACH && j < ids.length; j++) indices[at++] = mix(first, ids[j]!) & (WEIGHTS - 1);
    }
    ends.push(at);
  }
  return { indices: indices.subarray(0, at), ends };
}

/** FNV-1a over UTF-16 units, finished so that neighbours lie apart. */
export function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = imul(hash ^ word.charCodeAt(i), 0x01000193);
  return mix(hash, word.length);
}

function mix(hash: number, value: number): number {
  let mixed = imul(hash ^ imul(value, 0xcc9e2d51), 0x1b873593);
  mixed ^= mixed >>> 15;
  mixed = imul(mixed, 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
