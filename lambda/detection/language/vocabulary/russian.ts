import type { Vocabulary } from '../lexicon';

export const RUSSIAN: Vocabulary = {};
