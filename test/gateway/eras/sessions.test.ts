import { randomBytes } from 'node:crypto';
import { serveBothEras } from '../both-eras';
import { startUpstream, type FakeUpstream } from '../fixtures/upstream';
import { PUBLIC_URL, readAnswer, startHarness, type Harness } from '../harness';
import { messagesOf, openRaw } from './raw';

const { legacy, modern, open } = serveBothEras();

function start(options: Parameters<typeof startHarness>[1] = {}): Harness {
  const http = (url: string) => ({ kind: 'http', url, headers: {} }) as const;
  const harness = startHarness([{ name: 'legacy', upstream: http(legacy.url) }, { name: 'other', upstream: http(legacy.url) }, { name: 'modern', upstream: http(modern.url) }], options);
  open.push(harness);
  return harness;
}

const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

describe('a legacy session', () => {
  it.each(['legacy', 'modern'])('is served by any instance that has the key (%s server)', async (server) => {
    const sealKey = randomBytes(32);
    const instances = [start({ sealKey }), start({ sealKey })] as const;
    const { id } = await openRaw(instances[0], server);
    for (const harness of [instances[1], instances[0], instances[1]]) {
      const session = await openRaw(harness, server, { sessionId: id });
      expect((await session.call('test_simple_text')).response.result.content[0].text).toContain('simple text');
      expect((await session.post(list)).response.result.tools.length).toBeGreaterThan(10);
    }
    const ended = await (await openRaw(instances[0], server, { sessionId: id })).end();
    expect([200, 204]).toContain(ended.status);
  });

  it('MUL-6 is nobody else\'s, of no other server, and not to be made up: 404 for every request', async () => {
    const harness = start();
    const { id } = await openRaw(harness, 'legacy');
    const strangers = [
      await openRaw(harness, 'legacy', { principal: 'mallory', sessionId: id }),
      await openRaw(harness, 'other', { sessionId: id }),
      await openRaw(harness, 'modern', { sessionId: id }),
      await openRaw(harness, 'legacy', { sessionId: `${id.slice(0, -2)}AA` }),
      await openRaw(harness, 'legacy', { sessionId: 'made-up' }),
      await openRaw(start(), 'legacy', { sessionId: id }),
    ];
    for (const stranger of strangers) {
      const answer = await stranger.post(list);
      expect([answer.status, answer.response.error.message, answer.response.id]).toEqual([404, 'Session not found', undefined]);
      expect((await stranger.stream()).status).toBe(404);
      expect((await stranger.end()).status).toBe(404);
      expect((await stranger.post({ jsonrpc: '2.0', id: 'x', result: {} })).status).toBe(404);
    }
    expect((await (await openRaw(harness, 'legacy', { sessionId: id })).post(list)).status).toBe(200);
  });

  it('is over when its client ends it, when the server forgets it, and when it is too old', async () => {
    let now = Date.now();
    const harness = start({ clock: () => now, limits: { sessionMs: 1_000, catalogMs: 1e9 } });
    for (const server of ['legacy', 'modern']) {
      const session = await openRaw(harness, server);
      const stream = await session.stream();
      expect([200, 204]).toContain((await session.end()).status);
      expect((await session.post(list)).status).toBe(404);
      await stream.body?.cancel();
    }
    const old = await openRaw(harness, 'legacy');
    expect((await old.post(list)).status).toBe(200);
    now += 1_001;
    expect((await old.post(list)).status).toBe(404);
  });

  it('needs no more of a client\'s description than fits into a header', async () => {
    const harness = start();
    const clientInfo = { name: 'n'.repeat(5_000), version: '1', icons: [{ src: `data:image/png;base64,${'A'.repeat(20_000)}` }], description: 'd'.repeat(9_000) };
    const capabilities = { elicitation: {}, experimental: { big: { text: 'x'.repeat(9_000) } }, roots: { listChanged: true, more: 'x'.repeat(5_000) } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities, clientInfo } });
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    for (const server of ['legacy', 'modern']) {
      const opened = await harness.fetchAs('alice')(`${PUBLIC_URL}/mcp/${server}`, { method: 'POST', headers, body });
      const session = await openRaw(harness, server, { sessionId: opened.headers.get('mcp-session-id') ?? '' });
      expect((await session.post(list)).status).toBe(200);
    }
  });

  it.each(['2025-06-18', '2025-03-26', '2024-11-05'])('speaks %s to a client that asks for it', async (revision) => {
    const harness = start();
    for (const server of ['legacy', 'modern']) {
      const session = await openRaw(harness, server, { revision, capabilities: { elicitation: {} } });
      expect((await session.call('test_simple_text')).response.result.content).toHaveLength(1);
      expect(harness.events.at(-1)).toMatchObject({ protocolVersion: revision });
    }
    const answer = await (await openRaw(harness, 'legacy', { revision })).post(list, { headers: { 'mcp-protocol-version': '1999-01-01' } });
    expect(answer.status).toBe(400);
  });

  it('a server of an older revision that asks what the client cannot answer is told so', async () => {
    const harness = start();
    const session = await openRaw(harness, 'legacy', { revision: '2025-03-26', capabilities: { elicitation: {} } });
    expect((await session.call('test_elicitation', { message: 'Who?' })).response).toMatchObject({ result: { isError: true } });
    const translated = await openRaw(harness, 'modern', { revision: '2025-03-26', capabilities: { elicitation: {} } });
    expect((await translated.call('test_elicitation', { message: 'Who?' })).response.error.code).toBe(-32601);
  });
});

describe('a batch', () => {
  const start2 = async (server: string, options?: Parameters<typeof startHarness>[1]) => {
    const harness = start(options);
    const session = await openRaw(harness, server, { revision: '2025-03-26' });
    await session.call('test_simple_text');
    harness.events.length = 0;
    return { harness, session };
  };
  const call = (id: unknown, name: string, token?: string) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {}, ...(token === undefined ? {} : { _meta: { progressToken: token } }) } });

  it.each(['legacy', 'modern'])('is answered message by message, each with an audit event of its own (%s server)', async (server) => {
    const { harness, session } = await start2(server);
    const batch = [call('a', 'test_simple_text'), { jsonrpc: '2.0', id: 'p', method: 'ping' }, { jsonrpc: '2.0', method: 'notifications/roots/list_changed' }, call('b', 'no-such-tool'), { jsonrpc: '2.0', id: 'm', method: 'no/such' }];
    const response = await session.send(batch);
    const messages = response.headers.get('content-type') === 'application/json' ? await response.json() : (await readAnswer(response)).messages;
    const byId = new Map((messages as any[]).map((message) => [message.id, message]));
    expect([...byId.keys()].sort()).toEqual(['a', 'b', 'm', 'p']);
    expect(byId.get('a').result.content).toHaveLength(1);
    expect(byId.get('p').result).toEqual({});
    expect(byId.get('b').error.message).toBe('Unknown tool: no-such-tool');
    expect(byId.get('m').error.code).toBe(-32601);
    expect(harness.events.map(({ method, decision }) => [method, decision]).sort()).toEqual([
      ['batch', 'allow'], ['no/such', 'deny'], ['notifications/roots/list_changed', 'allow'], ['ping', 'allow'], ['tools/call', 'allow'], ['tools/call', 'deny'],
    ]);
  });

  it.each(['legacy', 'modern'])('weaves streams into one (%s server)', async (server) => {
    const { harness, session } = await start2(server);
    const { headers, messages } = await session.post([call('a', 'test_tool_with_progress', 'of a'), call('b', 'test_tool_with_progress', 'of b'), call('c', 'test_simple_text')]);
    expect(headers.get('content-type')).toBe('text/event-stream');
    for (const token of ['of a', 'of b']) expect(messages.filter(({ params }) => params?.progressToken === token).map(({ params }) => params.progress)).toEqual([0, 50, 100]);
    expect(messages.flatMap(({ id, result }) => (result === undefined ? [] : [id])).sort()).toEqual(['a', 'b', 'c']);
    expect(harness.events).toHaveLength(4);
    expect(harness.events.at(-1)).toMatchObject({ method: 'batch', responseBytes: expect.any(Number) });
  });

  it('is 202 where nothing in it is a request, and 400 in any other revision', async () => {
    const { harness, session } = await start2('legacy');
    expect((await session.post([{ jsonrpc: '2.0', method: 'notifications/roots/list_changed' }])).status).toBe(202);
    const newer = await openRaw(harness, 'legacy', { revision: '2025-06-18' });
    expect((await newer.post([{ jsonrpc: '2.0', id: 1, method: 'ping' }])).status).toBe(400);
  });

  it('GW-3 counts each of its messages', async () => {
    let left = Infinity;
    const { session } = await start2('legacy', { rateLimiter: { take: ({ principal }) => (principal === undefined || (left -= 1) >= 0 ? { allowed: true } : { allowed: false, retryAfterSeconds: 3, limit: 'principal' }) } });
    left = 2;
    const response = await session.send([1, 2, 3].map((id) => ({ jsonrpc: '2.0', id, method: 'ping' })));
    const { messages } = await readAnswer(response);
    const answers = messages.flat();
    expect(answers.map(({ id, error }: any) => [id, error?.code]).sort()).toEqual([[1, undefined], [2, undefined], [3, -31429]]);
  });

  it('is 404 as a whole when the server has forgotten the session, with an event for each message', async () => {
    const { harness, session } = await start2('legacy');
    await openRaw(harness, 'legacy', { sessionId: session.id });
    const upstreamGone = await forgetful();
    const forgotten = await openRaw(upstreamGone.harness, 'files', { revision: '2025-03-26' });
    upstreamGone.harness.events.length = 0;
    upstreamGone.forget();
    expect((await forgotten.post([{ jsonrpc: '2.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', id: 2, method: 'ping' }])).status).toBe(404);
    expect(upstreamGone.harness.events.map(({ method, httpStatus }) => [method, httpStatus])).toEqual([['ping', 404], ['ping', 404], ['batch', 404]]);
    expect((await forgotten.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(404);
  });

  async function forgetful(): Promise<{ harness: Harness; upstream: FakeUpstream; forget(): void }> {
    let gone = false;
    const upstream = await startUpstream(({ message }, response) => {
      if (message?.method === 'initialize') {
        response.setHeader('mcp-session-id', 's');
        return { result: { protocolVersion: message.params.protocolVersion, capabilities: {}, serverInfo: { name: 's', version: '1' } } };
      }
      response.statusCode = gone ? 404 : 202;
      response.end();
      return undefined;
    });
    const harness = startHarness([{ name: 'files', upstream: { kind: 'http', url: upstream.url, headers: {} } }]);
    open.push(upstream, harness);
    return { harness, upstream, forget: () => (gone = true) };
  }
});

describe('streams', () => {
  it('MUL-8 a list that arrives on a resumed stream is filtered like any other', async () => {
    const policies = { p: 'permit(principal, action in Mcp::Action::"discover", resource);', q: 'permit(principal, action == Mcp::Action::"files/seen", resource);' };
    const tools = ['seen', 'hidden'].map((name) => ({ name, inputSchema: { type: 'object' } }));
    const upstream = await startUpstream(({ httpMethod, headers, message }, response) => {
      if (message?.method === 'initialize') {
        response.setHeader('mcp-session-id', 's');
        return { result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } } };
      }
      if (httpMethod === 'GET' || message?.method === 'tools/list') {
        response.setHeader('content-type', 'text/event-stream');
        response.end(httpMethod === 'GET' ? `id: 2\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: `list after ${headers['last-event-id']}`, result: { tools } })}\n\n` : 'id: 1\nretry: 10\ndata: \n\n');
        return undefined;
      }
      response.statusCode = 202;
      response.end();
      return undefined;
    });
    const harness = startHarness([{ name: 'files', upstream: { kind: 'http', url: upstream.url, headers: {} } }], { policies });
    open.push(upstream, harness);
    const session = await openRaw(harness, 'files');
    const first = await (await session.send(list)).text();
    expect(first).toMatch(/^retry: 10$/m);
    expect(first).toMatch(/^id: 1$/m);
    const { messages } = await readAnswer(await session.stream({ 'last-event-id': '1' }));
    expect(messages).toEqual([{ jsonrpc: '2.0', id: 'list after 1', result: { tools: [tools[0]] } }]);
  });

  it('a stream that its server closes early is resumed: by the legacy client itself, and for a modern one', async () => {
    const harness = start();
    const session = await openRaw(harness, 'legacy');
    const begun = await session.send({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 'test_reconnection', arguments: {} } });
    const text = await begun.text();
    expect(text).not.toContain('"error"');
    const lastEventId = [...text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? '';
    const resumed = await session.stream({ 'last-event-id': lastEventId });
    expect((await messagesOf(resumed).next()).value).toMatchObject({ id: 9, result: { content: [{ text: 'The client came back for this result.' }] } });
    const { response } = await harness.modern('legacy', 'tools/call', { name: 'test_reconnection', arguments: {} });
    expect(response.result.content[0].text).toBe('The client came back for this result.');
  });

  it('a server without a stream offers none: 405 in the legacy era, nothing honoured in the modern one', async () => {
    const upstream = await startUpstream(({ httpMethod, message }, response) => {
      if (message?.method === 'initialize') return { result: { protocolVersion: '2025-11-25', capabilities: { tools: { listChanged: true } }, serverInfo: { name: 's', version: '1' } } };
      response.statusCode = httpMethod === 'GET' ? 405 : message?.method === 'server/discover' ? 404 : 202;
      response.end();
      return undefined;
    });
    const harness = startHarness([{ name: 'files', upstream: { kind: 'http', url: upstream.url, headers: {} } }]);
    open.push(upstream, harness);
    expect((await (await openRaw(harness, 'files')).stream()).status).toBe(405);
    const params = { notifications: { toolsListChanged: true }, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} } };
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' };
    const gone = new AbortController();
    const listening = await harness.fetchAs('alice')(`${PUBLIC_URL}/mcp/files`, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 4, method: 'subscriptions/listen', params }), signal: gone.signal });
    expect((await messagesOf(listening).next()).value).toMatchObject({ method: 'notifications/subscriptions/acknowledged', params: { notifications: {} } });
    gone.abort();
  });

  it.each(['legacy', 'modern'])('that have nothing to say outlive the limits of requests (%s server)', async (server) => {
    const upstreamLimits = { firstByteMs: 2_000, idleMs: 150, totalMs: 300 };
    const url = server === 'legacy' ? legacy.url : modern.url;
    const harness = startHarness([{ name: 'short', upstream: { kind: 'http', url, headers: {} }, upstreamLimits }], { limits: { keepAliveMs: 100 } });
    open.push(harness);
    const session = await openRaw(harness, 'short');
    await session.post({ jsonrpc: '2.0', id: 2, method: 'resources/subscribe', params: { uri: 'test://watched-resource' } });
    const messages = messagesOf(await session.stream());
    const first = messages.next();
    await new Promise((resolve) => setTimeout(resolve, 700));
    await session.call('test_trigger_resource_update');
    expect((await first).value).toMatchObject({ method: 'notifications/resources/updated', params: { uri: 'test://watched-resource' } });
    await messages.return(undefined);
  });

  it('a person may take longer to answer than the server may be silent', async () => {
    const upstreamLimits = { firstByteMs: 300, idleMs: 300, totalMs: 400 };
    const harness = startHarness([{ name: 'short', upstream: { kind: 'http', url: legacy.url, headers: {} }, upstreamLimits }]);
    open.push(harness);
    const capabilities = { elicitation: {} };
    const session = await openRaw(harness, 'short', { capabilities });
    const params = { name: 'test_elicitation', arguments: { message: 'Who?' } };
    const messages = messagesOf(await session.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
    const { value: question } = await messages.next();
    const { response: unfinished } = await harness.modern('short', 'tools/call', params, { capabilities });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const content = { username: 'ada', email: 'a@example.com' };
    await session.post({ jsonrpc: '2.0', id: question.id, result: { action: 'accept', content } });
    expect((await messages.next()).value.result.content[0].text).toContain('"username":"ada"');
    const { requestState } = unfinished.result;
    const { response } = await harness.modern('short', 'tools/call', { ...params, requestState, inputResponses: { question: { action: 'accept', content } } }, { capabilities });
    expect(response.result.content[0].text).toContain('"username":"ada"');
  });
});

describe('between principals', () => {
  it("MUL-6 the request state of a modern server is its principal's alone", async () => {
    const harness = start();
    const capabilities = { elicitation: {} };
    const call = { name: 'test_input_required_result_request_state', arguments: {} };
    const { response: first } = await harness.modern('modern', 'tools/call', call, { capabilities });
    const { requestState } = first.result;
    const retry = { ...call, requestState, inputResponses: { confirm: { action: 'accept', content: { ok: true } } } };
    expect((await harness.modern('modern', 'tools/call', retry, { capabilities, principal: 'mallory' })).response.error).toMatchObject({ code: -32602 });
    expect((await harness.modern('modern', 'tools/call', { ...retry, requestState: 'made-up' }, { capabilities })).response.error).toMatchObject({ code: -32602 });
    expect((await harness.modern('modern', 'tools/call', retry, { capabilities })).response.result.content[0].text).toBe('state-ok');
  });

  it('MUL-6 modern clients that use the same ids and tokens at once get their own answers and progress from a legacy server', async () => {
    const harness = start();
    const answers = await Promise.all(
      ['alice', 'alice', 'alice', 'bob'].map((principal) => harness.modern('legacy', 'tools/call', { name: 'test_tool_with_progress', arguments: {} }, { principal, id: 1, meta: { progressToken: 1 } })),
    );
    for (const { messages } of answers) {
      expect(messages.map(({ id, params }) => (params === undefined ? `answer to ${id}` : [params.progressToken, params.progress]))).toEqual([[1, 0], [1, 50], [1, 100], 'answer to 1']);
    }
  });
});

describe('what a modern client declares', () => {
  const answering = async (result: object) => {
    const upstream = await startUpstream(({ message }) => {
      const cached = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
      if (message.method === 'server/discover') return { result: { ...cached, supportedVersions: ['2026-07-28'], capabilities: { tools: {} } } };
      if (message.method === 'tools/list') return { result: { ...cached, tools: [{ name: 'ask', inputSchema: { type: 'object' } }] } };
      return { result };
    });
    const harness = startHarness([{ name: 'files', upstream: { kind: 'http', url: upstream.url, headers: {} } }]);
    open.push(upstream, harness);
    return { upstream, call: (capabilities: object) => harness.modern('files', 'tools/call', { name: 'ask', arguments: {} }, { capabilities: capabilities as any }) };
  };
  const form = { method: 'elicitation/create', params: { message: 'Who?', requestedSchema: { type: 'object', properties: {} } } };

  it('reaches the server as far as the gateway knows it', async () => {
    const { upstream, call } = await answering({ resultType: 'complete', content: [] });
    await call({ elicitation: { form: {} }, extensions: { 'io.modelcontextprotocol/tasks': {} }, experimental: { more: {} } });
    expect(upstream.received.at(-1)?.message.params._meta['io.modelcontextprotocol/clientCapabilities']).toEqual({ elicitation: { form: {} } });
  });

  it.each<[string, object, object, number, number]>([
    ['that it did not declare', {}, { resultType: 'input_required', inputRequests: { a: form } }, 400, -32021],
    ['that is not MCP', { elicitation: {} }, { resultType: 'input_required', inputRequests: { a: { method: 'no/such' } } }, 200, -31502],
    ['in a way that nobody knows', {}, { resultType: 'task', task: {} }, 200, -31502],
  ])('is all that a server may ask for: an answer %s is an error', async (_, capabilities, result, status, code) => {
    const { call } = await answering(result);
    const answer = await call(capabilities);
    expect([answer.status, answer.response.error.code]).toEqual([status, code]);
  });
});

describe('the URL of a server', () => {
  const gateway = (url: string, more: object = {}) => () => void open.push(startHarness([{ name: 'files', upstream: { kind: 'http', url, headers: {}, ...more } }]));

  it.each(['https://mcp.example.com/mcp', 'https://10.0.0.7/mcp', 'http://localhost:3000/mcp', 'http://127.0.0.1:3000/mcp', 'http://[::1]:3000/mcp'])('may be %s', (url) => {
    expect(gateway(url)).not.toThrow();
  });

  it.each([
    ['http://mcp.example.com/mcp', 'plain http is for this machine alone'],
    ['https://169.254.169.254/latest', 'not allowed'],
    ['https://user:secret@mcp.example.com/', 'must not contain credentials'],
    ['file:///etc/passwd', 'must begin with https'],
    ['nonsense', 'must be absolute'],
  ])('must not be %s', (url, why) => {
    expect(gateway(url)).toThrow(TypeError);
    expect(gateway(url)).toThrow(new RegExp(`^server files: .*${why}`));
  });

  it('may be plain http where someone says that it is meant', () => {
    expect(gateway('http://mcp.internal/mcp', { unsafeAllowPlainHttp: true })).not.toThrow();
  });
});
