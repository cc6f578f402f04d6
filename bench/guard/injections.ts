import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Clusters } from '../../lambda/detection/content/features';
import { weighContent } from '../../lambda/detection/content/detect-content';
import { toModel } from '../../training/content/artifact';
import { readTexts, type LabelledText } from '../../training/content/corpus';
import { localTexts } from '../../training/content/local-texts';
import { carriedBags, contentSamples, textBag, texts } from '../../training/content/samples';
import { SETTINGS, train } from '../../training/content/train';
import { partOf } from '../../training/folds';
import { Random } from '../../training/random';

/** A text, scored by a model that has seen nothing of its part. */
export interface Unseen {
  readonly text: LabelledText;
  readonly evidence: number;
}

/** Parts of the families. */
const FAMILY_PARTS = 4;

/**
 * Scores every labelled result and prompt with a model that was trained without its part: its source, or the families that
 * share a part of the hash.
 *
 * @returns undefined where the labelled texts are not there
 */
export function scoreUnseen(by: 'source' | 'family', path?: string): readonly Unseen[] | undefined {
  const corpus = readTexts(path);
  if (corpus === undefined) return undefined;
  const clusters = new Clusters(JSON.parse(readFileSync(join(__dirname, '..', '..', 'training', 'data', 'word-clusters.json'), 'utf8')));
  const random = new Random(SETTINGS.seed);
  const samples = contentSamples(clusters, random);
  const own = [...carriedBags(clusters, random), ...localTexts().map((text) => textBag(text, clusters))];
  const labelled = texts(corpus, clusters);
  const isScored = ({ kind }: LabelledText) => kind === 'tool_result' || kind === 'prompt';
  const partOfText = ({ source, family }: LabelledText) => (by === 'source' ? source : String(partOf(family, FAMILY_PARTS)));
  const unseen: Unseen[] = [];
  for (const part of [...new Set(corpus.filter(isScored).map(partOfText))].sort()) {
    const model = toModel(train(samples, [...own, ...labelled.filter((_, i) => partOfText(corpus[i]!) !== part)], SETTINGS), clusters);
    for (const text of corpus) if (isScored(text) && partOfText(text) === part) unseen.push({ text, evidence: weighContent(text.text, model).evidence });
  }
  return unseen;
}
