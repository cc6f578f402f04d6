/** Clients of the HTTP+SSE transport of MCP 2024-11-05: one stream that everything is said on, and an endpoint that takes one message a POST. */
export { ClientStreams } from './client-streams';
export { headersOfStreamClient, serveHttpSse } from './serve';
