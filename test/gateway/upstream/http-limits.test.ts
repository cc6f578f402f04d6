import { chunk, STREAM_END, STREAM_HEAD } from './fixtures/scripted-server';
import { answer, call, connect, eventsOf, failureOf, post, server, transport } from './fixtures/transport';

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
