/** Does a result, a prompt or an argument give orders to the model that reads it? Rules over its form and what hides in it, and a learned layer. Pure. */
export { CONTENT_REJECT, CONTENT_REVIEW, detectContent, type ContentOptions, type ContentVerdict } from './detect-content';
export { CONTENT_RULES } from './rules';
export { base64Runs, type Run } from './runs';
