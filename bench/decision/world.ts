import type { AuthorizationRequest, ServerTools } from '../../lambda/authorization';
import { principalId, type Principal } from '../../lambda/identity/principal';
import type { ToolDefinition } from '../../lambda/protocol';

/** Tools of one server. */
const TOOLS_OF_A_SERVER = 20;
const GROUPS = 10;
/** Wednesday, 2026-11-25, 10:30 UTC. */
const NOW = Date.UTC(2026, 10, 25, 10, 30);

/** Policies, tools and requests of one size. */
export interface World {
  readonly policies: Readonly<Record<string, string>>;
  readonly servers: readonly ServerTools[];
  /** The request of a call; its arguments are other ones for each index. */
  request(index: number): AuthorizationRequest;
}

/**
 * A world with so many policies and tools. Policies are of the kinds that a team has, in turn: what a group may do by name, by
 * property and by argument; what nobody may, by argument and by risk. Every principal is in two of the groups, every call looks at
 * a tool that some policy is about, and a third of them climbs out of its folder.
 */
export function createWorld(policyCount: number, toolCount: number): World {
  const servers = Array.from({ length: Math.ceil(toolCount / TOOLS_OF_A_SERVER) }, (_, index): ServerTools => ({
    name: `server-${index}`,
    tools: Array.from({ length: Math.min(TOOLS_OF_A_SERVER, toolCount - index * TOOLS_OF_A_SERVER) }, (__, tool) => definition(tool)),
  }));
  const tools = servers.flatMap(({ name, tools: of }) => of.map((tool) => ({ server: name, tool })));
  const policies = Object.fromEntries(Array.from({ length: policyCount }, (_, index) => [`policy-${index}`, policyText(index, tools[(index >> 2) % tools.length]!)]));
  const principals = Array.from({ length: 20 }, (_, index) => principal(index));
  // Where there are more tools than policies, calls are of the tools that policies are about.
  const asked = tools.slice(0, Math.max(1, Math.min(tools.length, policyCount >> 2)));
  return {
    policies,
    servers,
    request: (index) => {
      const { server, tool } = asked[index % asked.length]!;
      const path = `${index % 3 === 0 ? '/srv/../' : '/srv/'}reports/${index}/q${index % 4}.md`;
      return {
        principal: principals[(index * 7) % principals.length]!,
        server,
        operation: { kind: 'callTool', tool, arguments: { path, content: `line ${index}`, limit: index % 100, tags: [`t${index % 5}`] } },
        context: { now: NOW + index, sourceIp: `10.0.${index % 250}.7`, protocolVersion: '2026-07-28', risk: index % 90 },
      };
    },
  };
}

function definition(index: number): ToolDefinition {
  return {
    name: `tool-${index}`,
    inputSchema: {
      type: 'object',
      properties: { path: { type: 'string' }, content: { type: 'string' }, limit: { type: 'integer' }, tags: { type: 'array', items: { type: 'string' } } },
      required: ['path'],
    },
    annotations: { readOnlyHint: index % 2 === 0, destructiveHint: index % 4 === 3, openWorldHint: false },
  };
}

function policyText(index: number, { server, tool }: { readonly server: string; readonly tool: ToolDefinition }): string {
  const group = `principal in Mcp::Group::"group-${index % GROUPS}"`;
  const action = `action == Mcp::Action::"${server}/${tool.name}"`;
  switch (index % 5) {
    case 0:
      return `permit (${group}, ${action}, resource) when { context.arguments.path like "/srv/*" };`;
    case 1:
      return `permit (${group}, action in Mcp::Action::"callTool", resource in Mcp::Server::"${server}") when { resource.readOnly };`;
    case 2:
      return `forbid (principal, ${action}, resource) when { context.arguments.path like "*..*" };`;
    case 3:
      return `permit (${group}, action in [Mcp::Action::"${server}/${tool.name}", Mcp::Action::"discover"], resource) when { context.time.hour >= 0 && context.time.hour < 24 };`;
    default:
      return `forbid (principal, ${action}, resource) when { context has risk && context.risk > 80 && context.arguments has tags && context.arguments.tags.contains("t1") };`;
  }
}

function principal(index: number): Principal {
  const groups = [index % GROUPS, (index + 3) % GROUPS].map((group) => `group-${group}`);
  return { type: 'User', id: principalId(`user-${index}`), groups, scopes: ['mcp'], issuer: 'https://idp.bench.example' };
}
