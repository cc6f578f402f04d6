import type { Vocabulary } from '../lexicon';

export const SPANISH: Vocabulary = {};
