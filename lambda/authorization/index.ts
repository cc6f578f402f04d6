/**
 * Who may do what: the Cedar model of MCP, policies and their checks, and the interface of a decision. The decision points
 * are imported by file, so that a synthesis carries neither an engine's cache nor an AWS client.
 */
export { toCedarArguments, type CedarRecord, type CedarValue } from './argument-value';
export { type LeftOutArgument } from './argument-type';
export * from './cedar-text';
export type * from './circumstances';
export * from './decision';
export { loadPolicyTexts, type LoadedPolicies, type PolicyFile, type PolicyFileError, type PolicyLocation } from './load-policies';
export * from './schema';
export * from './schema-size';
export * from './validate-policies';
export { ENTITY_TYPE, NAMESPACE, toolActionId, type EntityType } from './vocabulary';
