import type { Vocabulary } from '../lexicon';

export const JAPANESE: Vocabulary = {};
