/** `npm run train:content`: learns the model of contents that ships with the package. The same data give the same artifact, byte for byte. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Clusters } from '../../lambda/detection/content/features';
import type { Labelled } from '../logistic-regression';
import { Random } from '../random';
import { asModule, toArtifact, toModel } from './artifact';
import { calibrate } from '../calibrate';
import { DEFAULT_CORPUS, readTexts, type LabelledText } from './corpus';
import { weighContent } from '../../lambda/detection/content/detect-content';
import { localTexts } from './local-texts';
import { SETTINGS, train, type Bag } from './train';
import { carriedBags, contentSamples, textBag, texts as bagsOfTexts } from './samples';

/** The rate of honest contents that may be refused; the probability 0.5 lies there. */
const FALSE_POSITIVE_RATE = 0.005;

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: DEFAULT_CORPUS },
    out: { type: 'string', default: join(__dirname, '..', '..', 'lambda', 'detection', 'content', 'artifact.ts') },
  },
});

const corpus = readTexts(values.data);
if (!corpus) {
  console.error(`No labelled texts at ${values.data}: nothing was trained, the artifact is as it was. Give their place with --data.`);
  process.exit(2);
}
const lists = readFileSync(join(__dirname, '..', 'data', 'word-clusters.json'), 'utf8');
const clusters = new Clusters(JSON.parse(lists));
const random = new Random(SETTINGS.seed);
const samples: readonly Labelled[] = contentSamples(clusters, random);
const own: readonly Bag[] = carriedBags(clusters, random);
const local = localTexts();
const labelled = bagsOfTexts(corpus, clusters);
console.log(`${samples.length} sentences of our own, ${own.length} of our texts, ${local.length} files, ${corpus.length} labelled texts`);

const localBags = local.map((text) => textBag(text, clusters));
const isHeld = ({ kind }: LabelledText) => kind === 'tool_result' || kind === 'prompt';
const scored: { score: number; steers: boolean }[] = [];
const honest: number[] = [];
for (const source of [...new Set(corpus.filter(isHeld).map(({ source }) => source))].sort()) {
  const fitted = train(samples, [...own, ...localBags.filter((_, i) => i % 2 === 0), ...labelled.filter((_, i) => corpus[i]!.source !== source)], SETTINGS);
  const model = toModel(fitted, clusters);
  for (const text of corpus) {
    if (text.source !== source || !isHeld(text)) continue;
    const { evidence } = weighContent(text.text, model);
    scored.push({ score: evidence, steers: text.malicious });
    if (!text.malicious && text.kind === 'tool_result') honest.push(evidence);
  }
  if (honest.length > 0 && source.includes('AgentDyn')) for (const [i, text] of local.entries()) if (i % 2 === 1) honest.push(weighContent(text, model).evidence);
  console.log(`held out ${source}`);
}
honest.sort((a, b) => b - a);
const threshold = honest[Math.floor(FALSE_POSITIVE_RATE * honest.length)]!;
const { slope } = calibrate(scored);
console.log(`1 in ${1 / FALSE_POSITIVE_RATE} of ${honest.length} honest contents of unseen sources lies above ${threshold.toFixed(2)}; slope ${slope.toFixed(3)}`);

const artifact = toArtifact(train(samples, [...own, ...localBags, ...labelled], SETTINGS), createHash('sha256').update(JSON.stringify(JSON.parse(lists))).digest('hex'), { slope, offset: -slope * threshold });
const text = asModule(artifact);
writeFileSync(values.out, text);
console.log(`${values.out}: ${(text.length / 2 ** 10).toFixed(0)} KiB, SHA-256 ${createHash('sha256').update(text).digest('hex')}`);
