import { Clusters, CONTENT_WEIGHTS, FeatureReader } from './features';
import { Tokens } from './tokens';

/** A trained model of contents as it is kept. */
export interface ContentArtifact {
  /** SHA-256 of the word clusters that it was trained with. */
  readonly clusters: string;
  /** One signed byte a weight, in base64. */
  readonly weights: string;
  /** What one step of a weight is worth. */
  readonly scale: number;
  readonly bias: number;
  /** From evidence to a probability: `1 / (1 + exp(-(slope * evidence + offset)))`. */
  readonly slope: number;
  readonly offset: number;
}

/** A sentence that the model objects to. */
export interface Suspicion {
  /** In the text, UTF-16 units, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** Log-odds. */
  readonly weight: number;
}

export interface ContentScore {
  /** Log-odds of the text as a whole, before calibration; `-Infinity` without words. */
  readonly evidence: number;
  /** By falling weight. */
  readonly suspicions: readonly Suspicion[];
}

const MOST_SUSPICIONS = 16;
/** What the second and the third most suspicious sentence add. */
const SECOND = 0.3;
const THIRD = 0.15;

/**
 * Tells sentences that give orders to whoever reads a result from sentences that tell something: a linear model over words,
 * rows of words and word clusters. A text is as suspicious as its most suspicious sentences.
 */
export class ContentModel {
  private readonly reader: FeatureReader;
  private readonly tokens = new Tokens();

  constructor(
    clusters: Clusters,
    private readonly weights: Int8Array,
    private readonly scale: number,
    private readonly bias: number,
  ) {
    this.reader = new FeatureReader(clusters);
  }

  /** @throws Error when the weights are not as many as this version reads */
  static load(artifact: ContentArtifact, levels: readonly (readonly string[])[]): ContentModel {
    const bytes = Buffer.from(artifact.weights, 'base64');
    if (bytes.length !== CONTENT_WEIGHTS) throw new Error(`The model holds ${bytes.length} weights; this version reads ${CONTENT_WEIGHTS}.`);
    return new ContentModel(new Clusters(levels), new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length), artifact.scale, artifact.bias);
  }

  score(text: string): ContentScore {
    const tokens = this.tokens.read(text);
    const { weights, scale, bias } = this;
    const suspicions: Suspicion[] = [];
    let [first, second, third] = [-Infinity, -Infinity, -Infinity];
    this.reader.weigh(tokens, weights, (sum, from, to) => {
      const weight = bias + scale * sum;
      if (weight > third) {
        if (weight > first) [first, second, third] = [weight, first, second];
        else if (weight > second) [second, third] = [weight, second];
        else third = weight;
      }
      if (weight > 0) suspicions.push({ start: tokens.starts[from]!, end: tokens.ends[to - 1]!, weight });
    });
    suspicions.sort((a, b) => b.weight - a.weight);
    return { evidence: evidenceOf(first, second, third), suspicions: suspicions.slice(0, MOST_SUSPICIONS) };
  }
}

/** What the three most suspicious sentences say together. */
export function evidenceOf(first: number, second: number, third: number): number {
  return first + SECOND * Math.max(0, second) + THIRD * Math.max(0, third);
}
