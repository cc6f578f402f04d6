import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { createGateway, type Gateway, type GatewayOptions, type ServerOptions } from '../../lambda/gateway';
import type { Authenticator } from '../../lambda/identity';
import { Header, LATEST_MODERN, MetaKey, type JsonRpcRequest } from '../../lambda/protocol';

export const PUBLIC_URL = 'http://127.0.0.1:8808';

/** A server with one tool that says `done`. */
export interface ToolServer {
  readonly url: string;
  /** Calls of the tool that reached it. */
  calls(): number;
  close(): Promise<void>;
}

export async function startToolServer(): Promise<ToolServer> {
  let calls = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { id, method } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as JsonRpcRequest;
      const own = { resultType: 'complete', ttlMs: 60_000, cacheScope: 'private' };
      if (method === 'tools/call') calls += 1;
      const result =
        method === 'server/discover'
          ? { ...own, supportedVersions: [LATEST_MODERN], capabilities: { tools: {} } }
          : method === 'tools/list'
            ? { ...own, tools: [{ name: 'work', inputSchema: { type: 'object' } }] }
            : { resultType: 'complete', content: [{ type: 'text', text: 'done' }] };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    calls: () => calls,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function startGateway(servers: readonly ServerOptions[], authenticator: Authenticator, policies: Readonly<Record<string, string>>, more: Partial<GatewayOptions> = {}): Gateway {
  return createGateway({
    publicUrl: PUBLIC_URL,
    servers,
    authenticator,
    authorizationServers: ['https://login.example.com'],
    decisionPoint: createCedarDecisionPoint({ policies }),
    rateLimiter: { take: () => ({ allowed: true }) },
    audit: { write: () => undefined, flush: async () => undefined },
    sealKey: randomBytes(32),
    digestKey: randomBytes(32),
    allowedHosts: ['127.0.0.1:8808'],
    allowedOrigins: [],
    ...more,
  });
}

/** Calls the tool; answers whether it was served. */
export async function callTool(gateway: Gateway, server: string, headers: Readonly<Record<string, string>>, peer: Parameters<Gateway['fetch']>[1] = {}): Promise<boolean> {
  const request = new Request(`${PUBLIC_URL}/mcp/${server}`, {
    method: 'POST',
    headers: {
      host: '127.0.0.1:8808',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      [Header.PROTOCOL_VERSION]: LATEST_MODERN,
      [Header.METHOD]: 'tools/call',
      [Header.NAME]: 'work',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'work', arguments: {}, _meta: { [MetaKey.PROTOCOL_VERSION]: LATEST_MODERN, [MetaKey.CLIENT_CAPABILITIES]: {} } } }),
  });
  const response = await gateway.fetch(request, peer);
  const text = await response.text();
  return response.status === 200 && text.includes('"done"');
}
