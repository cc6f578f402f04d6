/** Twenty policies of the size and shape that a team has: a few permits by group, a few on arguments, a few forbids. */

const readers = ['read', 'search', 'list', 'export'];
const writers = ['write', 'create', 'update', 'move', 'copy', 'import'];

const servers = ['bench', 'bench-stdio'];

export const POLICIES = servers
  .flatMap((server) => [
    `permit (principal in Mcp::Group::"analysts", action in [Mcp::Action::"connect", Mcp::Action::"listTools"], resource);`,
    `permit (principal in Mcp::Group::"analysts", action == Mcp::Action::"${server}/echo", resource)
when { context.arguments.message like "*" };`,
    ...readers.slice(0, 3).map((tool) => permit('analysts', server, tool)),
    ...writers.slice(0, 3).map((tool) => permit('engineers', server, tool)),
    `forbid (principal, action == Mcp::Action::"${server}/echo", resource)
when { context.arguments.message like "*password*" };`,
    `forbid (principal, action == Mcp::Action::"${server}/delete", resource)
unless { principal in Mcp::Group::"administrators" };`,
  ])
  .join('\n\n');

function permit(group: string, server: string, tool: string): string {
  return `permit (principal in Mcp::Group::"${group}", action == Mcp::Action::"${server}/${tool}", resource);`;
}
