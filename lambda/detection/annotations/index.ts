/** What a definition says it is, against what it asks for (TD-3). */
export { annotationHits, ANNOTATION_RULES } from './annotations';
