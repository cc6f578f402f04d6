/**
 * Is a tool's definition fit for a model to read? Rules over its meaning, what it hides, what it contradicts, and how it
 * stands to the tools of other servers. Pure: no network, clock or file system.
 */
export { RULES } from './catalogue';
export { detect, detectInstructions } from './detect';
export { DefinitionTooLarge, textFields, TextLimits } from './text-fields';
export { normalise, type NormalisedText, type Oddity } from './normalise';
export type { RuleInfo } from './rules';
export * from './types';
export { base64Runs, CONTENT_REJECT, CONTENT_REVIEW, CONTENT_RULES, detectContent, type ContentOptions, type ContentVerdict } from './content';
export { Anchors, CharacterKind, CHARACTER_KINDS, Places } from './places';
