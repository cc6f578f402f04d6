import type { Clusters } from '../../lambda/detection/content/features';
import { CONTENT_WEIGHTS, FeatureReader } from '../../lambda/detection/content/features';
import { Tokens } from '../../lambda/detection/content/tokens';
import { normalise } from '../../lambda/detection/normalise';
import type { Features } from '../../lambda/detection/model/features';
import { weigh } from '../../lambda/detection/model/model';
import { fit, type Fitted, type Labelled } from '../logistic-regression';
import { Random } from '../random';

/** A text of which only one thing is known: whether something in it steers. */
export interface Bag {
  readonly steers: boolean;
  readonly sentences: readonly Features[];
  /** How much each of its sentences counts. */
  readonly weight: number;
}

export interface Settings {
  readonly seed: number;
  /** @see fit */
  readonly cost: number;
  /** A text that steers teaches with sentences that score more than this, and with its highest. */
  readonly least: number;
}

export const SETTINGS: Settings = { seed: 20_261_122, cost: 2, least: 0 };

/** Sentences of a text as the model sees them. */
export function sentencesOf(text: string, clusters: Clusters): readonly Features[] {
  const found: Features[] = [];
  new FeatureReader(clusters).visit(new Tokens().read(normalise(text).text), (features) => found.push(features));
  return found;
}

/**
 * Learns from sentences whose labels are known and from whole texts. In a text that steers, not every sentence does: a first
 * model, which knows only our own examples and honest texts, says which, and two more learn from those.
 */
export function train(samples: readonly Labelled[], bags: readonly Bag[], { seed, cost, least }: Settings): Fitted {
  const honest = distinct(bags.filter(({ steers }) => !steers)).map(({ features, weight }) => ({ features, steers: false, weight }));
  let model = fit([...samples, ...honest], cost, new Random(seed));
  for (let round = 0; round < 2; round++) {
    const steering = distinct(bags.filter(({ steers }) => steers).map((bag) => ({ ...bag, sentences: steeringOf(bag.sentences, model, least) })));
    model = fit([...samples, ...honest, ...steering.map(({ features, weight }) => ({ features, steers: true, weight }))], cost, new Random(seed));
  }
  return { bias: model.bias, weights: model.weights.slice(0, CONTENT_WEIGHTS) };
}

function steeringOf(sentences: readonly Features[], model: Fitted, least: number): readonly Features[] {
  if (sentences.length === 0) return [];
  const scores = sentences.map((features) => scoreOf(features, model));
  const highest = Math.max(...scores);
  return sentences.filter((_, i) => scores[i]! > least || scores[i] === highest);
}

function scoreOf(features: Features, { weights, bias }: Fitted): number {
  return bias + weigh(features, weights);
}

function distinct(bags: readonly Bag[]): readonly { readonly features: Features; readonly weight: number }[] {
  const seen = new Map<string, { features: Features; weight: number }>();
  for (const { sentences, weight } of bags) for (const features of sentences) seen.set(features.indices.join(), { features, weight });
  return [...seen.values()];
}
