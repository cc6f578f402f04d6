/** What one measurement is, and the messages that it sends. */
export const TRAFFICS = ['modern', 'legacy'] as const;
/** `modern`: every request for itself (MCP 2026-07-28). `legacy`: calls in sessions, one for each connection (MCP 2025-11-25). */
export type Traffic = (typeof TRAFFICS)[number];

/** How to put load on an endpoint: every connection calls the tool `echo` again as soon as it has the answer. */
export interface Load {
  readonly url: string;
  readonly traffic: Traffic;
  readonly connections: number;
  /** Milliseconds that are not counted. */
  readonly warmUpMs: number;
  /** Milliseconds that are counted. */
  readonly measureMs: number;
  /** Sent with every request, e.g. `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What came of it. */
export interface Measurement {
  readonly requestsPerSecond: number;
  /** Latency of one call, in milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';
const clientInfo = { name: 'bench', version: '1.0.0' };

/** What the tool is asked to say back. */
export const MESSAGE = 'The quick brown fox jumps over the lazy dog.';

const callParams = {
  name: 'echo',
  arguments: { message: MESSAGE, repeat: 2, labels: ['alpha', 'beta'], options: { upperCase: false, language: 'en' } },
};
const modernParams = {
  ...callParams,
  _meta: {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': clientInfo,
    'io.modelcontextprotocol/clientCapabilities': {},
  },
};

const bodyHeaders = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** Headers of one call, without those of the session. */
export const callHeaders: Readonly<Record<Traffic, Readonly<Record<string, string>>>> = {
  modern: { ...bodyHeaders, 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': callParams.name },
  legacy: { ...bodyHeaders, 'mcp-protocol-version': LEGACY },
};

const bodyAfterId: Readonly<Record<Traffic, string>> = {
  modern: `,"method":"tools/call","params":${JSON.stringify(modernParams)}}`,
  legacy: `,"method":"tools/call","params":${JSON.stringify(callParams)}}`,
};

/** Body of one call. */
export function callBody(traffic: Traffic, id: number): string {
  return `{"jsonrpc":"2.0","id":${id}${bodyAfterId[traffic]}`;
}

/** The two messages that open a legacy session. */
export const handshake = {
  headers: bodyHeaders,
  initialize: JSON.stringify({
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: LEGACY, capabilities: {}, clientInfo },
  }),
  initialized: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
};
