/** JSON-RPC and MCP error codes (MCP 2026-07-28, basic: error codes). */
export const ErrorCode = {
  PARSE_ERROR: -32700,
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL_ERROR: -32603,
  /** Legacy revisions only. */
  RESOURCE_NOT_FOUND: -32002,
  /** Legacy revisions only: the call needs a URL elicitation first. */
  URL_ELICITATION_REQUIRED: -32042,
  HEADER_MISMATCH: -32020,
  MISSING_CLIENT_CAPABILITY: -32021,
  UNSUPPORTED_PROTOCOL_VERSION: -32022,
} as const;

/** Codes of this gateway. They lie outside -32768..-32000, which MCP and JSON-RPC reserve. */
export const GatewayErrorCode = {
  /** A policy, or the absence of one, refused the request. */
  ACCESS_DENIED: -31403,
  /** A limit of GW-3 was reached. */
  RATE_LIMITED: -31429,
  /** The upstream server could not be reached, died, or answered with what is not MCP. */
  UPSTREAM_FAILED: -31502,
  /** The gateway itself cannot decide now, so it does not let the request through. */
  UNAVAILABLE: -31503,
  /** The upstream server did not answer within the time limit. */
  UPSTREAM_TIMEOUT: -31504,
} as const;
