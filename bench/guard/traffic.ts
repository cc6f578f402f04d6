import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { JsonObject } from '../../lambda/protocol';

/** A result that a real server gave to an honest call. */
export interface Recorded {
  readonly server: string;
  readonly target: string;
  readonly result: JsonObject;
}

type Calls = readonly (readonly [tool: string, toolArguments: Record<string, unknown>])[];

const script = (name: string) => join(dirname(require.resolve(`@modelcontextprotocol/${name}/package.json`)), 'dist', 'index.js');

/** Answers of server-everything, server-filesystem and server-memory to tools, resources and prompts. Starts each and stops it. */
export async function recordTraffic(): Promise<readonly Recorded[]> {
  const folder = mkdtempSync(join(tmpdir(), 'guard-traffic-'));
  try {
    const files = fillFolder(folder);
    const recorded: Recorded[] = [];
    recorded.push(...(await recordServer('everything', [script('server-everything'), 'stdio'], EVERYTHING)));
    recorded.push(...(await recordServer('filesystem', [script('server-filesystem'), folder], filesystemCalls(folder, files))));
    recorded.push(...(await recordServer('memory', [script('server-memory')], MEMORY, { MEMORY_FILE_PATH: join(folder, 'memory.json') })));
    return recorded;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function recordServer(server: string, args: readonly string[], calls: Calls, env: Record<string, string> = {}): Promise<readonly Recorded[]> {
  const client = new Client({ name: 'bench', version: '1' }, { capabilities: {} });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [...args], env: { PATH: process.env.PATH ?? '', ...env }, stderr: 'ignore' }));
  const recorded: Recorded[] = [];
  const add = (target: string, result: unknown) => void recorded.push({ server, target, result: result as JsonObject });
  try {
    for (const [name, toolArguments] of calls) add(name, await client.callTool({ name, arguments: toolArguments }));
    if (server === 'everything') {
      for (const { uri } of (await client.listResources()).resources.slice(0, 20)) add(uri, await client.readResource({ uri }));
      for (const { name, arguments: wanted = [] } of (await client.listPrompts()).prompts) {
        const given = Object.fromEntries(wanted.filter(({ required }) => required).map((argument) => [argument.name, 'Paris']));
        await client.getPrompt({ name, arguments: given }).then((result) => add(name, result), () => {});
      }
    }
  } finally {
    await client.close();
  }
  return recorded;
}

const EVERYTHING: Calls = [
  ...['hello', 'What is the weather in Berlin?', 'Please send me the slides before Friday.', 'SELECT name FROM users', '# Notes\n\n- milk\n- bread', '{"status": "ok", "rows": 12}', 'Total: 1,234.50 EUR', '2024-05-14T10:00:00Z', 'https://example.com/about?id=7'].map((message) => ['echo', { message }] as const),
  ...[[1, 2], [1234, 5678], [0.1, 0.2]].map(([a, b]) => ['get-sum', { a, b }] as const),
  ['get-tiny-image', {}],
  ['get-structured-content', { location: 'New York' }],
  ['get-structured-content', { location: 'Chicago' }],
  ['get-annotated-message', { messageType: 'success', includeImage: true }],
  ['get-annotated-message', { messageType: 'error', includeImage: false }],
  ['get-resource-links', { count: 5 }],
  ['get-resource-reference', { resourceType: 'Text', resourceId: 1 }],
];

const MEMORY: Calls = [
  ['create_entities', { entities: [{ name: 'Alice', entityType: 'person', observations: ['likes tea', 'works in Hamburg', 'prefers short answers'] }, { name: 'Atlas', entityType: 'project', observations: ['due in June', 'uses PostgreSQL'] }] }],
  ['create_relations', { relations: [{ from: 'Alice', to: 'Atlas', relationType: 'leads' }] }],
  ['add_observations', { observations: [{ entityName: 'Alice', contents: ['birthday in May', 'asked to be called before noon'] }] }],
  ['read_graph', {}],
  ['search_nodes', { query: 'tea' }],
  ['open_nodes', { names: ['Alice', 'Atlas'] }],
];

function filesystemCalls(folder: string, files: readonly string[]): Calls {
  return [
    ['list_directory', { path: folder }],
    ['list_directory_with_sizes', { path: folder }],
    ['directory_tree', { path: folder }],
    ['list_allowed_directories', {}],
    ['search_files', { path: folder, pattern: '**/*.md' }],
    ...files.flatMap((file): Calls => [['read_text_file', { path: file }], ['get_file_info', { path: file }]]),
    ['read_multiple_files', { paths: files.slice(0, 6) }],
  ];
}

/** Files of this project, as somebody would have them lie about. */
function fillFolder(folder: string): readonly string[] {
  const root = join(__dirname, '..', '..');
  const names = ['README.md', 'LICENSE', 'package.json', 'tsconfig.json', 'docs/architecture.md', 'lib/gateway/README.md', 'lib/authorization/README.md', 'lambda/gateway/catalog.ts', 'lambda/gateway/prepare.ts', 'lambda/guard/text.ts', 'lambda/protocol/jsonrpc.ts', 'scripts/build.mjs', 'schema/mcp-zero-trust.schema.json', 'bench/README.md', 'lambda/identity/claims.ts', 'lib/gateway/gateway.ts'];
  return names.map((name) => {
    const to = join(folder, name.replaceAll('/', '-'));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, readFileSync(join(root, name), 'utf8'));
    return to;
  });
}
