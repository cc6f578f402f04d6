/** The four ways to the same upstream, each with its own copy of it and each in a process of its own. */
import { join } from 'node:path';
import { freePort, start } from '../child-process';
import { UNREACHABLE_RATES, startGateway } from '../gateway-process';
import { ROOT, install } from '../install';
import { createIdentity } from './identity';
import { POLICIES } from './policies';

const MCP_PROXY_VERSION = '6.7.19';
const TSX = ['--import', 'tsx'];
const echoServer = join(__dirname, 'echo-server.ts');

/** Letters as in the goals: (a) direct, (b) mcp-proxy, (c) bare reverse proxy, (d) our gateway. */
export type ContenderId = 'a' | 'b' | 'c' | 'd' | 'e';

/** One way to the upstream, running. */
export interface Contender {
  readonly id: ContenderId;
  readonly name: string;
  readonly url: string;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Options for profiling. */
export interface ContenderOptions {
  /** Node.js options of the gateway's process. */
  readonly gatewayNodeOptions?: readonly string[];
}

/** Starts all of them. */
export async function startContenders(options: ContenderOptions = {}): Promise<readonly Contender[]> {
  const direct = await startUpstream();
  return [
    { id: 'a', name: 'direct', url: direct, headers: {} },
    { id: 'b', name: `mcp-proxy ${MCP_PROXY_VERSION} (stdio)`, url: await startMcpProxy(), headers: {} },
    { id: 'c', name: 'bare reverse proxy', url: await startBareProxy(direct), headers: {} },
    ...(await startOurs(direct, options)),
  ];
}

/** The upstream over stdio, as a configuration file has it. */
export const stdioUpstream = { command: process.execPath, args: [...TSX, echoServer, '--stdio'], cwd: ROOT };

/** The upstream over Streamable HTTP. Answers its endpoint. */
export async function startUpstream(): Promise<string> {
  const port = await freePort();
  await startNode([...TSX, echoServer, String(port)], port);
  return endpoint(port);
}

/**
 * It can only stand in front of a program: the same upstream, over stdio. It speaks both eras to clients. Without its
 * store of past events it is faster in sessions, and nothing here needs the store.
 */
async function startMcpProxy(): Promise<string> {
  const modules = await install('mcp-proxy', { 'mcp-proxy': MCP_PROXY_VERSION });
  const program = join(modules, 'mcp-proxy', 'dist', 'bin', 'mcp-proxy.mjs');
  const port = await freePort();
  const listen = ['--host', '127.0.0.1', '--port', String(port), '--server', 'stream', '--no-eventStore'];
  await startNode([program, ...listen, '--', process.execPath, ...TSX, echoServer, '--stdio'], port);
  return endpoint(port);
}

async function startBareProxy(upstream: string): Promise<string> {
  const port = await freePort();
  await startNode([...TSX, join(__dirname, 'bare-proxy.ts'), String(port), upstream], port);
  return endpoint(port);
}

/** With every control on: signed token, twenty policies, argument schemas, limits that count, audit events to a file. */
async function startOurs(upstream: string, options: ContenderOptions): Promise<Contender[]> {
  const identity = await createIdentity('bench-gateway');
  const gateway = await startGateway({
    name: 'bench-gateway',
    mcpServers: {
      bench: { url: upstream },
      'bench-stdio': stdioUpstream,
    },
    policies: POLICIES,
    config: { identity: identity.config, audit: 'audit.jsonl', limits: { rates: UNREACHABLE_RATES } },
    nodeOptions: options.gatewayNodeOptions,
  });
  const contender = async (id: ContenderId, name: string, server: string) => {
    const url = gateway.url(server);
    return { id, name, url, headers: { authorization: `Bearer ${await identity.token(url)}` } };
  };
  return [
    await contender('d', 'our gateway', 'bench'),
    await contender('e', 'our gateway (stdio)', 'bench-stdio'),
  ];
}

async function startNode(args: readonly string[], port: number): Promise<void> {
  await start({ command: process.execPath, args, cwd: ROOT, ready: { port } });
}

function endpoint(port: number): string {
  return `http://127.0.0.1:${port}/mcp`;
}
