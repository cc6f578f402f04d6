/** Rules for templates with MCP servers in them, as a validation plugin of the CDK. */
export { McpSecurityChecks } from './mcp-security-checks';
