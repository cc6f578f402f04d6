import type { Vocabulary } from '../lexicon';

export const KOREAN: Vocabulary = {};
