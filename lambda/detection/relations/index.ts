/** What definitions of several servers are to each other. */
export { namedToolHits, relationHits, RELATION_RULES, toolNamesBeside } from './relations';
