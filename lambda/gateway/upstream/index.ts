/** Transports to upstream MCP servers: Streamable HTTP and HTTP+SSE as a client, and child processes over stdio. No sessions, no revisions, no authorization. */
export { Cancellation, type CancelSignal } from './cancellation';
export type { ChannelHandlers, ServerChannel } from './channel';
export { withCredentials } from './credentials';
export * from './event';
export { EventQueue, type EventQueueOptions } from './event-queue';
export { createHttpTransport, type HttpRequestOptions, type HttpTransport } from './http';
export type { HttpTransportOptions, HttpUpstream } from './http-pool';
export type { HttpExchange } from './http-answer';
export { createProcessPool, type Lease, type Pooled, type ProcessPool, type ProcessPoolOptions } from './process-pool';
export { openSseChannel } from './sse';
export { startProcess, type ProcessExit, type ProcessHandlers, type ServerProcess, type StartOptions, type StdioUpstream } from './stdio';
export { checkUpstreamUrl, type UrlRules } from './url';
