import type { AuthorizationRequest, Operation, RequestContext } from '../../lambda/authorization';
import { principalId, type Principal } from '../../lambda/identity/principal';
import type { JsonObject, ToolAnnotations, ToolDefinition } from '../../lambda/protocol';

/** Wednesday, 2026-11-25, 10:30 UTC. */
export const NOW = Date.UTC(2026, 10, 25, 10, 30);

export function person(id: string, groups: readonly string[] = [], scopes: readonly string[] = []): Principal {
  return { type: 'User', id: principalId(id), groups, scopes, issuer: 'https://issuer.example' };
}

export function tool(name: string, properties: JsonObject = {}, annotations?: ToolAnnotations, required: string[] = []): ToolDefinition {
  return { name, inputSchema: { type: 'object', properties, required }, ...(annotations && { annotations }) };
}

export const readFile = tool('read_file', { path: { type: 'string' } }, { readOnlyHint: true }, ['path']);
export const writeFile = tool('write_file', { path: { type: 'string' }, content: { type: 'string' } }, undefined, ['path', 'content']);

export function asks(
  principal: Principal,
  server: string,
  operation: Operation,
  context: Partial<RequestContext> = {},
): AuthorizationRequest {
  return { principal, server, operation, context: { now: NOW, ...context } };
}

export function calls(
  principal: Principal,
  server: string,
  definition: ToolDefinition,
  args: JsonObject = {},
  context: Partial<RequestContext> = {},
): AuthorizationRequest {
  return asks(principal, server, { kind: 'callTool', tool: definition, arguments: args }, context);
}
