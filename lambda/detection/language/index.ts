/** Words, what they mean, and patterns over them: the machinery below the rules. Knows no rule. */
export { Lexicon, type Occurrence, type Vocabulary } from './lexicon';
export { firstOccurrence, parsePattern, PatternSet, patternWords, type Pattern, type PatternMatch } from './pattern';
export { LANGUAGES, VOCABULARIES } from './vocabulary';
export { literalConcepts, type LiteralConcept } from './literals';
export { words, type Word } from './words';
