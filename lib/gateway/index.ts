/** The gateway in front of MCP servers: its API, web ACL, authorizer and proxy, and the servers behind it. */
export * from './decision-mode';
export * from './gateway';
export * from './gateway-base';
export * from './gateway-props';
export * from './server';
export * from './server-grants';
export * from './sender-constraint';
export { McpServingGateway, type McpServingGatewayProps } from './serving-gateway';
export { type McpTokenIntrospection, type McpTokenIssuer } from './token-issuer';
export { type McpTokenRequirement } from './token-requirement';
export * from './trace-export';
export * from './upstream-credentials';
export * from './web-acl';
