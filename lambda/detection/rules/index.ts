/** The catalogue of rules: data, one file per family. */
export { PHRASE_RULES, PHRASE_WORDS, phraseHits, type PhraseHit } from './phrases';
export type { PhraseRule, RuleInfo } from './rule';
