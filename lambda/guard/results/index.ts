/** What of a server's answers reaches a client (DLP-1 to DLP-4): data taken out, orders labelled, markup disarmed, sizes held. */
export { DEFAULT_DATA_ACTIONS, DEFAULT_RESULT_LIMITS, type DataAction, type DataRules, type GroupRules, type ResultLimits, type ResultPolicy } from './policy';
export type { Carry } from './carry';
export { ResultGuard, type Guarded, type GuardedExchange, type ResultGuardOptions } from './result-guard';
export { createTokeniser, type Tokeniser } from './tokens';
