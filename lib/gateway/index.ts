/** The gateway in front of MCP servers: its API, web ACL, authorizer and proxy, and the servers behind it. */
export * from './decision-mode';
export * from './gateway';
export * from './gateway-base';
export * from './gateway-props';
export * from './server';
export * from './server-grants';
export { type McpTokenIssuer } from './token-issuer';
export * from './web-acl';
