import { createServer, type Socket } from 'node:net';
import { createHttpTransport, DEFAULT_UPSTREAM_LIMITS } from '../../../lambda/gateway/upstream';
import { chunk, json, STREAM_END, STREAM_HEAD, type Script } from './fixtures/scripted-server';
import { answer, call, connect, eventsOf, failureOf, post, server, transport } from './fixtures/transport';

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
    const toSilent = createHttpTransport({ name: 'files', url: `https://127.0.0.1:${port}/mcp`, headers: {}, limits: { ...DEFAULT_UPSTREAM_LIMITS, connectMs: 60 } });
    expect(await failureOf(toSilent.post(call, { headers: {} }))).toMatchObject({ code: 'connect', message: 'The server "files" did not accept a connection within 60 ms.' });
    await toSilent.close();
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

describe('interim responses (RFC 9110, 15.2)', () => {
  test.each([
    ['103 Early Hints', 'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n'],
    ['102 Processing, twice', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(2)],
  ])('%s: the answer comes after it', async (_, interim) => {
    await connect((socket) => {
      socket.write(interim);
      socket.write(json(answer));
    });
    expect((await post()).single).toEqual(answer);
    expect((await post()).single).toEqual(answer);
  });

  test.each([
    ['100 Continue', 'The server "files" sent HTTP 100 Continue, which was not asked for.'],
    ['101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade', 'The server "files" sent HTTP 101 Switching Protocols, which was not asked for.'],
  ])('%j, which the HTTP client cannot read past, fails its call with a word for it, and no other', async (interim, message) => {
    const waiting: Socket[] = [];
    await connect((socket, { body }) => {
      if (body.includes('"slow"')) waiting.push(socket);
      else if (body.includes('"quick"')) socket.write(json(answer));
      else socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 ${interim}\r\n\r\n`), json(answer)]));
    });
    const other = post({ ...call, params: { name: 'slow' } });
    expect(await failureOf(post())).toMatchObject({ code: 'garbage', message });
    expect((await post({ ...call, params: { name: 'quick' } })).single).toEqual(answer);
    waiting[0]!.write(json(answer));
    expect((await other).single).toEqual(answer);
    expect(server.requests).toHaveLength(3);
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
