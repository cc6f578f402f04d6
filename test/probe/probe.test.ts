import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startProbe, type Probe } from '../../lambda/probe/server';

type Handler = (message: any, outgoing: ServerResponse, incoming: IncomingMessage) => void;

interface Upstream {
  readonly url: URL;
  /** Method of HTTP, and of MCP where there is one, of each request. */
  readonly seen: string[];
  readonly server: Server;
}

const open: (() => void)[] = [];
afterEach(() => open.splice(0).forEach((close) => close()));

async function upstream(handle: Handler): Promise<Upstream> {
  const seen: string[] = [];
  const server = createServer(async (incoming, outgoing) => {
    let text = '';
    for await (const chunk of incoming) text += chunk;
    const message = text === '' ? undefined : JSON.parse(text);
    seen.push([incoming.method, message?.method].filter(Boolean).join(' '));
    handle(message, outgoing, incoming);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => void server.close().closeAllConnections());
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`), seen, server };
}

let now = 0;

async function probe(url: URL, timeoutMs = 2_000): Promise<Probe> {
  const started = await startProbe({ port: 0, url, timeoutMs, holdMs: 1_000, clock: () => now });
  open.push(() => started.close());
  return started;
}

async function get(port: number, path = '/readyz'): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
}

const reply = (outgoing: ServerResponse, status: number, body: object, headers = {}) => outgoing.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const legacy: Handler = (message, outgoing) => {
  if (message?.method === 'initialize') return reply(outgoing, 200, { jsonrpc: '2.0', id: message.id, result: { protocolVersion: '2025-11-25' } }, { 'mcp-session-id': 's1' });
  return reply(outgoing, 400, { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Bad Request: no session' } });
};

describe('TBL-1 a pod is ready while its server answers MCP', () => {
  it('a modern server answers server/discover, with the headers and _meta that its revision asks for', async () => {
    let request: any;
    const { url, seen } = await upstream((message, outgoing, incoming) => {
      request = { message, headers: incoming.headers };
      reply(outgoing, 200, { jsonrpc: '2.0', id: message.id, result: { supportedVersions: ['2026-07-28'] } });
    });
    const { port } = await probe(url);
    expect(await get(port)).toEqual({ status: 200, text: 'answers MCP' });
    expect(seen).toEqual(['POST server/discover']);
    expect(request.headers).toMatchObject({ 'mcp-method': 'server/discover', 'mcp-protocol-version': '2026-07-28' });
    expect(request.headers.authorization).toBeUndefined();
    expect(request.message.params._meta['io.modelcontextprotocol/protocolVersion']).toBe('2026-07-28');
  });

  it('a legacy server is asked to initialize, and the session is ended again', async () => {
    const { url, seen } = await upstream(legacy);
    const { port } = await probe(url);
    expect((await get(port)).status).toBe(200);
    expect(seen).toEqual(['POST server/discover', 'POST initialize', 'DELETE']);
  });

  it('what it spoke last time is what it is asked first the next time', async () => {
    const { url, seen } = await upstream(legacy);
    const { port } = await probe(url);
    await get(port);
    now += 2_000;
    await get(port, '/livez');
    expect(seen).toEqual(['POST server/discover', 'POST initialize', 'DELETE', 'POST initialize', 'DELETE']);
  });

  it('reads the answer from a stream that does not end', async () => {
    const { url } = await upstream((message, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: {} })}\n\n`);
    });
    expect((await get((await probe(url)).port)).status).toBe(200);
  });

  it('a server that asks for credentials answers', async () => {
    const { url } = await upstream((_message, outgoing) => outgoing.writeHead(401).end());
    expect((await get((await probe(url)).port)).status).toBe(200);
  });

  it('questions at the same time are one question to the server', async () => {
    const { url, seen } = await upstream((message, outgoing) => reply(outgoing, 200, { jsonrpc: '2.0', id: message.id, result: {} }));
    const { port } = await probe(url);
    await Promise.all([get(port), get(port, '/livez'), get(port)]);
    expect(seen).toHaveLength(1);
  });
});

describe('TBL-1 a pod is not ready when its server', () => {
  const failing = async (handle: Handler, timeoutMs?: number) => get((await probe((await upstream(handle)).url, timeoutMs)).port);

  it('says 200 to everything, and not MCP', async () => {
    expect(await failing((_message, outgoing) => outgoing.writeHead(200, { 'content-type': 'text/html' }).end('<h1>It works!</h1>'))).toEqual({ status: 503, text: 'answers neither server/discover nor initialize (HTTP 200)' });
  });

  it('answers with the id of another request', async () => {
    expect((await failing((_message, outgoing) => reply(outgoing, 200, { jsonrpc: '2.0', id: 7, result: {} }))).status).toBe(503);
  });

  it('answers with an error of its own', async () => {
    expect((await failing((message, outgoing) => reply(outgoing, 200, { jsonrpc: '2.0', id: message.id, error: { code: -32603, message: 'no database' } }))).status).toBe(503);
  });

  it('takes the request and says nothing', async () => {
    expect(await failing(() => undefined, 100)).toEqual({ status: 503, text: 'no answer within 100 ms' });
  });

  it('begins an answer and does not end it', async () => {
    expect(await failing((_message, outgoing) => void outgoing.writeHead(200, { 'content-type': 'application/json' }).write('{'), 100)).toEqual({ status: 503, text: 'no answer within 100 ms' });
  });

  it('is not there, and is again when it is back', async () => {
    const gone = await upstream(legacy);
    const { port } = await probe(gone.url);
    await get(port);
    await new Promise((resolve) => gone.server.close(resolve).closeAllConnections());
    now += 2_000;
    expect(await get(port)).toEqual({ status: 503, text: 'ECONNREFUSED' });
    await new Promise<void>((resolve) => gone.server.listen(Number(gone.url.port), '127.0.0.1', resolve));
    now += 2_000;
    expect((await get(port)).status).toBe(200);
  });
});

it('answers nothing else', async () => {
  const { url, seen } = await upstream(legacy);
  expect((await get((await probe(url)).port, '/metrics')).status).toBe(404);
  expect(seen).toEqual([]);
});
