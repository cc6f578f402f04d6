/** What may reach a tool, and what of its answer may reach a model (GW-2, IOV-1 to IOV-8, DLP-1 to DLP-4, PUB-2). */
export { compileArgumentGuard, type ArgumentGuard, type ArgumentGuardOptions, type ArgumentVerdict } from './argument-guard';
export { PAYLOAD_RULES, findPayloads, type ArgumentPolicy, type ParameterRules, type PayloadHit, type Resolve, type ToolArgumentRules } from './arguments';
export { createHttpHook, createIcapClient, withDlpLimits, type DlpLimits, type DlpService, type DlpVerdict } from './dlp';
export { noteOf, riskOf, type FindingAction, type GuardFinding } from './finding';
export type { ArgumentProblem, ArgumentReason } from './problem';
export { createHistoryCheck, type PurposeCall, type PurposeCheck } from './purpose';
export { BUILT_IN, DATA_CLASSES, readRecognisers, scannerOf, UnusableRecogniser, type DataClass, type Match, type RecogniserFile } from './recognisers';
export { createTokeniser, DEFAULT_DATA_ACTIONS, DEFAULT_RESULT_LIMITS, type Carry, type Guarded, type ResultPolicy } from './results';
export { UnusableSchema } from './schema';
export { createServerGuard, type GuardedArguments, type GuardedCaller, type GuardReport, type ServerGuard, type ServerGuardOptions } from './server-guard';
export { guardOf, type DlpSettings, type GuardEnvironment, type GuardSettings, type RulesEngine } from './settings';
export { DEFAULT_ARGUMENT_LIMITS, type ArgumentLimits } from './text';
