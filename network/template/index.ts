/** CloudFormation templates, read and resolved: what the resources are, in plain values and references to each other. */
export { loadTemplates, TemplateError } from './load';
export type { TemplateFile } from './load';
export { resolveTemplates } from './resolve';
export type { Properties, ResolvedTemplates, Resource } from './resolve';
export { vpcBlock } from './stand-in';
export { referenceIn, referenceTo } from './reference';
export type { Reference } from './reference';
