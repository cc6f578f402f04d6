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

  /** Writes down the numbers of a word's clusters; of a word without one, the word's own hash. */
  read(hash: number, coarse: Int32Array, fine: Int32Array, at: number): void {
    const slot = this.slotOf(hash);
    const isKnown = this.keys[slot] === hash;
    coarse[at] = isKnown ? this.coarse[slot]! : hash;
    fine[at] = isKnown ? this.fine[slot]! : hash;
  }

  private slotOf(hash: number): number {
    let slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);
    while (this.keys[slot] !== 0 && this.keys[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
    return slot;
  }
}

/** Of each kind of feature where its hash begins. */
const Salt = { WORDS: 0x9e3779b1, PAIRS: 0x5bd1e995, COARSE: 0x7f4a7c15, FINE: 0x3c6ef372 } as const;

/** What the model sees of each sentence: words alone, in rows of two and three, and in pairs with others between; the same for clusters. */
export class FeatureReader {
  /** Of the words of the text that is read: hash and clusters, each times the first constant of {@link mix}. */
  private words = new Int32Array(4096);
  private coarse = new Int32Array(4096);
  private fine = new Int32Array(4096);

  constructor(private readonly clusters: Clusters) {}

  /** Visits every sentence or window of it, with its first word and the one after its last. */
  visit(tokens: Tokens, visitor: (features: Features, from: number, to: number) => void): void {
    this.prepare(tokens);
    eachWindow(tokens, (from, to) => visitor(this.featuresOf(from, to), from, to));
  }

  /** As {@link visit}, with the sum of the weights of the features, those of a kind over the root of their number, and without writing features down. */
  weigh(tokens: Tokens, weights: Int8Array, visitor: (weight: number, from: number, to: number) => void): void {
    this.prepare(tokens);
    eachWindow(tokens, (from, to) => visitor(this.weightOf(weights, from, to), from, to));
  }

  private prepare({ hashes, count }: Tokens): void {
    if (count > this.words.length) {
      this.words = new Int32Array(2 * count);
      this.coarse = new Int32Array(2 * count);
      this.fine = new Int32Array(2 * count);
    }
    const { words, coarse, fine } = this;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]!;
      this.clusters.read(hash, coarse, fine, i);
      words[i] = imul(hash, SPREAD);
      coarse[i] = imul(coarse[i]!, SPREAD);
      fine[i] = imul(fine[i]!, SPREAD);
    }
  }

  private featuresOf(from: number, to: number): Features {
    const indices: number[] = [];
    const ends: number[] = [];
    const { words } = this;
    for (let i = from; i < to; i++) {
      const one = mix(Salt.WORDS, words[i]!);
      indices.push(one & MASK);
      if (i + 1 >= to) continue;
      const two = mix(one, words[i + 1]!);
      indices.push(two & MASK);
      if (i + 2 < to) indices.push(mix(two, words[i + 2]!) & MASK);
    }
    ends.push(indices.length);
    for (let i = from; i < to; i++) {
      const first = mix(Salt.PAIRS, words[i]!);
      for (let j = i + 2; j <= i + REACH && j < to; j++) indices.push(mix(first, words[j]!) & MASK);
    }
    ends.push(indices.length);
    for (const [salt, clusters] of [[Salt.COARSE, this.coarse], [Salt.FINE, this.fine]] as const) {
      for (let i = from; i < to; i++) {
        const one = mix(salt, clusters[i]!);
        indices.push(one & MASK);
        if (i + 1 < to) indices.push(mix(one, clusters[i + 1]!) & MASK);
      }
      ends.push(indices.length);
    }
    return { indices: Uint32Array.from(indices), ends };
  }

  private weightOf(weights: Int8Array, from: number, to: number): number {
    const { words } = this;
    const length = to - from;
    let rows = 0;
    let pairs = 0;
    for (let i = from; i < to; i++) {
      const word = words[i]!;
      const one = mix(Salt.WORDS, word);
      rows += weights[one & MASK]!;
      if (i + 1 < to) {
        const two = mix(one, words[i + 1]!);
        rows += weights[two & MASK]!;
        if (i + 2 < to) {
          rows += weights[mix(two, words[i + 2]!) & MASK]!;
          const first = mix(Salt.PAIRS, word);
          const end = Math.min(i + REACH + 1, to);
          for (let j = i + 2; j < end; j++) pairs += weights[mix(first, words[j]!) & MASK]!;
        }
      }
    }
    const pairCount = pairsIn(length);
    const single = Math.sqrt(2 * length - 1);
    let sum = rows / Math.sqrt(length + Math.max(0, length - 1) + Math.max(0, length - 2));
    if (pairCount > 0) sum += pairs / Math.sqrt(pairCount);
    sum += rowsOf(weights, this.coarse, Salt.COARSE, from, to) / single;
    return sum + rowsOf(weights, this.fine, Salt.FINE, from, to) / single;
  }
}

function eachWindow({ sentences }: Tokens, visitor: (from: number, to: number) => void): void {
  for (let i = 0; i + 1 < sentences.length; i++) {
    const end = sentences[i + 1]!;
    if (end - sentences[i]! < FEWEST) continue;
    for (let from = sentences[i]!; from < end; from += STEP) {
      const to = Math.min(from + WINDOW, end);
      visitor(from, to);
      if (to === end) break;
    }
  }
}

/** How many pairs with others between a window of `length` words has. */
function pairsIn(length: number): number {
  let count = 0;
  for (let apart = 2; apart <= REACH; apart++) count += Math.max(0, length - apart);
  return count;
}

/** Weights of one and two in a row. */
function rowsOf(weights: Int8Array, ids: Int32Array, salt: number, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) {
    const one = mix(salt, ids[i]!);
    sum += weights[one & MASK]!;
    if (i + 1 < to) sum += weights[mix(one, ids[i + 1]!) & MASK]!;
  }
  return sum;
}

const SPREAD = 0xcc9e2d51;

/** @param spread a number times {@link SPREAD} */
function mix(hash: number, spread: number): number {
  let mixed = imul(hash ^ spread, 0x1b873593);
  mixed ^= mixed >>> 15;
  mixed = imul(mixed, 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
