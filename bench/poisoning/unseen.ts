/** Judges definitions with models that have not seen them: whole families, or whole sources, are held out. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { detect, type Verdict } from '../../lambda/detection';
import { SentenceModel } from '../../lambda/detection/model';
import { WordClusters } from '../../lambda/detection/model/word-clusters';
import type { ToolDefinition } from '../../lambda/protocol';
import { toArtifact } from '../../training/artifact';
import type { Definition } from '../../training/corpus';
import { readExamples, type Example } from '../../training/examples';
import { bagOf, documentationSamples, samplesOf, SETTINGS, train, type Bag } from '../../training/train';
import type { Labelled } from '../../training/logistic-regression';
import { OWN } from './own-corpus';
import type { Judged } from './statistics';

/** A definition, and what the detector says of it when it has not seen it. */
export interface Outcome extends Judged {
  readonly definition: Definition;
  readonly verdict: Verdict;
  /** The rules alone. */
  readonly byRules: number;
  /** The learned layer alone. */
  readonly byModel: number;
}

const LISTS = JSON.parse(readFileSync(join(__dirname, '..', '..', 'training', 'data', 'word-clusters.json'), 'utf8')) as string[][];
export const CLUSTERS = WordClusters.of(LISTS);

/** What training needs of a corpus, prepared once for all folds. */
export class Bench {
  readonly bags: readonly Bag[];
  private readonly examples: readonly Example[] = readExamples();
  private readonly samples: readonly (readonly Labelled[])[] = this.examples.map((example) => samplesOf([example], CLUSTERS, SETTINGS));

  private readonly documented: readonly Labelled[] = documentationSamples(CLUSTERS);

  constructor(readonly definitions: readonly Definition[]) {
    this.bags = definitions.map(({ fields, malicious }) => bagOf(fields, malicious, CLUSTERS));
  }

  /**
   * A model that learned from everything but what is left out. Tools that are harmful by what they do teach it nothing; and
   * definitions that are made of an example of ours nothing beside the example.
   */
  modelWithout(leftOut: (definition: Definition) => boolean): SentenceModel {
    const examplesOut = new Set(this.definitions.filter((definition) => definition.source === OWN && leftOut(definition)).map(({ family }) => family));
    const bags = this.bags.filter((_, i) => {
      const definition = this.definitions[i]!;
      return definition.source !== OWN && !leftOut(definition) && definition.attackClass !== 'harmful_capability';
    });
    const samples = [...this.samples.filter((_, i) => !examplesOut.has(this.examples[i]!.text)).flat(), ...this.documented];
    return SentenceModel.load(toArtifact(train(samples, bags, SETTINGS), LISTS, { slope: 1, offset: 0 }));
  }

  /** Holds out one group after the other of the definitions to be judged; `onGroup` hears how far it is. */
  judge(groupOf: (definition: Definition) => string, judged: (definition: Definition) => boolean, onGroup: (done: number, of: number) => void): readonly Outcome[] {
    const groups = [...new Set(this.definitions.filter(judged).map(groupOf))].sort();
    return groups.flatMap((group, done) => {
      onGroup(done, groups.length);
      const model = this.modelWithout((definition) => groupOf(definition) === group);
      return this.definitions.filter((definition) => judged(definition) && groupOf(definition) === group).map((definition) => outcome(definition, model));
    });
  }
}

const silent = () => ({ probability: 0, spans: [] });

export function outcome(definition: Definition, model: SentenceModel): Outcome {
  const tool = definition.tool as unknown as ToolDefinition;
  const { score, verdict } = detect(tool, undefined, (fields) => model.score(fields));
  return {
    definition,
    malicious: definition.malicious,
    score,
    verdict,
    byRules: detect(tool, undefined, silent).score,
    byModel: model.score(definition.fields).probability,
  };
}
