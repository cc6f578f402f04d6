/** What the server of the bench offers, and who may call what of it. */
import type { JsonObject } from '../../lambda/protocol';

/** How the server treats calls; the rest it answers. */
export type Misbehaviour = 'silent' | 'slow' | 'garbage';

const inputSchema = { type: 'object', properties: { message: { type: 'string', maxLength: 200 } }, required: ['message'], additionalProperties: false };

/** `watch` answers with a stream. Nobody may call `erase`. */
export const TOOLS: readonly JsonObject[] = ['echo', 'watch', 'erase'].map((name) => ({ name, description: `The tool ${name} of the bench.`, inputSchema }));

/** Names under which the gateway knows the server: its limits count each of them. */
export const SERVERS = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta'] as const;
export const GROUP = 'bench';

const tool = (name: string) => `[${SERVERS.map((server) => `Mcp::Action::"${server}/${name}"`).join(', ')}]`;

/** Any message may be echoed but one that begins with `forbidden`. */
export const POLICIES: readonly string[] = [
  `permit (principal in Mcp::Group::"${GROUP}", action in Mcp::Action::"discover", resource);`,
  `permit (principal in Mcp::Group::"${GROUP}", action in ${tool('echo')}, resource);`,
  `permit (principal in Mcp::Group::"${GROUP}", action in ${tool('watch')}, resource);`,
  `forbid (principal, action in ${tool('echo')}, resource) when { context.arguments.message like "forbidden*" };`,
];
