import type { Vocabulary } from '../lexicon';

export const GERMAN: Vocabulary = {};
