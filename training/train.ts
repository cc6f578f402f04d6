import { featuresOf, type Features } from '../lambda/detection/model/features';
import { weigh } from '../lambda/detection/model/model';
import { sentencesOf } from '../lambda/detection/model/sentences';
import type { WordClusters } from '../lambda/detection/model/word-clusters';
import type { TextField } from '../lambda/detection/types';
import { documentation } from './documentation';
import { variants, type Example } from './examples';
import { fit, type Fitted, type Labelled } from './logistic-regression';
import { Random } from './random';
import { serverSentences, type ServerSentences } from './servers';

/** A definition of which only one thing is known: whether something in it steers. */
export interface Bag {
  readonly steers: boolean;
  readonly sentences: readonly Features[];
}

export interface Settings {
  readonly seed: number;
  /** Ways in which each of our examples is written out. */
  readonly variants: number;
  /** @see fit */
  readonly cost: number;
}

export const SETTINGS: Settings = { seed: 20_250_408, variants: 12, cost: 10 };

/** Sentences of a definition as the model sees them. */
export function bagOf(fields: readonly TextField[], steers: boolean, clusters: WordClusters): Bag {
  return { steers, sentences: sentencesOf(fields).map(({ words }) => featuresOf(words, clusters)) };
}

/** Our examples, written out and cut as the texts of a definition are. */
export function samplesOf(examples: readonly Example[], clusters: WordClusters, settings: Settings): readonly Labelled[] {
  const random = new Random(settings.seed);
  return examples.flatMap((example) =>
    variants(example, settings.variants, random).flatMap((text) =>
      sentencesOf([{ pointer: '/description', kind: 'description', text }]).map(({ words }) => ({
        features: featuresOf(words, clusters),
        steers: example.steers,
        weight: 1,
      })),
    ),
  );
}

/** Sentences of technical documentation: honest, and full of credentials, users and orders. */
export function documentationSamples(clusters: WordClusters): readonly Labelled[] {
  return documentation().flatMap((text) => honestSamples(text, clusters));
}

/** Sentences of honest servers. */
export function serverSamples(clusters: WordClusters, servers: readonly ServerSentences[] = serverSentences()): readonly Labelled[] {
  return servers.flatMap(({ sentences }) => sentences.flatMap((text) => honestSamples(text, clusters)));
}

function honestSamples(text: string, clusters: WordClusters): readonly Labelled[] {
  return sentencesOf([{ pointer: '/description', kind: 'description', text }]).map(({ words }) => ({ features: featuresOf(words, clusters), steers: false, weight: 1 }));
}

/**
 * Learns from our examples and from whole definitions. In a definition that steers, not every sentence does: a first model
 * says which, and a second one learns from those.
 */
export function train(samples: readonly Labelled[], bags: readonly Bag[], settings: Settings): Fitted {
  const honest = distinct(bags.filter(({ steers }) => !steers).flatMap(({ sentences }) => sentences)).map((features) => ({ features, steers: false, weight: 1 }));
  const first = fit([...samples, ...honest], settings.cost, new Random(settings.seed));
  const steering = distinct(bags.filter(({ steers }) => steers).flatMap(({ sentences }) => steeringOf(sentences, first)));
  return fit([...samples, ...honest, ...steering.map((features) => ({ features, steers: true, weight: 1 }))], settings.cost, new Random(settings.seed));
}

/** A definition whose sentences all score less than this is poisoned by something else, such as what cannot be seen: its sentences teach nothing. */
const LEAST = -1.5;

/** The sentence that is most likely to steer, and every other that is more likely than not. */
function steeringOf(sentences: readonly Features[], model: Fitted): readonly Features[] {
  const scores = sentences.map((features) => scoreOf(features, model));
  const highest = Math.max(...scores);
  return sentences.filter((_, i) => scores[i]! > 0 || (scores[i] === highest && highest > LEAST));
}

export function scoreOf(features: Features, { weights, bias }: Fitted): number {
  return bias + weigh(features, weights);
}

/** The score of a definition: that of its most suspicious sentence. */
export function highest({ sentences }: Bag, model: Fitted): number {
  return sentences.reduce((most, features) => Math.max(most, scoreOf(features, model)), -20);
}

function distinct(all: readonly Features[]): readonly Features[] {
  const seen = new Map<string, Features>();
  for (const features of all) seen.set(features.indices.join(), features);
  return [...seen.values()];
}
