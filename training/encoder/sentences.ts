/** What the encoder learns from: our examples, sentences of honest servers and of documentation; no published definition, so that these stay unseen. */
import { sentencesOf } from '../../lambda/detection/model/sentences';
import { normalise } from '../../lambda/detection/normalise';
import { documentation } from '../documentation';
import { readExamples, variants } from '../examples';
import { isKeptFromEncoder } from '../folds';
import { Random } from '../random';
import { serverSentences } from '../servers';

/** One sentence as the trainer reads it. */
export interface Taught {
  readonly text: string;
  readonly steers: boolean;
  /** Only its words may be known: it is there to be judged unseen. */
  readonly kept: boolean;
}

const SEED = 1;
/** Ways in which a sentence of ours is written out, and an act. */
const SENTENCE_VARIANTS = 4;
const ACT_VARIANTS = 6;
/** Of documentation one sentence in so many. */
const DOCUMENTATION_SHARE = 3;

export function taught(): readonly Taught[] {
  const random = new Random(SEED);
  const own = readExamples().flatMap((example) => {
    const texts = variants(example, example.isAct ? ACT_VARIANTS : SENTENCE_VARIANTS, random);
    return texts.flatMap((text) => cut(text, example.steers, isKeptFromEncoder(example.text)));
  });
  const servers = serverSentences().flatMap(({ source, sentences }) => sentences.flatMap((text) => cut(text, false, isKeptFromEncoder(source))));
  const documented = documentation()
    .filter((_, i) => i % DOCUMENTATION_SHARE === 0)
    .flatMap((text) => cut(text, false, false));
  return [...own, ...servers, ...documented];
}

function cut(text: string, steers: boolean, kept: boolean): readonly Taught[] {
  return sentencesOf([{ pointer: '/description', kind: 'description', text }]).map((sentence) => ({ text: normalise(sentence.text).text, steers, kept }));
}
