/** `npm run train`: learns the model that ships with the package. The same data give the same artifact, byte for byte. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asModule, combinationModule, toArtifact } from './artifact';
import { calibrate } from './calibrate';
import { combine } from './combine';
import { DEFAULT_CORPUS, readCorpus } from './corpus';
import { judgeUnseen, NOTHING, TrainingData } from './unseen';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: DEFAULT_CORPUS },
    out: { type: 'string', default: join(__dirname, '..', 'lambda', 'detection') },
  },
});

const definitions = readCorpus(values.data);
if (!definitions) {
  console.error(`No labelled definitions at ${values.data}: nothing was trained, the artifact is as it was. Give their place with --data.`);
  process.exit(2);
}

const lists = JSON.parse(readFileSync(join(__dirname, 'data', 'word-clusters.json'), 'utf8')) as string[][];
const data = new TrainingData(definitions, lists);
const { own, servers, documented, published } = data.counts;
console.log(`${own} sentences of our own, ${servers} of honest servers, ${documented} of documentation, ${published} of ${definitions.length} published definitions`);

const unseen = judgeUnseen(data);
const combination = combine([...unseen.published, ...unseen.own, ...unseen.servers]);
write('combination.ts', combinationModule(combination));
write(join('model', 'artifact.ts'), asModule(toArtifact(data.fitWithout(NOTHING), lists, calibrate(unseen.scored))));

function write(file: string, text: string): void {
  writeFileSync(join(values.out, file), text);
  console.log(`${file}: ${(text.length / 2 ** 20).toFixed(2)} MiB, SHA-256 ${createHash('sha256').update(text).digest('hex')}`);
}
