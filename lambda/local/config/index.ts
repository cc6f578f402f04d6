/** The configuration file of the local gateway: read, checked against the shipped JSON Schema, explained when wrong. */
export * from './config';
export { DEFAULT_LISTEN, isLoopback, parseListen, urlHost, type ListenAddress } from './listen';
export type { NeededInput } from './inputs';
export { inputsNeededBy, loadConfig, loadConfigAtRest } from './load';
export { ConfigError, describeProblem, type ConfigProblem } from './problem';
export type { Environment } from './interpolate';
export type { ToolFilter } from './servers';
