/** What definitions of several servers are to each other. */
export { relationHits, RELATION_RULES, toolNamesBeside } from './relations';
