import { hashOf, type Features } from '../model/features';
import type { Tokens } from './tokens';

const { imul } = Math;

/** A power of two: how many weights the model of contents has. */
export const CONTENT_WEIGHTS = 2 ** 18;
const MASK = CONTENT_WEIGHTS - 1;

/** How far apart the two words of a pair may be. */
const REACH = 4;
/** Longer sentences are read in windows, so that nothing hides between many harmless words. */
const WINDOW = 40;
const STEP = 20;

/** One word or two give no order. */
const FEWEST = 3;

const SLOTS = 2 ** 16;

/** Words of like meaning share a number on each of two levels; looked up by the word's hash. */
export class Clusters {
  private readonly keys = new Int32Array(SLOTS);
  private readonly coarse = new Uint16Array(SLOTS);
  private readonly fine = new Uint16Array(SLOTS);

  /** @param levels of each of the two levels the words of each cluster, separated by spaces */
  constructor(levels: readonly (readonly string[])[]) {
    levels.forEach((clusters, level) =>
      clusters.forEach((words, cluster) => {
        for (const word of words.split(' ')) {
          const slot = this.slotOf(hashOf(word) | 0);
          this.keys[slot] = hashOf(word) | 0;
          (level === 0 ? this.coarse : this.fine)[slot] = cluster + 1;
        }
      }),
    );
  }

  /** Number of the cluster; of a word without one, the word's own hash. */
  coarseOf(hash: number): number {
    const slot = this.slotOf(hash);
    return this.keys[slot] === hash ? this.coarse[slot]! : hash;
  }

  fineOf(hash: number): number {
    const slot = this.slotOf(hash);
    return this.keys[slot] === hash ? this.fine[slot]! : hash;
  }

  private slotOf(hash: number): number {
    let slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);
    while (this.keys[slot] !== 0 && this.keys[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
    return slot;
  }
}

/** What the model sees of each sentence: words alone, in rows of two and three, and in pairs with others between; the same for clusters. */
export class FeatureReader {
  private readonly scratch = new Uint32Array(WINDOW * (3 + REACH + 4));
  private readonly ids = new Int32Array(WINDOW);
  /** Of the sentence that is visited; written anew for the next. */
  private readonly features = { indices: this.scratch, ends: [0, 0, 0, 0] };

  constructor(private readonly clusters: Clusters) {}

  /** Visits every sentence or window of it, with its first word and the one after its last. The features are only good during the visit, and only as far as their last end. */
  visit(tokens: Tokens, visitor: (features: Features, from: number, to: number) => void): void {
    for (let i = 0; i + 1 < tokens.sentences.length; i++) {
      const end = tokens.sentences[i + 1]!;
      if (end - tokens.sentences[i]! < FEWEST) continue;
      for (let from = tokens.sentences[i]!; from < end; from += STEP) {
        const to = Math.min(from + WINDOW, end);
        visitor(this.featuresOf(tokens, from, to), from, to);
        if (to === end) break;
      }
    }
  }

  private featuresOf({ hashes }: Tokens, from: number, to: number): Features {
    const { scratch, ids, clusters } = this;
    const length = to - from;
    const { ends } = this.features;
    let at = 0;
    for (let i = 0; i < length; i++) {
      const one = mix(0x9e3779b1, hashes[from + i]!);
      scratch[at++] = one & MASK;
      if (i + 1 >= length) continue;
      const two = mix(one, hashes[from + i + 1]!);
      scratch[at++] = two & MASK;
      if (i + 2 < length) scratch[at++] = mix(two, hashes[from + i + 2]!) & MASK;
    }
    ends[0] = at;
    for (let i = 0; i < length; i++) {
      const first = mix(0x5bd1e995, hashes[from + i]!);
      for (let j = i + 2; j <= i + REACH && j < length; j++) scratch[at++] = mix(first, hashes[from + j]!) & MASK;
    }
    ends[1] = at;
    for (let i = 0; i < length; i++) ids[i] = clusters.coarseOf(hashes[from + i]!);
    at = rows(ids, length, 0x7f4a7c15, scratch, at);
    ends[2] = at;
    for (let i = 0; i < length; i++) ids[i] = clusters.fineOf(hashes[from + i]!);
    at = rows(ids, length, 0x3c6ef372, scratch, at);
    ends[3] = at;
    return this.features;
  }
}

/** One and two in a row. */
function rows(ids: Int32Array, length: number, salt: number, into: Uint32Array, start: number): number {
  let at = start;
  for (let i = 0; i < length; i++) {
    const one = mix(salt, ids[i]!);
    into[at++] = one & MASK;
    if (i + 1 < length) into[at++] = mix(one, ids[i + 1]!) & MASK;
  }
  return at;
}

function mix(hash: number, value: number): number {
  let mixed = imul(hash ^ imul(value, 0xcc9e2d51), 0x1b873593);
  mixed ^= mixed >>> 15;
  mixed = imul(mixed, 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
