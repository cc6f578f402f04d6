/** What arguments may hold on top of their schema (IOV-5 to IOV-8, PUB-2): paths, URLs, commands, SQL, secrets, orders, and how much. */
export { compileArgumentRules, type ArgumentRules, type RulesVerdict } from './argument-rules';
export { PAYLOAD_RULES, findPayloads, type PayloadHit, type PayloadRule } from './payloads';
export { DEFAULT_FREE_FORM_LIMITS, type ArgumentPolicy, type CompileRules, type FreeFormLimits, type ParameterKind, type ParameterRules, type PathRules, type ShellRules, type SqlRules, type ToolArgumentRules, type UrlRules } from './rules';
export type { Resolve } from './url';
