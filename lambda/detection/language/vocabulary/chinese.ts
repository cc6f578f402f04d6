import type { Vocabulary } from '../lexicon';

export const CHINESE: Vocabulary = {};
