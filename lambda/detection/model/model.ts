import type { ModelScore, ModelSpan, TextField } from '../types';
import { meaningOf } from '../meaning';
import { normalise } from '../normalise';
import { featuresOf, WEIGHTS, type Features } from './features';
import { sentencesOf, WINDOW, type Sentence } from './sentences';
import { WordClusters } from './word-clusters';

/** A trained model as it is kept. */
export interface Artifact {
  /** Of each level, the words of each cluster, separated by spaces. */
  readonly clusters: readonly (readonly string[])[];
  /** One signed byte a weight, in base64. */
  readonly weights: string;
  /** What one step of a weight is worth. */
  readonly scale: number;
  readonly bias: number;
  /** From the strongest sentence's score to a probability: `1 / (1 + exp(-(slope * score + offset)))`. */
  readonly slope: number;
  readonly offset: number;
}

/** Sentences this much less likely than an even chance are no reason for a score. */
const SPAN_SCORE = 0;
const MOST_SPANS = 8;
/** A sentence less likely than this is not read for its meaning; of the others, no more than {@link MOST_READ}, and none after {@link MOST_WORDS}. */
const IN_DOUBT = -3.5;
const MOST_READ = 6;
const MOST_WORDS = 96;
/** What a suspicion about quoted words is worth. */
const QUOTED = 0.35;

/**
 * Tells sentences that steer an agent from sentences that describe a tool (TD-2, TB-3): a linear model over words, rows of
 * words and word clusters. A definition is as suspicious as its most suspicious sentence.
 */
export class SentenceModel {
  constructor(
    private readonly clusters: WordClusters,
    private readonly weights: Int8Array,
    private readonly scale: number,
    private readonly bias: number,
    private readonly slope: number,
    private readonly offset: number,
    private readonly meaningOf: (sentence: string) => number,
  ) {}

  /**
   * @param meaning log-odds by the order of words too
   * @throws Error when the weights are not as many as this version reads
   */
  static load(artifact: Artifact, meaning: (sentence: string) => number = meaningOf): SentenceModel {
    const bytes = Buffer.from(artifact.weights, 'base64');
    if (bytes.length !== WEIGHTS) throw new Error(`The model holds ${bytes.length} weights; this version reads ${WEIGHTS}.`);
    const weights = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    return new SentenceModel(WordClusters.of(artifact.clusters), weights, artifact.scale, artifact.bias, artifact.slope, artifact.offset, meaning);
  }

  /** How likely the texts together steer their reader, and the sentences that say so. Without any text, 0. */
  score(fields: readonly TextField[]): ModelScore {
    const spans: ModelSpan[] = [];
    const inDoubt: Scored[] = [];
    let highest = -Infinity;
    for (const sentence of sentencesOf(fields)) {
      const score = this.scoreOf(sentence);
      if (score > highest) highest = score;
      if (score > SPAN_SCORE) spans.push(spanOf(sentence, score));
      if (score > IN_DOUBT) inDoubt.push({ sentence, score });
    }
    spans.sort((a, b) => b.weight - a.weight);
    return { probability: this.probability(highest), logOdds: highest, spans: spans.slice(0, MOST_SPANS), meaning: this.meaningIn(inDoubt) };
  }

  /** What the most suspicious sentences mean, by falling weight. */
  private meaningIn(inDoubt: Scored[]): readonly ModelSpan[] {
    let words = 0;
    return inDoubt
      .sort((a, b) => b.score - a.score)
      .slice(0, MOST_READ)
      .filter(({ sentence }) => (words += sentence.words.length) - sentence.words.length < MOST_WORDS)
      .map(({ sentence }) => spanOf(sentence, this.meaningOfOne(sentence)))
      .sort((a, b) => b.weight - a.weight);
  }

  /** Among so many words that they are a part only, what an order means may be lost: such a part is not taken for harmless. */
  private meaningOfOne(sentence: Sentence): number {
    const meaning = lessQuoted(this.meaningOf(normalise(sentence.text).text), sentence);
    return sentence.words.length < WINDOW ? meaning : Math.max(0, meaning);
  }

  /** Log-odds of one sentence, before calibration. */
  scoreOf(sentence: Sentence): number {
    return lessQuoted(this.bias + this.scale * weigh(featuresOf(sentence.words, this.clusters), this.weights), sentence);
  }

  private probability(score: number): number {
    return score === -Infinity ? 0 : 1 / (1 + Math.exp(-(this.slope * score + this.offset)));
  }
}

interface Scored {
  readonly sentence: Sentence;
  readonly score: number;
}

function lessQuoted(score: number, { quoted }: Sentence): number {
  return quoted && score > 0 ? QUOTED * score : score;
}

function spanOf({ pointer, start, end }: Sentence, weight: number): ModelSpan {
  return { pointer, start, end, weight };
}

/** The sum of a sentence's weights; each block counts alike, however many words it has. */
export function weigh({ indices, ends }: Features, weights: { readonly [index: number]: number }): number {
  let sum = 0;
  let at = 0;
  for (const end of ends) {
    let block = 0;
    const length = end - at;
    for (; at < end; at++) block += weights[indices[at]!]!;
    if (length > 0) sum += block / Math.sqrt(length);
  }
  return sum;
}
