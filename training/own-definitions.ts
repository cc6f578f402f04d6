/** Definitions of our own, for machines without published ones: each example sentence stands in a small tool, every other one with a second sentence of its kind. */
import { textFields } from '../lambda/detection';
import type { Definition } from './corpus';
import { readExamples, variants, type Example } from './examples';
import { partOf } from './folds';
import { Random } from './random';

/** The source that our own definitions name. */
export const OWN = 'own examples';

const HOSTS = ['Returns the items of a list.', 'Looks up an entry by its number.', 'Converts a value from one unit to another.', 'Shows the state of a job.'];

/** Examples whose texts fall into the same of so many parts are held out together, by five folds as well as by six. */
const PARTS = 30;

export function ownDefinitions(): readonly Definition[] {
  const random = new Random(3);
  const examples = readExamples();
  const keyOf = ({ text, steers }: Example) => `${partOf(text, PARTS)} ${steers}`;
  const companions = new Map<string, Example[]>();
  for (const example of examples) companions.set(keyOf(example), [...(companions.get(keyOf(example)) ?? []), example]);
  return examples.map((example, i) => {
    const more = i % 2 === 0 ? [] : [random.pick(companions.get(keyOf(example))!)];
    const sentences = [example, ...more].map((one) => variants(one, 1, random)[0]!);
    const tool = { name: 'get_item', description: `${random.pick(HOSTS)} ${sentences.join(/\p{P}$/u.test(sentences[0]!) ? ' ' : '. ')}` };
    return {
      id: `own-${i}`,
      source: OWN,
      // The sentence itself: a fold that holds the definition out holds the sentence out of the training as well.
      family: example.text,
      malicious: example.steers,
      attack: example.kind,
      attackClass: example.steers ? 'poisoning' : undefined,
      quality: 'own',
      tool,
      fields: textFields(tool),
    };
  });
}
