/** What may reach a tool (IOV-1 to IOV-4, IOV-6): arguments checked against the tool's own schema, normalised, bounded. */
export { compileArgumentGuard, type ArgumentGuard, type ArgumentGuardOptions, type ArgumentVerdict } from './argument-guard';
export type { ArgumentProblem, ArgumentReason } from './problem';
export { UnusableSchema } from './schema';
export { DEFAULT_ARGUMENT_LIMITS, type ArgumentLimits } from './text';
