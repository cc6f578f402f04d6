import type { Vocabulary, Occurrence } from './lexicon';
import type { Word } from './words';

/**
 * A pattern over the words of one sentence, written as text:
 *   `@neg @tell .. @user`       concepts in this order; between two neighbours up to two other words
 *   `..` / `...`                between its neighbours up to eight, or up to twenty-five, other words
 *   `+`                         its neighbours are next to each other
 *   `a|@b`                      either of them; a word without `@` is itself
 *   `~ @a @b @c`                all of them in one sentence, in any order
 *   `!@c`                       not where the sentence has `@c` before the match
 * Matching takes one pass and no backtracking.
 */
export interface Pattern {
  readonly steps: readonly Step[];
  readonly unless: readonly string[];
}

interface Step {
  readonly concepts: readonly string[];
  /** Most words between the step before and this one. */
  readonly gap: number;
}

/** A pattern's place in the words, both inclusive. */
export interface PatternMatch {
  readonly pattern: number;
  readonly first: number;
  readonly last: number;
}

const GAPS: Readonly<Record<string, number>> = { '+': 0, '..': 8, '...': 25 };
const DEFAULT_GAP = 2;

/** A text that matches more often says nothing new. */
const MAX_MATCHES = 1_000;

/**
 * One pattern, or for words in any order one for each order.
 * @throws Error on a pattern without steps
 */
export function parsePattern(source: string): readonly Pattern[] {
  if (!source.startsWith('~ ')) return [parseSequence(source)];
  return permutations(source.slice(2).trim().split(/\s+/)).map((parts) => parseSequence(parts.join(' ... ')));
}

function permutations(parts: readonly string[]): readonly (readonly string[])[] {
  if (parts.length <= 1) return [parts];
  return parts.flatMap((part, at) => permutations([...parts.slice(0, at), ...parts.slice(at + 1)]).map((rest) => [part, ...rest]));
}

function parseSequence(source: string): Pattern {
  const steps: Step[] = [];
  const unless: string[] = [];
  let gap = DEFAULT_GAP;
  for (const part of source.trim().split(/\s+/)) {
    if (part.startsWith('!')) unless.push(...part.slice(1).split('|').map(conceptOf));
    else if (part in GAPS) gap = GAPS[part]!;
    else {
      steps.push({ concepts: part.split('|').map(conceptOf), gap });
      gap = DEFAULT_GAP;
    }
  }
  if (steps.length === 0) throw new Error(`A pattern needs a word or a concept: "${source}".`);
  return { steps, unless };
}

function conceptOf(part: string): string {
  return part.startsWith('@') ? part.slice(1) : `=${part}`;
}

/** The words that patterns name by themselves, as a vocabulary. */
export function patternWords(patterns: readonly Pattern[]): Vocabulary {
  const own = patterns.flatMap(({ steps, unless }) => [...steps.flatMap(({ concepts }) => concepts), ...unless]).filter((concept) => concept.startsWith('='));
  return Object.fromEntries([...new Set(own)].map((concept) => [concept, [concept.slice(1)]]));
}

/** How far a pattern has come: where its first step began and the latest and second latest place where this one ended. */
interface Progress {
  sentence: number;
  first: number;
  last: number;
  earlierFirst: number;
  earlierLast: number;
}

interface Posting {
  readonly pattern: number;
  readonly step: number;
}

/** Many patterns, matched together. */
export class PatternSet {
  private readonly postings = new Map<string, Posting[]>();

  constructor(private readonly patterns: readonly Pattern[]) {
    patterns.forEach(({ steps }, pattern) => {
      // From the last step to the first, so that one occurrence does not serve as two steps.
      for (let step = steps.length - 1; step >= 0; step--) {
        for (const concept of steps[step]!.concepts) {
          const list = this.postings.get(concept);
          if (list) list.push({ pattern, step });
          else this.postings.set(concept, [{ pattern, step }]);
        }
      }
    });
  }

  /** The concepts that some pattern asks for. */
  get concepts(): ReadonlySet<string> {
    return new Set([...this.postings.keys(), ...this.patterns.flatMap(({ unless }) => unless)]);
  }

  /** The first match of each pattern in each sentence. `occurrences` are in the order of their first words. */
  match(words: readonly Word[], occurrences: readonly Occurrence[]): readonly PatternMatch[] {
    const progress = new Map<number, Progress>();
    const matches: PatternMatch[] = [];
    const done = new Map<number, number>();
    for (const { concept, first, last } of occurrences) {
      const postings = this.postings.get(concept);
      if (!postings) continue;
      const sentence = words[first]!.sentence;
      for (const { pattern, step } of postings) {
        const steps = this.patterns[pattern]!.steps;
        const began = step === 0 ? first : beginning(progress.get(pattern * 16 + step - 1), sentence, first, steps[step]!.gap);
        if (began < 0) continue;
        if (step < steps.length - 1) advance(progress, pattern * 16 + step, sentence, began, last);
        else if (done.get(pattern) !== sentence) {
          done.set(pattern, sentence);
          if (matches.length < MAX_MATCHES) matches.push({ pattern, first: began, last });
        }
      }
    }
    return matches.filter(({ pattern, first }) => !this.excluded(pattern, first, words, occurrences));
  }

  private excluded(pattern: number, first: number, words: readonly Word[], occurrences: readonly Occurrence[]): boolean {
    const { unless } = this.patterns[pattern]!;
    if (unless.length === 0) return false;
    for (let at = firstOccurrence(occurrences, words[first]!.sentenceStart); at < occurrences.length && occurrences[at]!.first <= first; at++) {
      if (unless.includes(occurrences[at]!.concept)) return true;
    }
    return false;
  }
}

/** Index of the first occurrence at or after a word. */
export function firstOccurrence(occurrences: readonly Occurrence[], word: number): number {
  let low = 0;
  let high = occurrences.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (occurrences[middle]!.first < word) low = middle + 1;
    else high = middle;
  }
  return low;
}

function beginning(previous: Progress | undefined, sentence: number, first: number, gap: number): number {
  if (previous?.sentence !== sentence) return -1;
  if (previous.last < first) return first - previous.last - 1 <= gap ? previous.first : -1;
  return previous.earlierLast >= 0 && previous.earlierLast < first && first - previous.earlierLast - 1 <= gap ? previous.earlierFirst : -1;
}

function advance(progress: Map<number, Progress>, key: number, sentence: number, first: number, last: number): void {
  const state = progress.get(key);
  if (!state) {
    progress.set(key, { sentence, first, last, earlierFirst: -1, earlierLast: -1 });
    return;
  }
  const same = state.sentence === sentence;
  state.earlierFirst = same ? state.first : -1;
  state.earlierLast = same ? state.last : -1;
  state.sentence = sentence;
  state.first = first;
  state.last = last;
}
