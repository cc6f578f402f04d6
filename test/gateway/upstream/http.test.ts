import { createServer } from 'node:net';
import type { JsonRpcMessage } from '../../../lambda/protocol';
import { createHttpTransport, DEFAULT_UPSTREAM_LIMITS, UpstreamFailure, type HttpExchange, type HttpTransport, type UpstreamEvent, type UpstreamLimits } from '../../../lambda/gateway/upstream';
import { chunk, json, response, startScriptedServer, STREAM_END, STREAM_HEAD, type Script, type ScriptedServer } from './fixtures/scripted-server';

const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo' } } as const;
const answer = { jsonrpc: '2.0', id: 1, result: { text: 'ok' } } as const;

let server: ScriptedServer;
let transport: HttpTransport;

async function connect(script: Script, limits: Partial<UpstreamLimits> = {}, headers: Record<string, string> = {}): Promise<void> {
  server = await startScriptedServer(script);
  transport = createHttpTransport({ name: 'files', url: server.url, headers, limits: { ...DEFAULT_UPSTREAM_LIMITS, ...limits } });
}

const post = (message: JsonRpcMessage | JsonRpcMessage[] = call, options: { headers?: Record<string, string>; signal?: AbortSignal; totalMs?: number } = {}): Promise<HttpExchange> =>
  transport.post(message, { headers: {}, ...options });

async function eventsOf(exchange: HttpExchange): Promise<UpstreamEvent[]> {
  const events: UpstreamEvent[] = [];
  for await (const event of exchange.events) events.push(event);
  return events;
}

async function failureOf(promise: Promise<unknown>): Promise<UpstreamFailure> {
  const failure = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(UpstreamFailure);
  return failure as UpstreamFailure;
}

afterEach(async () => {
  await transport?.close();
  await server?.close();
});

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

describe('sizes are bounded', () => {
  const limits = { maxMessageBytes: 10_000, idleMs: 5_000 };

  test('an announced body that is too large is not read', async () => {
    await connect((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10001\r\n\r\n'), limits);
    expect((await failureOf(post())).code).toBe('too_large');
    await server.allClosed();
  });

  test.each([
    ['a JSON body', 'application/json', '{'],
    ['one SSE line', 'text/event-stream', 'data: '],
    ['one SSE comment', 'text/event-stream', ': '],
    ['an SSE event of many lines', 'text/event-stream', ''],
  ])('%s without end is cut', async (_, type, start) => {
    await connect((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n\r\n${start}`);
      const flood = () => {
        while (!socket.destroyed && socket.write(start === '' ? 'data: aaaaaaaaaaaaaaaaaaaa\n'.repeat(50) : 'a'.repeat(1_000)));
      };
      socket.on('drain', flood);
      flood();
    }, limits);
    const failure = await failureOf(post().then(eventsOf));
    expect(failure.code).toBe('too_large');
    expect(failure.message).toBe('The server "files" sent a message larger than 10000 bytes.');
    await server.allClosed();
  });

  test('the limit is in bytes, whatever the characters', async () => {
    const message = { ...answer, result: { text: '€'.repeat(4_000) } };
    await connect((socket) => socket.write(Buffer.concat([Buffer.from(STREAM_HEAD), chunk(`data: ${JSON.stringify(message)}\n\n`), Buffer.from(STREAM_END)])), limits);
    expect((await failureOf(post().then(eventsOf))).code).toBe('too_large');
  });

  test('response headers without end are cut', async () => {
    await connect((socket) => socket.write(`HTTP/1.1 200 OK\r\n${'x-a: bbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n'.repeat(5_000)}`), limits);
    expect((await failureOf(post())).code).toBe('too_large');
  });

  test('a reader that is slow makes the server wait', async () => {
    const total = 10_000;
    let written = 0;
    await connect((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n');
      const pump = () => {
        while (written < total) {
          written += 1;
          if (!socket.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progress: written, filler: 'x'.repeat(1_000) } })}\n\n`)) return;
        }
        socket.end();
      };
      socket.on('drain', pump);
      pump();
    }, { idleMs: 200 });
    const exchange = await post();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(written).toBeLessThan(total);
    expect((await eventsOf(exchange)).length).toBe(total);
  });
});

describe('time is bounded', () => {
  test('no headers: first byte', async () => {
    await connect(() => undefined, { firstByteMs: 60 });
    const failure = await failureOf(post());
    expect(failure).toMatchObject({ code: 'timeout', message: 'The server "files" did not begin to answer within 60 ms.' });
    await server.allClosed();
  });

  test.each([
    ['an answer', 'HTTP/1.1 200 OK', 'timeout'],
    ['an error', 'HTTP/1.1 401 Unauthorized', 'status'],
  ])('%s that breaks off is over after a silence, even where a stream would have no limit', async (_what, head, code) => {
    await connect((socket) => socket.write(`${head}\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"jso`), { idleMs: 60 });
    expect((await failureOf(transport.post(call, { headers: {}, totalMs: Infinity, idleMs: Infinity }))).code).toBe(code);
  });

  test('silence within a body: idle', async () => {
    await connect((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"jso'), { idleMs: 60 });
    expect(await failureOf(post())).toMatchObject({ code: 'timeout', message: 'The server "files" sent nothing for 60 ms.' });
    await server.allClosed();
  });

  test('silence within a stream: idle, after the events that came', async () => {
    await connect((socket) => socket.write(Buffer.concat([Buffer.from(STREAM_HEAD), chunk(`data: ${JSON.stringify(answer)}\n\n`)])), { idleMs: 60 });
    const { events } = await post();
    expect(await events.next()).toEqual({ done: false, value: { kind: 'message', message: answer } });
    expect((await failureOf(events.next())).code).toBe('timeout');
    await server.allClosed();
  });

  test('comments hold off the limit on silence, not the limit on the whole', async () => {
    await connect((socket) => {
      socket.write(STREAM_HEAD);
      const timer = setInterval(() => socket.write(chunk(': keep-alive\n\n')), 20);
      socket.on('close', () => clearInterval(timer));
    }, { idleMs: 300, totalMs: 800 });
    const startedAt = performance.now();
    const failure = await failureOf(post().then(eventsOf));
    expect(failure).toMatchObject({ code: 'timeout', message: 'The server "files" did not finish within 800 ms.' });
    expect(performance.now() - startedAt).toBeGreaterThan(700);
  });

  test('a body that drips ends at the limit on the whole', async () => {
    await connect((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n');
      const timer = setInterval(() => socket.write(' '), 10);
      socket.on('close', () => clearInterval(timer));
    }, { idleMs: 5_000 });
    expect((await failureOf(post(call, { totalMs: 200 }))).message).toBe('The server "files" did not finish within 200 ms.');
  });
});

describe('the connection', () => {
  test('refused is a failure to connect, said clearly', async () => {
    await connect(() => undefined);
    await server.close();
    expect(await failureOf(post())).toMatchObject({ code: 'connect', message: 'The server "files" refused the connection.' });
  });

  test('that is not accepted in time is a failure to connect', async () => {
    // A TLS client to a server that never speaks: connected, but no connection yet.
    const silent = createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    transport = createHttpTransport({ name: 'files', url: `https://127.0.0.1:${port}/mcp`, headers: {}, limits: { ...DEFAULT_UPSTREAM_LIMITS, connectMs: 60 } });
    expect(await failureOf(post())).toMatchObject({ code: 'connect', message: 'The server "files" did not accept a connection within 60 ms.' });
    await transport.close();
    silent.close();
  });

  test.each<[string, Script]>([
    ['before the answer', (socket) => socket.destroy()],
    ['within the headers', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-ty')],
    ['within the body', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"jso')],
    ['reset', (socket) => socket.resetAndDestroy()],
  ])('lost %s is closed, and the call is not sent again', async (_, script) => {
    await connect(script);
    expect((await failureOf(post())).code).toBe('closed');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(server.requests).toHaveLength(1);
  });

  test('lost on a kept-alive socket after a request was written: the call is not sent again', async () => {
    await connect((socket, _request, count) => (count === 1 ? socket.write(json(answer)) : socket.resetAndDestroy()));
    await post();
    expect((await failureOf(post())).code).toBe('closed');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(server.requests).toHaveLength(2);
  });

  test('closed by the server while idle is noticed before a call is written to it', async () => {
    await connect((socket) => {
      socket.write(json(answer));
      setTimeout(() => socket.destroy(), 5);
    });
    for (let i = 0; i < 5; i += 1) {
      expect((await post()).single).toEqual(answer);
      await server.allClosed();
    }
    expect(server.requests).toHaveLength(5);
  });

  test('lost within a stream is closed', async () => {
    await connect((socket) => socket.end(Buffer.concat([Buffer.from(STREAM_HEAD), chunk(': hello\n\n')])));
    expect((await failureOf(post().then(eventsOf))).code).toBe('closed');
  });
});

describe('giving up', () => {
  test('before sending: nothing is sent', async () => {
    await connect((socket) => socket.write(json(answer)));
    expect((await failureOf(post(call, { signal: AbortSignal.abort() }))).code).toBe('aborted');
    expect(server.connections()).toBe(0);
  });

  test('while the connection is being made: nothing is sent', async () => {
    await connect((socket) => socket.write(json(answer)));
    const controller = new AbortController();
    const pending = post(call, { signal: controller.signal });
    controller.abort();
    expect((await failureOf(pending)).code).toBe('aborted');
    expect((await post({ ...call, id: 2 })).status).toBe(200);
    expect(server.requests.map(({ body }) => JSON.parse(body).id)).toEqual([2]);
  });

  test('while waiting for the answer closes the socket', async () => {
    const controller = new AbortController();
    await connect(() => controller.abort());
    expect((await failureOf(post(call, { signal: controller.signal }))).code).toBe('aborted');
    await server.allClosed();
  });

  test('while a stream is read closes the socket and fails the reader', async () => {
    await connect((socket) => socket.write(STREAM_HEAD));
    const controller = new AbortController();
    const { events } = await post(call, { signal: controller.signal });
    const next = failureOf(events.next());
    controller.abort();
    expect((await next).code).toBe('aborted');
    await server.allClosed();
  });

  test('return() before the answer closes the socket', async () => {
    await connect((socket) => socket.write(Buffer.concat([Buffer.from(STREAM_HEAD), chunk('id: 1\ndata:\n\n')])));
    for await (const event of (await post()).events) {
      expect(event).toEqual({ kind: 'checkpoint', eventId: '1' });
      break;
    }
    await server.allClosed();
  });

  test('return() after the answer lets the stream end, so that the connection serves the next call', async () => {
    await connect((socket) => {
      socket.write(Buffer.concat([Buffer.from(STREAM_HEAD), chunk(`data: ${JSON.stringify(answer)}\n\n`)]));
      setTimeout(() => socket.write(STREAM_END), 10);
    });
    for (let i = 0; i < 3; i += 1) {
      for await (const event of (await post()).events) if (event.kind === 'message') break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(server.connections()).toBe(1);
  });

  test('return() after the answer closes a stream that goes on', async () => {
    await connect((socket) => {
      socket.write(Buffer.concat([Buffer.from(STREAM_HEAD), chunk(`data: ${JSON.stringify(answer)}\n\n`)]));
      const timer = setInterval(() => socket.write(chunk(`: ${'x'.repeat(5_000)}\n`)), 2);
      socket.on('close', () => clearInterval(timer));
    });
    for await (const event of (await post()).events) if (event.kind === 'message') break;
    await server.allClosed();
  });

  test('close() of the transport ends what is open', async () => {
    await connect((socket, { method }) => method === 'GET' && socket.write(STREAM_HEAD));
    const { events } = await transport.openStream({ headers: {} });
    const waiting = failureOf(post());
    const reading = failureOf(events.next());
    await transport.close();
    expect([(await waiting).code, (await reading).code]).toEqual(['stopped', 'stopped']);
    expect((await failureOf(post())).code).toBe('stopped');
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
