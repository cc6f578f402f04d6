/** Judges definitions with models that have not seen them: whole families, or whole sources, are held out. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Verdict } from '../../lambda/detection';
import { evidenceAgainst } from '../../lambda/detection/detect';
import type { SentenceModel } from '../../lambda/detection/model';
import { scoreOf, verdictOf, type Combination, type Evidence } from '../../lambda/detection/verdict';
import type { ToolDefinition } from '../../lambda/protocol';
import { combine, type Weighed } from '../../training/combine';
import type { Definition } from '../../training/corpus';
import { judgeUnseen, NOTHING, TrainingData, type Unseen } from '../../training/unseen';
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

/** What a model that had not seen a definition's group has against it. */
interface Seen {
  readonly definition: Definition;
  readonly group: string;
  readonly evidence: Evidence;
}

export class Bench {
  readonly combination: Combination;
  private readonly data: TrainingData;
  private readonly unseen: Unseen;

  /** @param definitions published by others; our own are always there */
  constructor(readonly definitions: readonly Definition[]) {
    this.data = new TrainingData(definitions, LISTS);
    this.unseen = judgeUnseen(this.data);
    this.combination = combine([...this.unseen.published, ...this.unseen.own, ...this.unseen.servers]);
  }

  modelWithout(leftOut: (definition: Definition) => boolean): SentenceModel {
    return this.data.modelWithout({ ...NOTHING, definition: leftOut });
  }

  /**
   * Holds out one group after the other; neither the model nor what its evidence is worth was fitted to the group that is
   * judged. `onGroup` hears how far it is.
   */
  judge(groupOf: (definition: Definition) => string, onGroup: (done: number, of: number) => void): readonly Outcome[] {
    const groups = [...new Set(this.definitions.map(groupOf))].sort();
    const seen = groups.flatMap((group, done) => {
      onGroup(done, groups.length);
      const model = this.modelWithout((definition) => groupOf(definition) === group);
      return this.definitions.filter((definition) => groupOf(definition) === group).map((definition): Seen => ({ definition, group, evidence: against(definition, model) }));
    });
    const weights = new Map(this.unseen.published.map(({ definition, weight }) => [definition, weight]));
    const known = seen.filter(({ definition }) => weights.has(definition));
    return groups.flatMap((group) => {
      const others = known.filter((one) => one.group !== group).map(({ definition, evidence }): Weighed => ({ evidence, steers: definition.malicious, weight: weights.get(definition)! }));
      const combination = combine([...others, ...this.unseen.own, ...this.unseen.servers]);
      return seen.filter((one) => one.group === group).map(({ definition, evidence }) => outcomeOf(definition, evidence, combination));
    });
  }

  /** Our own sentences, each judged by a model that has not seen it. */
  judgeOwn(): readonly Outcome[] {
    return this.unseen.own.map(({ definition, evidence }) => outcomeOf(definition, evidence, this.combination));
  }
}

const NOTHING_SAID = { plain: 0, discounted: 0 };

export function outcome(definition: Definition, model: SentenceModel, combination: Combination): Outcome {
  return outcomeOf(definition, against(definition, model), combination);
}

/** Nothing is known against what is too large to be read: it is refused, and no definition of a corpus is. */
function against({ id, tool }: Definition, model: SentenceModel): Evidence {
  const evidence = evidenceAgainst(tool as unknown as ToolDefinition, (fields) => model.score(fields));
  if (!evidence) throw new Error(`The definition ${id} is too large to be judged.`);
  return evidence;
}

function outcomeOf(definition: Definition, evidence: Evidence, combination: Combination): Outcome {
  const score = scoreOf(evidence, combination);
  return {
    definition,
    malicious: definition.malicious,
    score,
    verdict: verdictOf(score),
    byRules: scoreOf({ ...evidence, model: NOTHING_SAID, meaning: NOTHING_SAID, second: 0 }, combination),
    byModel: scoreOf({ ...evidence, rules: [] }, combination),
  };
}
