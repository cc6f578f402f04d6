/** Transports to upstream MCP servers: Streamable HTTP as a client, and child processes over stdio. No sessions, no revisions, no authorization. */
export * from './event';
export { createHttpTransport, type HttpRequestOptions, type HttpTransport, type HttpTransportOptions, type HttpUpstream } from './http';
export type { HttpExchange } from './http-answer';
