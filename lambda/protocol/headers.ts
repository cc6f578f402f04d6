/** Names of the HTTP headers of MCP's Streamable HTTP transport, lower case. */
export const Header = {
  PROTOCOL_VERSION: 'mcp-protocol-version',
  METHOD: 'mcp-method',
  NAME: 'mcp-name',
  PARAM_PREFIX: 'mcp-param-',
  SESSION_ID: 'mcp-session-id',
  LAST_EVENT_ID: 'last-event-id',
} as const;

/** `_meta` keys that every modern request carries (MCP 2026-07-28, basic: `_meta`). */
export const MetaKey = {
  PROTOCOL_VERSION: 'io.modelcontextprotocol/protocolVersion',
  CLIENT_CAPABILITIES: 'io.modelcontextprotocol/clientCapabilities',
  CLIENT_INFO: 'io.modelcontextprotocol/clientInfo',
  LOG_LEVEL: 'io.modelcontextprotocol/logLevel',
  SERVER_INFO: 'io.modelcontextprotocol/serverInfo',
  SUBSCRIPTION_ID: 'io.modelcontextprotocol/subscriptionId',
} as const;
