import type { Vocabulary } from '../lexicon';

export const PORTUGUESE: Vocabulary = {};
