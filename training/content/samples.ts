import type { Clusters } from '../../lambda/detection/content/features';
import { documentation } from '../documentation';
import { readExamples, variants } from '../examples';
import type { Labelled } from '../logistic-regression';
import type { Random } from '../random';
import { carried } from './carriers';
import type { LabelledText } from './corpus';
import { readContentExamples, written, type ContentExample } from './examples';
import { sentencesOf, type Bag } from './train';

/** How much of each kind counts, against a sentence of our own attacks. */
const Weight = {
  /** Requests that people make of each other as well: only who is asked makes them an attack. */
  PLAIN_ACTION: 0.3,
  DEFINITION_ATTACK: 0.3,
  DEFINITION: 0.5,
  DOCUMENTATION: 0.7,
  CARRIED: 0.5,
  FILE: 0.8,
  DESCRIPTION: 0.4,
} as const;

const VARIANTS = 14;
const HONEST_VARIANTS = 12;
const TEXTS = 2_500;

/** Attacks on tool definitions that would be attacks in a result as well. */
const SHARED_ATTACKS: ReadonlySet<string> = new Set(['secret_access', 'exfiltration', 'concealment', 'override', 'execution', 'privilege', 'phishing', 'conversation_theft', 'foreign']);

/** Sentences whose labels are known. */
export function contentSamples(clusters: Clusters, random: Random): readonly Labelled[] {
  const labelled = (text: string, steers: boolean, weight: number): readonly Labelled[] => sentencesOf(text, clusters).map((features) => ({ features, steers, weight }));
  const own = readContentExamples().flatMap((example) =>
    written(example, example.steers ? VARIANTS : HONEST_VARIANTS, random).flatMap((text) => labelled(text, example.steers, example.isPlain ? Weight.PLAIN_ACTION : 1)),
  );
  const definitions = readExamples()
    .filter(({ steers, kind }) => !steers || SHARED_ATTACKS.has(kind))
    .flatMap((example) => variants(example, example.steers ? 2 : 1, random).flatMap((text) => labelled(text, example.steers, example.steers ? Weight.DEFINITION_ATTACK : Weight.DEFINITION)));
  return [...own, ...definitions, ...documentation().flatMap((text) => labelled(text, false, Weight.DOCUMENTATION))];
}

/** Our sentences in the forms that servers answer in: honest ones alone, and with one attack among them. */
export function carriedBags(clusters: Clusters, random: Random): readonly Bag[] {
  const examples = readContentExamples();
  const honest = examples.filter(({ steers }) => !steers);
  const attacks = examples.filter(({ steers, isPlain }) => steers && !isPlain);
  const one = (list: readonly ContentExample[]) => written(random.pick(list), 1, random)[0]!;
  const some = () => Array.from({ length: 1 + Math.floor(random.next() * 4) }, () => one(honest));
  const bags: Bag[] = [];
  for (let i = 0; i < TEXTS; i++) {
    bags.push({ steers: false, sentences: sentencesOf(carried(some(), random), clusters), weight: Weight.CARRIED });
    const texts = some();
    texts[Math.floor(random.next() * texts.length)] = one(attacks);
    bags.push({ steers: true, sentences: sentencesOf(carried(texts, random), clusters), weight: Weight.CARRIED });
  }
  return bags;
}

/** A file that is honest. */
export function textBag(text: string, clusters: Clusters): Bag {
  return { steers: false, sentences: sentencesOf(text, clusters), weight: Weight.FILE };
}

const LONGEST = 20_000;

/** Texts of others; what occurs in many variants counts less each time. Arguments are no prose and teach nothing here. */
export function texts(corpus: readonly LabelledText[], clusters: Clusters): readonly Bag[] {
  const families = new Map<string, number>();
  for (const { family } of corpus) families.set(family, (families.get(family) ?? 0) + 1);
  return corpus.map(({ kind, family, malicious, text }) => ({
    steers: malicious,
    sentences: kind === 'tool_args' ? [] : sentencesOf(text.slice(0, LONGEST), clusters),
    weight: (kind === 'tool_description' ? Weight.DESCRIPTION : 1) / Math.sqrt(families.get(family)!),
  }));
}
