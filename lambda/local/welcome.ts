import type { Demo, DemoCall, DemoPrincipal } from './demo';
import type { LocalGateway, LocalServer } from './local-gateway';

/** How parts of a text look on a terminal; without colour they are the words alone. */
export interface Style {
  heading(text: string): string;
  quiet(text: string): string;
  warning(text: string): string;
}

export function createStyle(color: boolean): Style {
  const wrap = (code: number) => (text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { heading: wrap(1), quiet: wrap(2), warning: wrap(33) };
}

/** What the demo says when it serves: endpoints, tokens, two calls to try, and how to add it to a client. */
export function describeDemo(
  gateway: LocalGateway,
  demo: Pick<Demo, 'folder'>,
  principals: readonly DemoPrincipal[],
  calls: readonly DemoCall[],
  until: Date,
  style: Style,
): string {
  const [first] = principals;
  return [
    style.heading(`The gateway serves ${gateway.servers.length} MCP servers. Ctrl-C stops it and them.`),
    ...describeServers(gateway.servers),
    ...describePage(gateway),
    '',
    style.heading(`Two principals, with tokens that are good until ${clockTime(until)} or Ctrl-C:`),
    ...principals.flatMap(({ name, group, rights, token }) => [`  ${name}, of ${group}: ${rights}`, `  ${style.quiet(token)}`]),
    '',
    ...describeApprovers(gateway, style),
    style.heading('Try it in another terminal:'),
    ...calls.flatMap(({ title, command }) => [style.quiet(`  # ${title}`), `  ${command}`]),
    '',
    style.heading('Add it to an MCP client, in its mcp.json:'),
    indent(clientConfig(gateway.servers.filter(({ name }) => name === 'files'), first?.token)),
    '',
    style.quiet(`Sample files, the memory and the calls are in ${demo.folder} until Ctrl-C.`),
    style.heading('Decisions:'),
  ].join('\n');
}

/** The same for the user's own servers. `token` is the local user's, where the gateway issues one. */
export function describeGateway(gateway: LocalGateway, token: string | undefined, until: Date, style: Style): string {
  const tokenLines =
    token === undefined
      ? []
      : [
          '',
          style.heading(`Neither "identity" nor "anonymous" is configured, so there is a token, good until ${clockTime(until)} or Ctrl-C, for the principal local-user:`),
          `  ${style.quiet(token)}`,
        ];
  return [
    style.heading(`The gateway serves ${gateway.servers.length === 1 ? '1 MCP server' : `${gateway.servers.length} MCP servers`}. Ctrl-C stops it and what it started.`),
    ...describeServers(gateway.servers),
    ...describePage(gateway),
    ...tokenLines,
    '',
    ...describeApprovers(gateway, style),
    style.heading('Add it to an MCP client, in its mcp.json:'),
    indent(clientConfig(gateway.servers, token)),
    '',
    style.heading('Decisions:'),
  ].join('\n');
}

function describeApprovers({ approvers }: LocalGateway, style: Style): string[] {
  if (approvers.length === 0) return [];
  return [style.heading('Who approves grants signs in, once, at:'), ...approvers.flatMap(({ name, url }) => [`  ${name}`, `  ${style.quiet(url)}`]), ''];
}

function describePage({ page }: LocalGateway): string[] {
  return page === undefined ? [] : ['', `Watch it in a browser: ${page}`];
}

function describeServers(servers: readonly LocalServer[]): string[] {
  const nameWidth = Math.max(...servers.map(({ name }) => name.length));
  const urlWidth = Math.max(...servers.map(({ url }) => url.length));
  return servers.map(({ name, url, tools, approved }) => `  ${name.padEnd(nameWidth)}  ${url.padEnd(urlWidth)}  ${countTools(tools)}${approved === undefined ? '' : `, ${approved} approved`}`);
}

function countTools(tools: number | undefined): string {
  if (tools === undefined) return 'not reached yet';
  return tools === 1 ? ' 1 tool' : `${String(tools).padStart(2)} tools`;
}

function clientConfig(servers: readonly LocalServer[], token: string | undefined): string {
  const headers = token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } };
  const entries = servers.map(({ name, url }) => `    ${JSON.stringify(name)}: ${JSON.stringify({ type: 'http', url, ...headers })}`);
  return `{\n  "mcpServers": {\n${entries.join(',\n')}\n  }\n}`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}

function clockTime(date: Date): string {
  return date.toTimeString().slice(0, 5);
}
