/** The record of every request: events, where they go, keyed digests of arguments, and the trace they belong to. */
export * from './asff';
export * from './batching-sink';
export * from './chain';
export * from './console-sink';
export * from './digest';
export * from './event';
export { readTime, writeTime } from './event-time';
export * from './json-lines-sink';
export * from './ocsf';
export * from './pino-sink';
export { isPlainText, type PlainText } from './plain-text';
export { newRequestId } from './request-id';
export * from './tee-sinks';
export * from './trace-context';
