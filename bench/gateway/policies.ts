/**
 * Policies of the size and shape that a team has: what groups may do by name, by property and by argument, and what nobody
 * may. The principal of the bench is in two of the four groups; three permits and four forbids concern its call.
 */

const permits: readonly [group: string, action: string, condition?: string][] = [
  ['analysts', 'in Mcp::Action::"discover"'],
  ['analysts', 'in Mcp::Action::"callTool"', 'resource.readOnly'],
  ['analysts', tools('echo'), 'context.arguments.message != ""'],
  ['analysts', tools('search', 'list', 'read')],
  ['analysts', tools('export'), 'context.time.hour >= 6 && context.time.hour < 22'],
  ['engineers', 'in Mcp::Action::"discover"'],
  ['engineers', tools('echo'), 'context.arguments.message like "*"'],
  ['engineers', tools('create', 'update'), 'context.arguments.message like "inbox/*"'],
  ['engineers', tools('move', 'copy'), 'principal.scopes.contains("files:move")'],
  ['engineers', tools('import', 'write')],
  ['operators', 'in Mcp::Action::"discover"'],
  ['operators', 'in Mcp::Action::"callTool"'],
  ['administrators', 'in Mcp::Action::"discover"'],
  ['administrators', 'in Mcp::Action::"callTool"'],
];

const forbids: readonly [action: string, condition: string][] = [
  [tools('echo', 'write'), 'context.arguments.message like "*BEGIN PRIVATE KEY*"'],
  [tools('echo'), 'context.arguments has labels && context.arguments.labels.contains("secret")'],
  [tools('delete'), '!(principal in Mcp::Group::"administrators")'],
  [tools('move', 'copy', 'read'), 'context.arguments.message like "*..*"'],
  ['in Mcp::Action::"callTool"', 'resource.openWorld && principal in Mcp::Group::"interns"'],
  ['in Mcp::Action::"callTool"', 'principal.issuer != "https://idp.bench.example"'],
];

/** Twenty policies. */
export const POLICIES = [
  ...permits.map(
    ([group, action, condition]) =>
      `permit (principal in Mcp::Group::"${group}", action ${action}, resource)${condition ? `\nwhen { ${condition} }` : ''};`,
  ),
  ...forbids.map(([action, condition]) => `forbid (principal, action ${action}, resource)\nwhen { ${condition} };`),
].join('\n\n');

/** The tools on both servers of the bench. */
function tools(...names: string[]): string {
  return `in [${names.flatMap((name) => [`Mcp::Action::"bench/${name}"`, `Mcp::Action::"bench-stdio/${name}"`]).join(', ')}]`;
}
