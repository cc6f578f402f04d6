/** `npm run train`: learns the model that ships with the package. The same data give the same artifact, byte for byte. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { WordClusters } from '../lambda/detection/model/word-clusters';
import { asModule, toArtifact } from './artifact';
import { calibrate, type Scored } from './calibrate';
import { DEFAULT_CORPUS, readCorpus } from './corpus';
import { readExamples } from './examples';
import { sourceGroups } from './folds';
import { bagOf, documentationSamples, highest, samplesOf, SETTINGS, train } from './train';

/** Groups of sources; each is scored by a model that has seen none of its sources, for the calibration. */
const GROUPS = 6;

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: DEFAULT_CORPUS },
    out: { type: 'string', default: join(__dirname, '..', 'lambda', 'detection', 'model', 'artifact.ts') },
  },
});

const definitions = readCorpus(values.data);
if (!definitions) {
  console.error(`No labelled definitions at ${values.data}: nothing was trained, the artifact is as it was. Give their place with --data.`);
  process.exit(2);
}

const lists = JSON.parse(readFileSync(join(__dirname, 'data', 'word-clusters.json'), 'utf8')) as string[][];
const clusters = WordClusters.of(lists);
// A tool that says openly what harm it does steers nobody: it is another question, and teaches nothing here.
const used = definitions.filter(({ attackClass }) => attackClass !== 'harmful_capability');
const bags = used.map(({ fields, malicious }) => bagOf(fields, malicious, clusters));
const own = samplesOf(readExamples(), clusters, SETTINGS);
const documented = documentationSamples(clusters);
const samples = [...own, ...documented];
console.log(`${own.length} sentences of our own, ${documented.length} of documentation, ${used.length} definitions with ${bags.reduce((sum, { sentences }) => sum + sentences.length, 0)} sentences`);

const groups = sourceGroups(used, GROUPS);
const groupOf = (index: number) => groups.get(used[index]!.source)!;
const scored: Scored[] = [];
for (let group = 0; group < GROUPS; group++) {
  const model = train(samples, bags.filter((_, i) => groupOf(i) !== group), SETTINGS);
  bags.forEach((bag, i) => {
    if (groupOf(i) === group) scored.push({ score: highest(bag, model), steers: bag.steers });
  });
}

const artifact = toArtifact(train(samples, bags, SETTINGS), lists, calibrate(scored));
const text = asModule(artifact);
writeFileSync(values.out, text);
console.log(`${values.out}: ${(text.length / 2 ** 20).toFixed(2)} MiB, SHA-256 ${createHash('sha256').update(text).digest('hex')}`);
