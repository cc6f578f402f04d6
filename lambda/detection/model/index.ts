/** The learned layer of the detector: which sentences of a definition steer the agent that reads them. */
import type { ModelScore, TextField } from '../types';
import { ARTIFACT } from './artifact';
import { SentenceModel } from './model';

export { LEARNED, MEANT, modelHits } from './evidence';
export { SentenceModel, type Artifact } from './model';

let model: SentenceModel | undefined;

/** Scores the texts of one definition with the model that ships with this package; read on first use. */
export function scoreFields(fields: readonly TextField[]): ModelScore {
  return (model ??= SentenceModel.load(ARTIFACT)).score(fields);
}
