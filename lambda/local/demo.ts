import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerOptions } from '../gateway';
import { readTracingSettings } from '../telemetry';
import { LATEST_MODERN, MetaKey, type JsonObject } from '../protocol';
import { DEFAULT_LISTEN, type ListenAddress, type LocalConfig } from './config';
import type { LocalGateway } from './local-gateway';
import { packageRoot } from './package-root';

/** Someone with a token for the demo. */
export interface DemoPrincipal {
  readonly name: string;
  readonly group: string;
  /** What the policies of the package let the group do. */
  readonly rights: string;
  readonly token: string;
}

/** A tool call as a line for a shell. */
export interface DemoCall {
  /** What it is and what the gateway does with it. */
  readonly title: string;
  readonly command: string;
}

/** A folder of the demo's own, and the configuration of three real servers that work in it. */
export interface Demo {
  readonly config: LocalConfig;
  /** Removed when the demo ends: sample files, the memory, tokens. */
  readonly folder: string;
  /** Tokens for two principals, which are also put into the folder for the calls. */
  principals(gateway: LocalGateway): Promise<readonly [DemoPrincipal, DemoPrincipal]>;
  /** One call that the policies permit, one that they forbid, and one that needs somebody's approval. */
  calls(gateway: LocalGateway, principals: readonly [DemoPrincipal, DemoPrincipal]): readonly [DemoCall, DemoCall, DemoCall];
  remove(): void;
}

/** Of the demo's tokens, and of those that the gateway issues to its local user. */
export const TOKEN_LIFETIME_SECONDS = 8 * 3_600;

/** Lays out the demo in a new folder of the system's temporary ones. */
export function createDemo(listen: ListenAddress = DEFAULT_LISTEN): Demo {
  const root = packageRoot();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mcp-zero-trust-')));
  const files = join(folder, 'files');
  cpSync(join(root, 'demo', 'files'), files, { recursive: true });
  return {
    folder,
    config: {
      file: 'demo',
      listen,
      allowedOrigins: [],
      servers: [
        moduleServer('everything', ['stdio'], folder),
        moduleServer('filesystem', [files], files, {}, 'files'),
        moduleServer('memory', [], folder, { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') }),
      ],
      toolFilters: new Map(),
      policies: join(root, 'policies'),
      grants: { folder: join(folder, 'grants'), approvers: ['carol'], limits: {} },
      behaviour: {},
      telemetry: readTracingSettings(process.env),
      limits: { gateway: {}, http: {}, rates: {} },
      warnings: [],
    },
    principals: async (gateway) => [
      await principal(folder, gateway, 'alice', 'analysts', 'reads files and the memory'),
      await principal(folder, gateway, 'bob', 'operators', 'uses all three servers, writes in inbox/ only'),
    ],
    calls: (gateway, [alice, bob]) => [
      call(folder, gateway, alice, 'allowed', `${alice.name} reads a file: allowed`, 'read_text_file', { path: 'welcome.txt' }),
      call(folder, gateway, bob, 'denied', `${bob.name} writes a file outside of inbox/: denied`, 'write_file', { path: 'reports/2026-q3.md', content: 'All is well.' }),
      call(folder, gateway, bob, 'approval', `${bob.name} deletes from the memory: needs ${approverOf(gateway)}'s approval`, 'delete_entities', { entityNames: ['draft'] }, 'memory'),
    ],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function moduleServer(module: string, args: readonly string[], cwd: string, env = {}, name = module): ServerOptions {
  const script = createRequire(__filename).resolve(`@modelcontextprotocol/server-${module}/dist/index.js`);
  return { name, upstream: { kind: 'stdio', command: process.execPath, args: [script, ...args], env, cwd } };
}

async function principal(folder: string, gateway: LocalGateway, name: string, group: string, rights: string): Promise<DemoPrincipal> {
  if (!gateway.issuer) throw new Error('The demo needs the tokens of its own gateway');
  const token = await gateway.issuer.mint({ subject: name, groups: [group], audience: gateway.url, lifetimeSeconds: TOKEN_LIFETIME_SECONDS });
  const headers = {
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'MCP-Protocol-Version': LATEST_MODERN,
  };
  writeFileSync(join(folder, `${name}.headers`), Object.entries(headers).map(([header, value]) => `${header}: ${value}\n`).join(''), { mode: 0o600 });
  return { name, group, rights, token };
}

function approverOf({ approvers }: LocalGateway): string {
  return approvers[0]?.name ?? 'somebody';
}

/** A line for curl: what is the same in every call of a principal, and the call itself, are in files. */
function call(folder: string, gateway: LocalGateway, { name }: DemoPrincipal, file: string, title: string, tool: string, args: JsonObject, server = 'files'): DemoCall {
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: tool, arguments: args, _meta: { [MetaKey.PROTOCOL_VERSION]: LATEST_MODERN, [MetaKey.CLIENT_CAPABILITIES]: {} } },
  };
  const path = join(folder, `${file}.json`);
  writeFileSync(path, `${JSON.stringify(body, undefined, 2)}\n`);
  const headers = `-H @${join(folder, `${name}.headers`)} -H 'Mcp-Method: tools/call' -H 'Mcp-Name: ${tool}'`;
  return { title, command: `curl -sw '\\n' ${gateway.url}/mcp/${server} ${headers} -d @${path}` };
}
