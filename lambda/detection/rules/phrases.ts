import { parsePattern, PatternSet, patternWords, type Vocabulary } from '../language';
import type { Reading } from '../reading';
import type { PhraseRule } from './rule';
import { AUTHORITY } from './authority';
import { COMMANDS } from './commands';
import { EXFILTRATION } from './exfiltration';
import { FOREIGN } from './foreign';
import { HIDING } from './hiding';
import { OTHER_TOOLS } from './other-tools';
import { OVERRIDE } from './override';

/** Rules over the meaning of sentences. */
export const PHRASE_RULES: readonly PhraseRule[] = [...HIDING, ...OVERRIDE, ...AUTHORITY, ...EXFILTRATION, ...OTHER_TOOLS, ...COMMANDS, ...FOREIGN];

/** A rule that a text breaks, with the words that say so. */
export interface PhraseHit {
  readonly rule: PhraseRule;
  readonly pattern: string;
  readonly first: number;
  readonly last: number;
}

const compiled = PHRASE_RULES.flatMap((rule) => rule.patterns.flatMap((source) => parsePattern(source).map((pattern) => ({ rule, source, pattern }))));
const patterns = new PatternSet(compiled.map(({ pattern }) => pattern));

/** The words that rules name themselves, which a reader has to know. */
export const PHRASE_WORDS: Vocabulary = patternWords(compiled.map(({ pattern }) => pattern));

/** The first hit of each rule in each sentence. */
export function phraseHits(reading: Reading): readonly PhraseHit[] {
  return patterns.match(reading.words, reading.occurrences).map(({ pattern, first, last }) => {
    const { rule, source } = compiled[pattern]!;
    return { rule, pattern: source, first, last };
  });
}
