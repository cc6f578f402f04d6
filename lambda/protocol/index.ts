/** The words of MCP: revisions, JSON-RPC messages, error codes, header names. No logic of ours, no I/O. */
export * from './canonical-json';
export * from './error-codes';
export * from './headers';
export * from './jsonrpc';
export * from './revisions';
export * from './tools';
