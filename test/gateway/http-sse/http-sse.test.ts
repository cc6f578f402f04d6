import { randomBytes } from 'node:crypto';
import { ClientStream } from '../../../lambda/gateway/http-sse/client-stream';
import { serveBothEras } from '../both-eras';
import { connect } from '../eras/clients';
import { startUpstream } from '../fixtures/upstream';
import { PUBLIC_URL, startHarness, type Harness } from '../harness';
import { openStream } from './stream';

const { legacy, modern, open } = serveBothEras();

function start(options: Parameters<typeof startHarness>[1] = {}): Harness {
  const http = (url: string) => ({ kind: 'http', url, headers: {} }) as const;
  const harness = startHarness([{ name: 'legacy', upstream: http(legacy.url) }, { name: 'modern', upstream: http(modern.url) }], { httpSse: true, ...options });
  open.push(harness);
  return harness;
}

const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'old', version: '1' } } };
const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };
const call = (id: number, name: string) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {} } });

describe.each(['legacy', 'modern'])('a client of HTTP+SSE, server %s', (server) => {
  it('is told first where to post, and hears every answer on its stream', async () => {
    const stream = await openStream(start(), server);
    open.push(stream);
    expect(stream.endpoint).toMatch(new RegExp(`^/mcp/${server}/sse\\?endpoint=[A-Za-z0-9_-]+$`));
    const accepted = await stream.post(initialize);
    expect([accepted.status, accepted.headers.get('mcp-session-id'), await accepted.text()]).toEqual([202, null, '']);
    expect(await stream.says()).toMatchObject({ id: 0, result: { protocolVersion: '2024-11-05', serverInfo: { name: 'conformance-server' } } });
    expect((await stream.post(initialized)).status).toBe(202);
    await stream.post({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect((await stream.says()).result.tools.length).toBeGreaterThan(10);
    await stream.post(call(2, 'test_simple_text'));
    expect(await stream.says()).toMatchObject({ id: 2, result: { content: [{ text: 'This is a simple text response for testing.' }] } });
  });

  it('CV-1 LOG-1 is decided on and recorded as any other: one event for each request, refusals on the stream', async () => {
    const policies = { all: 'permit(principal, action, resource);', none: `forbid(principal, action == Mcp::Action::"${server}/test_simple_text", resource);` };
    const harness = start({ policies });
    const me = await connect('v1 (HTTP+SSE)', harness, server);
    expect((await me.client.listTools()).tools.map(({ name }) => name)).not.toContain('test_simple_text');
    await expect(me.call('test_simple_text')).rejects.toMatchObject({ code: -32602, message: expect.stringContaining('Unknown tool') });
    expect(await me.call('test_image_content')).toMatchObject({ content: [{ type: 'image' }] });
    await me.close();
    await until(() => harness.events.some(({ method }) => method === 'listen'));
    expect(harness.events.map(({ method, decision, principal }) => [method, decision, principal?.id])).toEqual([
      ['initialize', 'allow', 'alice'],
      ['notifications/initialized', 'allow', 'alice'],
      ['tools/list', 'allow', 'alice'],
      ['tools/call', 'deny', 'alice'],
      ['tools/call', 'allow', 'alice'],
      ['listen', 'allow', 'alice'],
    ]);
  });
});

it('MUL-6 its endpoint is nobody else\'s, of no other server, and not to be made up', async () => {
  const harness = start();
  const stream = await openStream(harness, 'legacy');
  open.push(stream);
  const strangers: [string, string][] = [
    ['mallory', stream.endpoint],
    ['alice', stream.endpoint.replace('/mcp/legacy/', '/mcp/modern/')],
    ['alice', `${stream.endpoint.slice(0, -2)}AA`],
    ['alice', '/mcp/legacy/sse?endpoint=made-up'],
    ['alice', '/mcp/legacy/sse'],
  ];
  for (const [principal, endpoint] of strangers) {
    const answer = await stream.post(initialize, { principal, endpoint });
    expect([answer.status, ((await answer.json()) as any).error.message]).toEqual([404, expect.stringContaining('Endpoint not found')]);
  }
  expect(harness.events.map(({ decision, reason }) => [decision, reason])).toEqual(strangers.map(() => ['deny', 'unknown_endpoint']));
});

it('says so where a message reaches another instance than its stream', async () => {
  const sealKey = randomBytes(32);
  const stream = await openStream(start({ sealKey }), 'legacy');
  open.push(stream);
  const answer = await stream.post(initialize, { harness: start({ sealKey }) });
  expect([answer.status, ((await answer.json()) as any).error.message]).toEqual([404, expect.stringContaining('another instance of the gateway')]);
});

it('GW-1 tells what is wrong with a message in the answer to it', async () => {
  const stream = await openStream(start(), 'legacy');
  open.push(stream);
  expect((await stream.post({ jsonrpc: '2.0', id: 1, method: 'tools/list' })).status).toBe(400);
  expect((await stream.post({ no: 'message' })).status).toBe(400);
  const { status } = await fetchRaw(start(), 'POST', stream.endpoint, { 'content-type': 'text/plain' });
  expect(status).toBe(415);
});

it('ends its session, at the server too, when it closes its stream', async () => {
  const upstream = await startUpstream(({ httpMethod, message }, response) => {
    if (message?.method !== 'initialize') return void response.writeHead(httpMethod === 'GET' ? 405 : 202).end();
    response.setHeader('mcp-session-id', 'upstream-session');
    return { result: { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 's', version: '1' } } };
  });
  const harness = startHarness([{ name: 'legacy', upstream: { kind: 'http', url: upstream.url, headers: {} } }], { httpSse: true });
  open.push(upstream, harness);
  const stream = await openStream(harness, 'legacy');
  await stream.post(initialize);
  await stream.says();
  await stream.close();
  await until(() => upstream.received.some(({ httpMethod }) => httpMethod === 'DELETE'));
  expect(upstream.received.at(-1)?.headers['mcp-session-id']).toBe('upstream-session');
  expect((await stream.post(initialize)).status).toBe(404);
});

it('GW-3 has no more than 16 streams open at once; a closed one makes room', async () => {
  const harness = start();
  const streams = await Promise.all(Array.from({ length: 16 }, () => openStream(harness, 'legacy')));
  open.push(...streams);
  const refused = await fetchRaw(harness, 'GET', '/mcp/legacy/sse', { accept: 'text/event-stream' });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
  open.push(await openStream(harness, 'legacy', 'bob'));
  await streams[0]!.close();
  open.push(await openStream(harness, 'legacy'));
});

it('keeps the stream open with comments, and ends it with the gateway', async () => {
  const harness = start({ limits: { keepAliveMs: 10 } });
  const stream = await openStream(harness, 'legacy');
  await stream.hears(': keep-alive');
  await stream.hears(': keep-alive');
  await harness.close();
  await stream.ended;
});

it('is not served unless that is asked for, nor at the endpoint of Streamable HTTP', async () => {
  const off = start({ httpSse: false });
  const refused = await fetchRaw(off, 'GET', '/mcp/legacy/sse', { accept: 'text/event-stream' });
  expect([refused.status, await refused.json()]).toEqual([404, { error: 'HTTP+SSE is not served here: use Streamable HTTP, at the same path without /sse' }]);
  const on = start();
  expect((await fetchRaw(on, 'GET', '/mcp/legacy', { accept: 'text/event-stream' })).status).toBe(405);
  expect((await fetchRaw(on, 'DELETE', '/mcp/legacy/sse', {})).status).toBe(405);
  expect((await fetchRaw(on, 'GET', '/mcp/nobody/sse', { accept: 'text/event-stream' })).status).toBe(404);
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

function fetchRaw(harness: Harness, method: string, path: string, headers: Record<string, string>): Promise<Response> {
  return harness.fetchAs('alice')(`${PUBLIC_URL}${path}`, { method, headers, ...(method === 'POST' ? { body: '{}' } : {}) });
}

it('ends a stream whose last answer does not come', async () => {
  const stream = new ClientStream();
  stream.owe(new Promise(() => {}));
  await stream.finish();
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});
