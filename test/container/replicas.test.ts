import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { startContainerServer, type ContainerServer } from '../../lambda/container/server';
import { readAnswer, startHarness, type Harness } from '../gateway/harness';
import { modernServer, startUpstream, type FakeUpstream, type Respond } from '../gateway/fixtures/upstream';

const HOST = { 'host': '127.0.0.1:8808', 'authorization': 'Bearer alice', 'content-type': 'application/json', 'accept': 'application/json, text/event-stream' };
const LEGACY = { ...HOST, 'mcp-protocol-version': '2025-11-25' };
const TOOL = { name: 'watch', inputSchema: { type: 'object' } };

let upstream: FakeUpstream;
let replicas: { readonly harness: Harness; readonly server: ContainerServer }[];

/** Two replicas of one gateway, as containers are: nothing in common but the configuration and the key. */
async function startReplicas(respond: Respond): Promise<void> {
  upstream = await startUpstream(respond);
  const sealKey = randomBytes(32);
  replicas = await Promise.all([0, 1].map(async () => {
    const harness = startHarness([{ name: 'files', upstream: { kind: 'http', url: upstream.url, headers: {} } }], { sealKey, sessionsOutlive: true });
    const server = await startContainerServer({ port: 0, proxies: 0, leaveMs: 0, drainMs: 50, onError: () => {} });
    server.serve(harness.gateway);
    return { harness, server };
  }));
}
afterEach(async () => {
  await Promise.all(replicas.map(({ server }) => server.drain()));
  await upstream.close();
});

const ask = (replica: number, init: { readonly method: string; readonly headers: Record<string, string>; readonly body?: object }) =>
  replicas[replica]!.harness.gateway.fetch(new Request('http://127.0.0.1:8808/mcp/files', { ...init, body: init.body === undefined ? undefined : JSON.stringify(init.body) }), {});

async function openSession(replica: number, capabilities: object = {}): Promise<Record<string, string>> {
  const params = { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 'test', version: '1' } };
  const opened = await ask(replica, { method: 'POST', headers: HOST, body: { jsonrpc: '2.0', id: 0, method: 'initialize', params } });
  expect(opened.status).toBe(200);
  return { ...LEGACY, 'mcp-session-id': opened.headers.get('mcp-session-id')! };
}

const callOf = (id: number, params: object = { name: 'watch', arguments: {} }) => ({ jsonrpc: '2.0', id, method: 'tools/call', params });

/** A server of 2025-11-25 whose call of a tool goes on after its connection, and can be taken up again by its last event. */
function resumableServer(arrived: () => void): Respond {
  const stream = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' });
  return async ({ httpMethod, headers, message }, response) => {
    if (httpMethod === 'GET') {
      if (headers['last-event-id'] === undefined) return void response.writeHead(405).end();
      stream(response).end(`id: 2\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 7, result: { content: [{ type: 'text', text: `after ${headers['last-event-id']}` }] } })}\n\n`);
      return undefined;
    }
    if (message?.method === 'server/discover') {
      response.statusCode = 404;
      return { error: { code: -32601, message: 'Method not found' } };
    }
    if (message?.method === 'initialize') {
      response.setHeader('mcp-session-id', 'session-of-the-server');
      return { result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } } };
    }
    if (message?.method === 'tools/list') return { result: { tools: [TOOL] } };
    if (message?.method !== 'tools/call') return void response.writeHead(202).end();
    stream(response).write(`id: 1\ndata: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1 } })}\n\n`);
    arrived();
    return undefined;
  };
}

describe('MCP 2025-11-25', () => {
  test('TBL-1 a session that one replica opened is served by any other', async () => {
    await startReplicas(resumableServer(() => {}));
    const session = await openSession(0);
    const listed = await readAnswer(await ask(1, { method: 'POST', headers: session, body: { jsonrpc: '2.0', id: 1, method: 'tools/list' } }));
    expect(listed.response.result.tools).toEqual([expect.objectContaining({ name: 'watch' })]);
  });

  test('TBL-1 a stream that ends with its replica is taken up again at another one, where it was', async () => {
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    await startReplicas(resumableServer(() => arrive()));
    const session = await openSession(0);
    const begun = await ask(0, { method: 'POST', headers: session, body: callOf(7, { name: 'watch', arguments: {}, _meta: { progressToken: 1 } }) });
    await arrived;
    const text = begun.text();
    await replicas[0]!.server.drain();
    // No word of a failure: the call has not failed.
    expect(await text).toMatch(/id: 1\n/);
    expect(await text).not.toContain('"error"');
    expect(replicas[0]!.harness.events.at(-1)).toMatchObject({ method: 'tools/call', decision: 'allow', reason: 'left_to_resume' });
    const resumed = await ask(1, { method: 'GET', headers: { ...session, 'accept': 'text/event-stream', 'last-event-id': '1' } });
    expect((await readAnswer(resumed)).response).toMatchObject({ id: 7, result: { content: [{ text: 'after 1' }] } });
  });

  test('TBL-1 an answer to a question that another replica asked is refused and not swallowed', async () => {
    const question = { method: 'elicitation/create', params: { message: 'Sure?', requestedSchema: { type: 'object', properties: {} } } };
    await startReplicas(modernServer([TOOL], ({ message }) => (message.method === 'tools/call' ? { result: { resultType: 'input_required', inputRequests: { sure: question } } } : undefined)));
    const session = await openSession(0, { elicitation: {} });
    const call = await ask(0, { method: 'POST', headers: session, body: callOf(3) });
    const reader = call.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('elicitation/create')) text += (await reader.read()).value;
    const id = /"id":"([^"]+)"/.exec(text)![1];
    const answer = { jsonrpc: '2.0', id, result: { action: 'accept', content: {} } };
    expect((await ask(1, { method: 'POST', headers: session, body: answer })).status).toBe(400);
    expect((await ask(0, { method: 'POST', headers: session, body: answer })).status).toBe(202);
    await reader.cancel();
  });
});

test('TBL-1 a client of HTTP+SSE, whose messages would reach replicas that have not its stream, is told what any replica serves', async () => {
  await startReplicas(modernServer([TOOL]));
  const answers = await Promise.all(replicas.flatMap(({ server }) => ['GET', 'POST'].map((method) => fetch(`http://127.0.0.1:${server.port}/mcp/files/sse`, { method, headers: { authorization: 'Bearer alice' } }))));
  for (const answer of answers) expect([answer.status, await answer.json()]).toEqual([404, { error: 'HTTP+SSE is not served here: use Streamable HTTP, at the same path without /sse' }]);
});

test('TBL-1 MCP 2026-07-28: a call whose stream a replica cannot keep ends with an error, so that the client calls again', async () => {
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  await startReplicas(modernServer([TOOL], ({ message }, response) => {
    if (message.method !== 'tools/call') return undefined;
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1 } })}\n\n`);
    arrive();
    return undefined;
  }));
  const answer = replicas[0]!.harness.modern('files', 'tools/call', { name: 'watch', arguments: {} }, { meta: { progressToken: 1 } });
  await arrived;
  await replicas[0]!.server.drain();
  expect((await answer).response).toMatchObject({ error: { code: expect.any(Number), data: { reason: 'gateway_stopped' } } });
  expect(replicas[0]!.harness.events.at(-1)).toMatchObject({ method: 'tools/call', decision: 'error' });
});
