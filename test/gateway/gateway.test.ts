import { setImmediate } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import type { AuditSink } from '../../lambda/audit';
import type { Decision } from '../../lambda/authorization';
import type { ServerOptions } from '../../lambda/gateway';
import { ECHO_TOOL, modernServer, startUpstream, type FakeUpstream, type Respond } from './fixtures/upstream';
import { PUBLIC_URL, startHarness, type Harness } from './harness';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function start(
  respond: Respond,
  options: Parameters<typeof startHarness>[1] = {},
  server: Partial<ServerOptions> = {},
): Promise<{ upstream: FakeUpstream; harness: Harness }> {
  const upstream = await startUpstream(respond);
  const harness = startHarness([{ name: 'files', upstream: { kind: 'http', url: upstream.url, headers: { 'x-api-key': 'own' } }, ...server }], options);
  open.push(upstream, harness);
  return { upstream, harness };
}

const DISCOVER = 'permit(principal, action in Mcp::Action::"discover", resource);';
const callsThatArrived = (upstream: FakeUpstream) => upstream.received.filter(({ message }) => message?.method === 'tools/call');
const call = (text: string) => ({ name: 'echo', arguments: { text } });

describe('decisions', () => {
  it('CV-1 forwards what a policy permits, with exactly the arguments that were decided on', async () => {
    const { upstream, harness } = await start(modernServer(), { policies: { d: DISCOVER, p: 'permit(principal, action == Mcp::Action::"files/echo", resource);' } });
    const { status, response } = await harness.modern('files', 'tools/call', call('hello'));
    expect(status).toBe(200);
    expect(response.result.content[0].text).toBe('{"text":"hello"}');
    expect(callsThatArrived(upstream)).toHaveLength(1);
  });

  it('CV-1 opens nothing towards the server for a principal who may not connect', async () => {
    const { upstream, harness } = await start(modernServer(), { policies: { p: 'permit(principal, action == Mcp::Action::"files/echo", resource);' } });
    expect((await harness.modern('files', 'tools/call', call('x'))).response.error).toMatchObject({ code: -31403, data: { reason: 'not_permitted' } });
    expect(upstream.received).toHaveLength(0);
  });

  it('CV-1 waits for a decision whoever made the promise', async () => {
    const elsewhere = runInNewContext('(value) => Promise.resolve(value)') as (value: Decision) => Promise<Decision>;
    const { upstream, harness } = await start(modernServer(), { decisionPoint: { decide: () => elsewhere({ effect: 'deny', policyIds: [], reason: 'forbidden' }), visible: (requests) => requests.map(() => true) } });
    expect((await harness.modern('files', 'tools/call', call('x'))).response.error).toMatchObject({ code: -31403, data: { reason: 'forbidden' } });
    expect(upstream.received).toHaveLength(0);
  });

  it('CV-1 decides on every call anew, by its arguments, and nothing that is denied reaches the server', async () => {
    const policies = { p: 'permit(principal, action, resource);', f: 'forbid(principal, action == Mcp::Action::"files/echo", resource) when { context.arguments.text like "*secret*" };' };
    const { upstream, harness } = await start(modernServer(), { policies });
    expect((await harness.modern('files', 'tools/call', call('hello'))).response.result).toBeDefined();
    const { status, response } = await harness.modern('files', 'tools/call', call('a secret'));
    expect(status).toBe(200);
    expect(response.error).toMatchObject({ code: -31403, data: { reason: 'forbidden', policyIds: ['f'], requestId: expect.any(String) } });
    expect(JSON.stringify(response)).not.toContain('secret');
    expect(callsThatArrived(upstream)).toHaveLength(1);
  });

  it('CV-1 takes a policy that cannot be evaluated for a denial', async () => {
    const policies = { p: 'permit(principal, action, resource);', f: 'forbid(principal, action == Mcp::Action::"files/echo", resource) when { context.arguments.missing == 1 };' };
    const { upstream, harness } = await start(modernServer(), { policies });
    expect((await harness.modern('files', 'tools/call', call('x'))).response.error.data.reason).toBe('policy_error');
    expect(callsThatArrived(upstream)).toHaveLength(0);
  });

  it('MUL-8 lists only what the principal may call, and lets nobody share the list', async () => {
    const policies = { p: 'permit(principal, action in Mcp::Action::"discover", resource);', q: 'permit(principal == Mcp::User::"alice", action == Mcp::Action::"files/echo", resource);' };
    const { harness } = await start(modernServer([ECHO_TOOL, { ...ECHO_TOOL, name: 'other' }]), { policies });
    const alice = await harness.modern('files', 'tools/list');
    expect(alice.response.result).toMatchObject({ cacheScope: 'private', tools: [{ name: 'echo' }] });
    expect(alice.response.result.tools).toHaveLength(1);
    expect((await harness.modern('files', 'tools/list', {}, { principal: 'bob' })).response.result.tools).toEqual([]);
  });

  it('MUL-8 answers alike for a tool that one may not see and a tool that does not exist', async () => {
    const policies = { d: DISCOVER, p: 'permit(principal, action == Mcp::Action::"files/other", resource);' };
    const { harness } = await start(modernServer(), { policies });
    const hidden = await harness.modern('files', 'tools/call', call('x'));
    const missing = await harness.modern('files', 'tools/call', { name: 'no-tool', arguments: {} });
    expect(hidden.response).toEqual({ jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'Unknown tool: echo' } });
    expect(missing.response).toEqual({ jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'Unknown tool: no-tool' } });
    expect(hidden.status).toBe(missing.status);
    expect((await harness.modern('files', 'tools/call', { name: 'echo', arguments: {} })).response.error.message).toBe('Unknown tool: echo');
  });

  it('fails closed when no decision can be had', async () => {
    const down = { decide: () => Promise.reject(new Error('down')), visible: () => Promise.reject(new Error('down')) };
    const { upstream, harness } = await start(modernServer(), { decisionPoint: down });
    expect((await harness.modern('files', 'tools/call', call('x'))).response.error).toMatchObject({ code: -31503, data: { reason: 'unavailable' } });
    expect((await harness.modern('files', 'tools/list')).response.error.code).toBe(-31503);
    expect(callsThatArrived(upstream)).toHaveLength(0);
  });
});

describe('arguments', () => {
  it('IOV-1 IOV-4 refuses what the schema does not allow, tells the model why, and sends nothing', async () => {
    const { upstream, harness } = await start(modernServer());
    for (const given of [{ text: 1 }, { text: 'x', more: 1 }, {}, { text: 'x'.repeat(101) }]) {
      const { response } = await harness.modern('files', 'tools/call', { name: 'echo', arguments: given });
      expect(response.result).toMatchObject({ isError: true, resultType: 'complete', content: [{ text: expect.stringContaining('The arguments of echo were refused: ') }] });
    }
    expect(callsThatArrived(upstream)).toHaveLength(0);
  });

  it('IOV-6 decides on and sends the normalised form', async () => {
    const policies = { p: 'permit(principal, action, resource);', f: 'forbid(principal, action == Mcp::Action::"files/echo", resource) when { context.arguments.text == "caf\u00e9" };' };
    const { harness } = await start(modernServer(), { policies });
    expect((await harness.modern('files', 'tools/call', call('cafe\u0301'))).response.error.data.reason).toBe('forbidden');
    expect((await harness.modern('files', 'tools/call', call('the\u0301'))).response.result.content[0].text).toBe('{"text":"th\u00e9"}');
  });

  it('IOV-6 without normalisation forwards the original, and the decision must hold for both forms', async () => {
    const policies = { p: 'permit(principal, action, resource);', f: 'forbid(principal, action == Mcp::Action::"files/echo", resource) when { context.arguments.text == "caf\u00e9" };' };
    const { harness } = await start(modernServer(), { policies }, { normalize: false });
    expect((await harness.modern('files', 'tools/call', call('cafe\u0301'))).response.error.data.reason).toBe('forbidden');
    expect((await harness.modern('files', 'tools/call', call('the\u0301'))).response.result.content[0].text).toBe('{"text":"the\u0301"}');
  });

  it('GW-1 checks the headers that a tool asks for against the arguments, and sends them on', async () => {
    const tool = { name: 'echo', inputSchema: { type: 'object', properties: { text: { type: 'string', 'x-mcp-header': 'Text' } } } };
    const { upstream, harness } = await start(modernServer([tool]));
    expect((await harness.modern('files', 'tools/call', call('a'))).response.error.code).toBe(-32020);
    expect((await harness.modern('files', 'tools/call', call('a'), { headers: { 'mcp-param-text': 'b' } })).status).toBe(400);
    await harness.modern('files', 'tools/call', call('a'), { headers: { 'mcp-param-text': 'a' } });
    expect(callsThatArrived(upstream).map(({ headers }) => [headers['mcp-param-text'], headers['mcp-name'], headers['mcp-method']])).toEqual([['a', 'echo', 'tools/call']]);
  });
});

describe('the way to the server', () => {
  it("IAM-3 never carries the client's token, and carries the server's own credential", async () => {
    const { upstream, harness } = await start(modernServer());
    await harness.modern('files', 'tools/call', call('x'), { principal: 'token-of-alice' });
    expect(upstream.received.length).toBeGreaterThan(1);
    for (const { headers } of upstream.received) {
      expect(headers).toMatchObject({ 'x-api-key': 'own' });
      expect(JSON.stringify(headers)).not.toContain('token-of-alice');
    }
  });

  it('GW-4 continues the trace of the caller', async () => {
    const { upstream, harness } = await start(modernServer());
    await harness.modern('files', 'tools/call', call('x'), { headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } });
    expect(callsThatArrived(upstream)[0]?.headers.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/);
    expect(harness.events.at(-1)?.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
  });

  it('GW-4 continues the trace of the caller that comes in the body, and hands it on in both places', async () => {
    const { upstream, harness } = await start(modernServer());
    await harness.modern('files', 'tools/call', call('x'), { meta: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=b' } });
    const [{ headers, message }] = callsThatArrived(upstream) as [any];
    expect(headers.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)/);
    expect(message.params._meta).toMatchObject({ traceparent: headers.traceparent, tracestate: 'a=b' });
  });

  it('IOV-4 sends on no parameter that was not checked', async () => {
    const { upstream, harness } = await start(modernServer());
    await harness.modern('files', 'tools/call', { ...call('x'), smuggled: { arguments: 1 } });
    expect(Object.keys(callsThatArrived(upstream)[0]!.message.params).sort()).toEqual(['_meta', 'arguments', 'name']);
  });

  it('drops a broken tool with a note and keeps the others', async () => {
    const tools: any[] = [{ name: 'broken', inputSchema: {} }, ECHO_TOOL, 7, { ...ECHO_TOOL }, { name: 'header', inputSchema: { type: 'object', properties: { a: { type: 'number', 'x-mcp-header': 'A' } } } }];
    const { harness } = await start(modernServer(tools));
    expect((await harness.modern('files', 'tools/list')).response.result.tools).toEqual([ECHO_TOOL]);
    expect(harness.events.at(-1)?.notes).toEqual([
      expect.stringMatching(/^tool_dropped:broken: /),
      'tool_dropped:(no name): is not an object',
      'tool_dropped:echo: has the name of another tool',
      expect.stringMatching(/^tool_dropped:header: /),
    ]);
  });

  describe('a list of several pages', () => {
    const pages: Readonly<Record<string, object>> = {
      '': { tools: [ECHO_TOOL, { name: 'broken' }], nextCursor: 'two' },
      two: { tools: [{ ...ECHO_TOOL, name: 'second' }], nextCursor: 'three' },
      three: { tools: [{ ...ECHO_TOOL, name: 'third' }] },
    };
    const paged = modernServer([], ({ message }) => (message.method === 'tools/list' ? { result: { resultType: 'complete', ttlMs: 1000, cacheScope: 'public', ...pages[message.params.cursor ?? ''] } } : undefined));

    it('MUL-8 is passed on page by page, each with what the principal may see of it', async () => {
      const policies = { d: DISCOVER, p: 'permit(principal, action in [Mcp::Action::"files/echo", Mcp::Action::"files/third"], resource);' };
      const { harness } = await start(paged, { policies });
      const seen: string[][] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const { result }: { result: any } = (await harness.modern('files', 'tools/list', cursor === '' ? {} : { cursor })).response;
        seen.push(result.tools.map(({ name }: { name: string }) => name));
        cursor = result.nextCursor;
      }
      expect(seen).toEqual([['echo'], [], ['third']]);
    });

    it('is read to its end before a tool is said not to exist', async () => {
      const { harness } = await start(paged);
      expect((await harness.modern('files', 'tools/call', { ...call('x'), name: 'third' })).response.result.content[0].text).toBe('{"text":"x"}');
      expect((await harness.modern('files', 'tools/call', { ...call('x'), name: 'fourth' })).response.error.message).toBe('Unknown tool: fourth');
    });

    it('that never ends does not hold up a call', async () => {
      const endless = modernServer([], ({ message }) => (message.method === 'tools/list' ? { result: { resultType: 'complete', tools: [{ ...ECHO_TOOL, name: `tool-${message.params.cursor ?? 0}` }], nextCursor: String(Number(message.params.cursor ?? 0) + 1) } } : undefined));
      const { harness, upstream } = await start(endless);
      expect((await harness.modern('files', 'tools/call', { ...call('x'), name: 'tool-99' })).response.result).toBeDefined();
      expect((await harness.modern('files', 'tools/call', { ...call('x'), name: 'tool-100' })).response.error.message).toBe('Unknown tool: tool-100');
      expect(upstream.received.filter(({ message }) => message.method === 'tools/list').length).toBe(100);
    });
  });

  it('is told when the session that the gateway opened with it is over', async () => {
    const legacy: Respond = ({ httpMethod, message }, response) => {
      if (httpMethod === 'DELETE') return void response.writeHead(204).end();
      if (message.method === 'initialize') {
        response.setHeader('mcp-session-id', 's-1');
        return { result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'old', version: '1' } } };
      }
      if (message.id === undefined) return void response.writeHead(202).end();
      if (message.method === 'tools/list') return { result: { tools: [ECHO_TOOL] } };
      return message.method === 'tools/call' ? { result: { content: [] } } : { error: { code: -32601, message: 'Method not found' } };
    };
    const { harness, upstream } = await start(legacy);
    expect((await harness.modern('files', 'tools/call', call('x'))).response.result.content).toEqual([]);
    await harness.gateway.close();
    expect(upstream.received.at(-1)).toMatchObject({ httpMethod: 'DELETE', headers: { 'mcp-session-id': 's-1', 'mcp-protocol-version': '2025-11-25' } });
  });

  it('shows of the capabilities of a server only what is checked, and only versions of our own', async () => {
    const { harness } = await start(modernServer());
    expect((await harness.modern('files', 'server/discover')).response.result).toMatchObject({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, cacheScope: 'private' });
    expect((await harness.modern('files', 'server/discover')).response.result.capabilities).not.toHaveProperty('tasks');
  });

  /** Short for the server whose silence is the point; for the others no limit on time is what a busy machine meets. */
  const limitsFor = (act: Respond) => (act === hang ? { connectMs: 500, firstByteMs: 300, idleMs: 300, totalMs: 1_000 } : { connectMs: 4_000, firstByteMs: 4_000, idleMs: 4_000, totalMs: 4_500 });
  const onCall = (act: Respond): Respond => modernServer([ECHO_TOOL], (received, response) => (received.message?.method === 'tools/call' ? act(received, response) : undefined));
  const hang: Respond = () => new Promise(() => {});

  it.each<[string, number, string, Respond]>([
    ['hangs', -31504, 'upstream_timeout', hang],
    ['answers garbage', -31502, 'upstream_garbage', (_, response) => void response.setHeader('content-type', 'application/json').end('{"no":')],
    ['answers with the wrong id', -31502, 'upstream_garbage', (_, response) => void response.setHeader('content-type', 'application/json').end('{"jsonrpc":"2.0","id":999,"result":{}}')],
    ['fails with a page', -31502, 'upstream_status', (_, response) => void response.writeHead(500).end('<h1>oops</h1>')],
    ['dies', -31502, 'upstream_closed', (_, response) => void response.socket?.destroy()],
    ['ends a stream too early', -31502, 'upstream_closed', (_, response) => void response.setHeader('content-type', 'text/event-stream').end(': nothing\n\n')],
    ['sends an answer that is too large', -31502, 'upstream_too_large', (_, response) => void response.setHeader('content-type', 'application/json').end(`"${'x'.repeat(70_000)}"`)],
  ])('gives a JSON-RPC error within the limit when the server %s, and serves the next call', async (_, code, reason, act) => {
    let failing = true;
    const respond = onCall((received, response) => (failing ? act(received, response) : { result: { resultType: 'complete', content: [] } }));
    const { harness } = await start(respond, {}, { upstreamLimits: { ...limitsFor(act), maxMessageBytes: 65_536 } });
    const began = performance.now();
    const { status, response } = await harness.modern('files', 'tools/call', call('x'));
    expect(performance.now() - began).toBeLessThan(5_000);
    expect([status, response.id, response.error.code, response.error.data.reason]).toEqual([200, 1, code, reason]);
    expect(harness.events.at(-1)).toMatchObject({ decision: 'error', reason });
    failing = false;
    expect((await harness.modern('files', 'tools/call', call('x'))).response.result.content).toEqual([]);
  });

  it('says so when the server cannot be reached', async () => {
    const harness = startHarness([{ name: 'files', upstream: { kind: 'http', url: 'http://127.0.0.1:9/mcp', headers: {} } }]);
    open.push(harness);
    const { response } = await harness.modern('files', 'tools/call', call('x'));
    expect(response.error).toMatchObject({ code: -31502, data: { reason: 'upstream_connect' } });
  });

  it('streams progress as it comes, and the result at the end', async () => {
    const respond = onCall(({ message }, response) => {
      response.setHeader('content-type', 'text/event-stream');
      for (const progress of [1, 2]) response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'p', progress } })}\n\n`);
      response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { resultType: 'complete', content: [] } })}\n\n`);
      return undefined;
    });
    const { harness } = await start(respond);
    const { headers, messages } = await harness.modern('files', 'tools/call', call('x'), { meta: { progressToken: 'p' } });
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(messages.map((message) => message.params?.progress ?? message.result?.resultType)).toEqual([1, 2, 'complete']);
    expect(harness.events.filter(({ method }) => method === 'tools/call')).toHaveLength(1);
  });

  it('cancels the call upstream when a modern client goes away', async () => {
    let gone: () => void;
    const closed = new Promise<void>((resolve) => (gone = resolve));
    const respond = onCall((_, response) => {
      response.on('close', () => gone());
      response.setHeader('content-type', 'text/event-stream');
      response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'p', progress: 1 } })}\n\n`);
      return new Promise(() => {});
    });
    const { harness } = await start(respond);
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...call('x'), _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, progressToken: 'p' } } });
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
    const response = await harness.fetchAs('alice')(`${PUBLIC_URL}/mcp/files`, { method: 'POST', headers, body });
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    await closed;
    expect(harness.events.at(-1)).toMatchObject({ method: 'tools/call', httpStatus: 200 });
  });
});

describe('the audit event', () => {
  it('LOG-1 is written once for each request, allowed or not, and holds no argument', async () => {
    const policies = { p: 'permit(principal, action, resource);', f: 'forbid(principal, action == Mcp::Action::"files/echo", resource) when { context.arguments.text like "*secret*" };' };
    const { harness } = await start(modernServer(), { policies });
    await harness.modern('files', 'tools/call', call('hello world'));
    await harness.modern('files', 'tools/call', call('my secret'));
    await harness.modern('nowhere', 'tools/call', call('x'));
    await harness.modern('files', 'tools/call', call('x'), { headers: { 'mcp-name': 'other' } });
    expect(harness.events.map(({ decision, reason, httpStatus, policyIds }) => [decision, reason, httpStatus, policyIds])).toEqual([
      ['allow', undefined, 200, ['p']],
      ['deny', 'forbidden', 200, ['f']],
      ['deny', 'unknown_route', 404, []],
      ['deny', 'header_mismatch', 400, []],
    ]);
    expect(harness.events[0]).toMatchObject({ server: 'files', method: 'tools/call', target: 'echo', principal: { type: 'User', id: 'alice' }, upstreamStatus: 200, protocolVersion: '2026-07-28', argumentsDigest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(JSON.stringify(harness.events)).not.toMatch(/hello world|my secret/);
    expect(new Set(harness.events.map(({ requestId }) => requestId)).size).toBe(4);
  });

  it('LOG-1 keeps an answer back until its event is kept, also a refusal', async () => {
    const order: string[] = [];
    let kept = () => {};
    const recorder: AuditSink = {
      write: ({ decision }) => void order.push(`event ${decision}`),
      flush: async () => {},
      recorded: () => new Promise((resolve) => (kept = resolve)),
    };
    const { harness } = await start(modernServer(), { audit: recorder, policies: { d: DISCOVER, p: 'permit(principal, action == Mcp::Action::"files/echo", resource) when { context.arguments.text == "yes" };' } });
    for (const text of ['yes', 'no']) {
      const answered = harness.modern('files', 'tools/call', call(text)).then(() => order.push('answer'));
      while (order.at(-1)?.startsWith('event') !== true) await setImmediate();
      await setImmediate();
      order.push('kept');
      kept();
      await answered;
    }
    expect(order).toEqual(['event allow', 'kept', 'answer', 'event deny', 'kept', 'answer']);
  });

  it('LOG-1 refuses to serve when events cannot be kept', async () => {
    const { upstream, harness } = await start(modernServer(), { audit: { write: () => {}, flush: async () => {}, ready: () => false } });
    const { status, response } = await harness.modern('files', 'tools/call', call('x'));
    expect([status, response.error.code]).toEqual([503, -31503]);
    expect(upstream.received).toHaveLength(0);
  });
});

describe('before anything else', () => {
  it('IAM-3 publishes the metadata of each route and of the root, and challenges a request without a token', async () => {
    const { harness } = await start(modernServer());
    const get = async (path: string) => (await harness.fetchAs('x')(`${PUBLIC_URL}${path}`)).json();
    expect(await get('/.well-known/oauth-protected-resource/mcp/files')).toMatchObject({ resource: `${PUBLIC_URL}/mcp/files`, authorization_servers: ['https://issuer.example'] });
    expect(await get('/.well-known/oauth-protected-resource')).toMatchObject({ resource: PUBLIC_URL });
    expect((await harness.fetchAs('x')(`${PUBLIC_URL}/.well-known/oauth-protected-resource/mcp/nowhere`)).status).toBe(404);
    const challenged = await harness.gateway.fetch(new Request(`${PUBLIC_URL}/mcp/files`, { headers: { host: '127.0.0.1:8808', accept: 'text/event-stream' } }), {});
    expect([challenged.status, challenged.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });

  it('GW-3 answers 429 with Retry-After when a limit is reached, before and after authentication', async () => {
    const { upstream, harness } = await start(modernServer(), { rateLimiter: { take: (keys) => (keys.principal === undefined ? { allowed: true } : { allowed: false, retryAfterSeconds: 7, limit: 'principal' }) } });
    const { status, headers, response } = await harness.modern('files', 'tools/call', call('x'));
    expect([status, headers.get('retry-after'), response.error.code]).toEqual([429, '7', -31429]);
    expect(harness.events).toMatchObject([{ decision: 'deny', reason: 'rate_limit_principal' }]);
    expect(upstream.received).toHaveLength(0);
  });

  it('GW-1 answers a preflight before authentication, and lets the page of an allowed origin read the answer', async () => {
    const { harness } = await start(modernServer());
    const preflight = await harness.fetchAs('x')(`${PUBLIC_URL}/mcp/files`, { method: 'OPTIONS', headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' } });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, 'https://app.example']);
    const { headers } = await harness.modern('files', 'tools/list', {}, { headers: { origin: 'https://app.example' } });
    expect(headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect((await harness.modern('files', 'tools/list', {}, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
  });
});
