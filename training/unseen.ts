import { evidenceAgainst } from '../lambda/detection/detect';
import { meaningOf } from '../lambda/detection/meaning';
import { SentenceModel, type Artifact } from '../lambda/detection/model';
import { WordClusters } from '../lambda/detection/model/word-clusters';
import type { ToolDefinition } from '../lambda/protocol';
import { toArtifact } from './artifact';
import type { Scored } from './calibrate';
import type { Weighed } from './combine';
import type { Definition } from './corpus';
import { isKeptFromEncoder, partOf, sourceGroups } from './folds';
import type { Labelled } from './logistic-regression';
import { ownDefinitions } from './own-definitions';
import { readExamples } from './examples';
import { serverSentences } from './servers';
import { bagOf, documentationSamples, samplesOf, serverSamples, SETTINGS, train, type Bag } from './train';

/** Everything that the model learns from, prepared once, so that parts of it can be held out. */
export class TrainingData {
  readonly bags: readonly Bag[];
  private readonly clusters: WordClusters;
  private readonly examples: readonly { readonly text: string; readonly samples: readonly Labelled[] }[];
  private readonly servers: readonly { readonly source: string; readonly samples: readonly Labelled[] }[];
  private readonly documented: readonly Labelled[];

  /** @param definitions published ones */
  constructor(
    readonly definitions: readonly Definition[],
    private readonly lists: Artifact['clusters'],
  ) {
    this.clusters = WordClusters.of(lists);
    this.bags = definitions.map(({ fields, malicious }) => bagOf(fields, malicious, this.clusters));
    this.examples = readExamples().map((example) => ({ text: example.text, samples: samplesOf([example], this.clusters, SETTINGS) }));
    this.servers = serverSentences().map((server) => ({ source: server.source, samples: serverSamples(this.clusters, [server]) }));
    this.documented = documentationSamples(this.clusters);
  }

  get counts() {
    const size = (parts: readonly { readonly samples: readonly Labelled[] }[]) => parts.reduce((sum, { samples }) => sum + samples.length, 0);
    return { own: size(this.examples), servers: size(this.servers), documented: this.documented.length, published: this.bags.reduce((sum, { sentences }) => sum + sentences.length, 0) };
  }

  /** What is learned from all but what is left out. A tool that says openly what harm it does steers nobody: it teaches nothing here. */
  fitWithout(leftOut: LeftOut) {
    const bags = this.bags.filter((_, i) => !leftOut.definition(this.definitions[i]!) && this.definitions[i]!.attackClass !== 'harmful_capability');
    const samples = [
      ...this.examples.filter(({ text }) => !leftOut.example(text)).flatMap(({ samples }) => samples),
      ...this.servers.filter(({ source }) => !leftOut.server(source)).flatMap(({ samples }) => samples),
      ...this.documented,
    ];
    return train(samples, bags, SETTINGS);
  }

  modelWithout(leftOut: LeftOut): SentenceModel {
    return SentenceModel.load(toArtifact(this.fitWithout(leftOut), this.lists, { slope: 1, offset: 0 }), meant);
  }
}

const meanings = new Map<string, number>();

/** The encoder is the same whatever is held out: it learned from no published definition, and each sentence is read once. */
function meant(sentence: string): number {
  let meaning = meanings.get(sentence);
  if (meaning === undefined) meanings.set(sentence, (meaning = meaningOf(sentence)));
  return meaning;
}

/** What a model must not have seen. */
export interface LeftOut {
  definition(definition: Definition): boolean;
  /** By its text as it was written. */
  example(text: string): boolean;
  /** By its address. */
  server(source: string): boolean;
}

export const NOTHING: LeftOut = { definition: () => false, example: () => false, server: () => false };

/** How likely a definition is poisoned before anything is known of it. Scores mean what they say where about so many are. */
const PREVALENCE = 0.08;
/** Attacks that others published and ours count alike; of what is honest, ours was written to look bad, and is rarer than that. */
const SHARES = {
  attacks: { published: 0.5, own: 0.5 },
  honest: { published: 0.5, servers: 0.42, own: 0.08 },
} as const;

const GROUPS = 6;

/** A definition as a model saw it that had learned from neither its source nor, of ours, its sentences. */
export interface Found extends Weighed {
  readonly definition: Definition;
}

export interface Unseen {
  readonly published: readonly Found[];
  readonly own: readonly Found[];
  readonly servers: readonly Weighed[];
  /** Of the published ones, what the learned layer alone says. */
  readonly scored: readonly Scored[];
}

/** Judges what is learned from, each part of it by models that have not seen it: of ours, and of servers, what was kept from the encoder. */
export function judgeUnseen(data: TrainingData): Unseen {
  const used = data.definitions.filter(({ attackClass }) => attackClass !== 'harmful_capability');
  const own = ownDefinitions().filter(({ family }) => isKeptFromEncoder(family));
  const servers = serverSentences().filter(({ source }) => isKeptFromEncoder(source)).flatMap(({ source, sentences }) => definitionsOf(sentences).map((tool) => ({ source, tool })));
  const groups = sourceGroups(used, GROUPS);
  const weightOfPublished = weights('published', used);
  const weightOfOwn = weights('own', own);
  const published: Found[] = [];
  const ours: Found[] = [];
  const served: Weighed[] = [];
  const scored: Scored[] = [];
  for (let group = 0; group < GROUPS; group++) {
    const model = data.modelWithout({
      definition: ({ source }) => groups.get(source) === group,
      example: (text) => partOf(text, GROUPS) === group,
      server: (source) => partOf(source, GROUPS) === group,
    });
    const against = (tool: object) => evidenceAgainst(tool as ToolDefinition, (fields) => model.score(fields))!;
    const found = (definition: Definition, weight: number): Found => ({ definition, evidence: against(definition.tool), steers: definition.malicious, weight });
    for (const definition of used.filter(({ source }) => groups.get(source) === group)) {
      published.push(found(definition, weightOfPublished(definition.malicious)));
      scored.push({ score: Math.max(-20, model.score(definition.fields).logOdds), steers: definition.malicious });
    }
    for (const definition of own.filter(({ family }) => partOf(family, GROUPS) === group)) ours.push(found(definition, weightOfOwn(definition.malicious)));
    for (const { tool } of servers.filter(({ source }) => partOf(source, GROUPS) === group)) {
      served.push({ evidence: against(tool), steers: false, weight: ((1 - PREVALENCE) * SHARES.honest.servers) / servers.length });
    }
  }
  return { published, own: ours, servers: served, scored };
}

/** A definition has several sentences, each of which may look bad. */
const SENTENCES = 4;

function definitionsOf(sentences: readonly string[]): readonly object[] {
  const starts = sentences.map((_, at) => at).filter((at) => at % SENTENCES === 0);
  return starts.map((at) => ({ name: 'tool', description: sentences.slice(at, at + SENTENCES).join('\n') }));
}

/** What each of a collection's definitions counts, so that prevalence and shares are as said. */
function weights(part: 'published' | 'own', definitions: readonly Definition[]): (steers: boolean) => number {
  const attacks = definitions.filter(({ malicious }) => malicious).length;
  return (steers) => (steers ? (PREVALENCE * SHARES.attacks[part]) / attacks : ((1 - PREVALENCE) * SHARES.honest[part]) / (definitions.length - attacks));
}
