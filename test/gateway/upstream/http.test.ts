import { createHttpTransport, DEFAULT_UPSTREAM_LIMITS } from '../../../lambda/gateway/upstream';
import { chunk, json, response, startScriptedServer, STREAM_END, STREAM_HEAD } from './fixtures/scripted-server';
import { answer, call, connect, eventsOf, failureOf, post, server, transport } from './fixtures/transport';

describe('a JSON answer', () => {
  test('is there as one message, and again as events', async () => {
    await connect((socket) => socket.write(json(answer, { 'mcp-session-id': 's-1', 'x-thing': 'y' })));
    const exchange = await post();
    expect(exchange).toMatchObject({ status: 200, sessionId: 's-1', streaming: false, single: answer });
    expect(exchange.headers('x-thing')).toBe('y');
    expect(exchange.headers('constructor')).toBeUndefined();
    expect(await eventsOf(exchange)).toEqual([{ kind: 'message', message: answer }]);
  });

  test('sends what Streamable HTTP asks for, the configured headers, and the protocol headers over them', async () => {
    await connect((socket) => socket.write(json(answer)), {}, { Authorization: 'Bearer upstream', 'X-Both': 'configured' });
    await post(call, { headers: { 'mcp-method': 'tools/call', 'x-both': 'protocol' } });
    expect(server.requests).toEqual([
      {
        method: 'POST',
        path: '/mcp?tenant=a',
        headers: {
          host: expect.stringContaining('127.0.0.1:'),
          connection: 'keep-alive',
          accept: 'application/json, text/event-stream',
          'accept-encoding': 'identity',
          'content-type': 'application/json',
          'content-length': expect.any(String),
          authorization: 'Bearer upstream',
          'mcp-method': 'tools/call',
          'x-both': 'protocol',
        },
        body: JSON.stringify(call),
      },
    ]);
  });

  test('comes in pieces, also within a character', async () => {
    const message = { ...answer, result: { text: 'zażółć 🔒' } };
    await connect((socket) => {
      const bytes = json(message);
      let at = 0;
      const writeOne = () => {
        if (at >= bytes.length) return;
        socket.write(bytes.subarray(at, (at += 7)));
        setImmediate(writeOne);
      };
      writeOne();
    });
    expect((await post()).single).toEqual(message);
  });

  test('may be a batch (2025-03-26)', async () => {
    const second = { jsonrpc: '2.0', id: 2, result: {} } as const;
    await connect((socket) => socket.write(json([answer, second])));
    const exchange = await post([call, { ...call, id: 2 }]);
    expect(exchange.single).toBeUndefined();
    expect(await eventsOf(exchange)).toEqual([answer, second].map((message) => ({ kind: 'message', message })));
    expect(JSON.parse(server.requests[0]?.body ?? '')).toHaveLength(2);
  });

  test('uses one connection for calls one after another', async () => {
    await connect((socket) => socket.write(json(answer)));
    for (let i = 0; i < 10; i += 1) await post();
    // A second one serves a call that comes in the very turn in which the first one becomes free.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  test.each([
    ['HTTP 202', response(202, {})],
    ['HTTP 200 without a body', response(200, {})],
    ['HTTP 204', Buffer.from('HTTP/1.1 204 No Content\r\n\r\n')],
  ])('%s is an answer that says nothing', async (_, bytes) => {
    await connect((socket) => socket.write(bytes));
    const exchange = await post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    expect(exchange).toMatchObject({ streaming: false, single: undefined });
    expect(await eventsOf(exchange)).toEqual([]);
  });

  test('HTTP 202 is there with its headers, whatever becomes of the body', async () => {
    await connect((socket) => socket.write('HTTP/1.1 202 Accepted\r\ncontent-length: 100000\r\n\r\n'));
    expect((await post()).status).toBe(202);
  });
});

describe('what is not MCP is garbage', () => {
  test.each<[string, Buffer | string]>([
    ['HTML', response(200, { 'content-type': 'text/html' }, '<html>log in</html>')],
    ['a body without a content type', response(200, {}, JSON.stringify(answer))],
    ['two content types', 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-type: text/event-stream\r\ncontent-length: 2\r\n\r\n{}'],
    ['broken JSON', response(200, { 'content-type': 'application/json' }, '{"jsonrpc":"2.0",')],
    ['an empty JSON body', response(200, { 'content-type': 'application/json' })],
    ['JSON that is no JSON-RPC', json({ ok: true })],
    ['a message with both result and error', json({ ...answer, error: { code: 1, message: 'x' } })],
    ['an empty batch', json([])],
    ['a batch with something else in it', json([answer, 1])],
    ['bytes that are not UTF-8', response(200, { 'content-type': 'application/json' }, Buffer.from([0x22, 0xff, 0x22]))],
    ['nesting that would exhaust a stack', response(200, { 'content-type': 'application/json' }, `{"jsonrpc":"2.0","id":1,"result":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`)],
    ['a compressed body nobody asked for', response(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }, Buffer.alloc(100))],
    ['a session id with a space', json(answer, { 'mcp-session-id': 'a b' })],
    ['a body longer than announced', response(200, { 'content-type': 'application/json', 'content-length': '20' }, JSON.stringify(answer))],
    ['what is not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['interim responses without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50)],
  ])('%s', async (_, bytes) => {
    await connect((socket) => socket.write(bytes));
    const failure = await failureOf(post());
    expect(failure.code).toBe('garbage');
    expect(failure.message).toMatch(/^The server "files" .*\.$/);
    expect(failure.message).not.toContain('log in');
  });

  test('brackets inside strings are not nesting', async () => {
    const message = { ...answer, result: { text: `${'[{'.repeat(2_000)}"\\` } };
    await connect((socket) => socket.write(json(message)));
    expect((await post()).single).toEqual(message);
  });
});

describe('an answer that is not success', () => {
  test('names the status, and the JSON-RPC error in the body', async () => {
    const error = { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'no such method' } };
    await connect((socket) => socket.write(response(404, { 'content-type': 'application/json' }, JSON.stringify(error))));
    expect(await failureOf(post())).toMatchObject({ code: 'status', status: 404, error });
  });

  test.each([
    ['plain text', response(500, { 'content-type': 'text/plain' }, 'stack trace with secrets')],
    ['a body that does not end', Buffer.concat([Buffer.from('HTTP/1.1 500 Oops\r\n\r\n'), Buffer.alloc(200_000, 'x')])],
    ['a body that never comes', Buffer.from('HTTP/1.1 500 Oops\r\ncontent-length: 10\r\n\r\n')],
  ])('is the status alone with %s', async (_, bytes) => {
    await connect((socket) => socket.write(bytes), { idleMs: 50 });
    const failure = await failureOf(post());
    expect(failure).toMatchObject({ code: 'status', status: 500, error: undefined });
    expect(failure.message).toBe('The server "files" answered with HTTP 500.');
  });

  test('is the status alone when the connection breaks within the body', async () => {
    await connect((socket) => socket.end('HTTP/1.1 503 Busy\r\ncontent-length: 10\r\n\r\nabc'));
    expect(await failureOf(post())).toMatchObject({ code: 'status', status: 503 });
  });

  test('404 within a session means that the session is lost', async () => {
    await connect((socket) => socket.write(response(404, {})));
    expect((await failureOf(post(call, { headers: { 'mcp-session-id': 's-1' } }))).code).toBe('session_lost');
    expect((await failureOf(transport.openStream({ headers: { 'mcp-session-id': 's-1' } }))).code).toBe('session_lost');
    expect((await failureOf(post())).code).toBe('status');
  });

  test('a redirect is not followed', async () => {
    const elsewhere = await startScriptedServer((socket) => socket.write(json(answer)));
    await connect((socket) => socket.write(response(307, { location: elsewhere.url })));
    expect(await failureOf(post())).toMatchObject({ code: 'status', status: 307 });
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
  });
});

describe('sessions of old revisions', () => {
  test('openStream reads the GET stream with its checkpoints', async () => {
    await connect((socket) => socket.end(Buffer.concat([Buffer.from(STREAM_HEAD), chunk('retry: 250\nid: 7\ndata:\n\n'), Buffer.from(STREAM_END)])));
    const exchange = await transport.openStream({ headers: { 'last-event-id': '6' } });
    expect(exchange.streaming).toBe(true);
    expect(await eventsOf(exchange)).toEqual([{ kind: 'checkpoint', eventId: '7', retryMs: 250 }]);
    expect(server.requests[0]).toMatchObject({ method: 'GET', headers: { accept: 'text/event-stream', 'last-event-id': '6' } });
  });

  test('openStream answers with the status where there is no stream', async () => {
    await connect((socket) => socket.write(response(405, { allow: 'POST' }, 'no')));
    const exchange = await transport.openStream({ headers: {} });
    expect(exchange).toMatchObject({ status: 405, streaming: false });
    expect(await eventsOf(exchange)).toEqual([]);
  });

  test.each([200, 204, 404, 405])('endSession answers with HTTP %d', async (status) => {
    await connect((socket) => socket.write(status === 204 ? 'HTTP/1.1 204 No Content\r\n\r\n' : response(status, {}, 'bye')));
    expect(await transport.endSession({ headers: { 'mcp-session-id': 's-1' } })).toBe(status);
    expect(server.requests[0]).toMatchObject({ method: 'DELETE', headers: { 'mcp-session-id': 's-1' } });
  });
});

test('a configured header may not change how messages are framed', () => {
  const upstream = { name: 'files', url: 'http://127.0.0.1/mcp', limits: DEFAULT_UPSTREAM_LIMITS };
  expect(() => createHttpTransport({ ...upstream, headers: { 'Content-Length': '3' } })).toThrow('The header "content-length" of the server "files" cannot be configured');
});

test('a header that HTTP cannot carry is refused without its value', async () => {
  await connect((socket) => socket.write(json(answer)));
  const refused = post(call, { headers: { 'mcp-name': 'a\r\nx-injected: secret' } });
  await expect(refused).rejects.toThrow(TypeError);
  await expect(refused).rejects.toThrow(/mcp-name/);
  await expect(refused).rejects.not.toThrow(/secret/);
});
