/** Definitions of our own, for machines without published ones: each example sentence stands in a small tool. */
import { textFields } from '../../lambda/detection';
import type { Definition } from '../../training/corpus';
import { readExamples, variants } from '../../training/examples';
import { Random } from '../../training/random';

/** The source that our own definitions name. */
export const OWN = 'own examples';

const HOSTS = ['Returns the items of a list.', 'Looks up an entry by its number.', 'Converts a value from one unit to another.', 'Shows the state of a job.'];

export function ownCorpus(): readonly Definition[] {
  const random = new Random(3);
  return readExamples().map((example, i) => {
    const tool = { name: 'get_item', description: `${random.pick(HOSTS)} ${variants(example, 1, random)[0]!}` };
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
