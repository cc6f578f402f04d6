import type { Vocabulary } from '../lexicon';

export const FRENCH: Vocabulary = {};
