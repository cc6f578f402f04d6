import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Peer } from '../../lambda/gateway';
import { startHttpServer, type HttpServer } from '../../lambda/local/http-server';

type Fetch = (request: Request, peer: Peer) => Promise<Response>;

describe('the local HTTP server', () => {
  const servers: HttpServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  async function start(fetch?: Fetch, limits = {}): Promise<{ readonly server: HttpServer; readonly url: string }> {
    const server = await startHttpServer({ host: '127.0.0.1', port: 0 }, { stopMs: 200, ...limits });
    servers.push(server);
    if (fetch) server.serve({ fetch });
    return { server, url: `http://127.0.0.1:${server.address.port}` };
  }

  test('hands a request with its body and the address of its sender to the gateway', async () => {
    const { url } = await start(async (request, peer) => Response.json({ method: request.method, url: request.url, body: await request.text(), address: peer.address }));
    const answer = await fetch(`${url}/mcp/files?x=1`, { method: 'POST', body: 'hello' });
    expect(await answer.json()).toEqual({ method: 'POST', url: `${url}/mcp/files?x=1`, body: 'hello', address: '127.0.0.1' });
  });

  test('answers 503 until there is a gateway', async () => {
    const { server, url } = await start();
    expect((await fetch(`${url}/mcp/files`)).status).toBe(503);
    server.serve({ fetch: async () => new Response('served') });
    expect(await (await fetch(`${url}/mcp/files`)).text()).toBe('served');
  });

  test('passes each piece of a stream on as it comes', async () => {
    let push: (text: string) => void = () => undefined;
    const { url } = await start(async () => {
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => {
          push = (text) => controller.enqueue(new TextEncoder().encode(text));
        },
      });
      return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
    });
    const answer = await fetch(url);
    const reader = answer.body!.getReader();
    for (const piece of [': open\n\n', 'data: 1\n\n', 'data: 2\n\n']) {
      push(piece);
      expect(new TextDecoder().decode((await reader.read()).value)).toBe(piece);
    }
    await reader.cancel();
  });

  test('aborts the request when the client goes away before the answer', async () => {
    const aborted = new Promise<void>((resolve) => {
      void start(async (_request, peer) => {
        peer.disconnected?.addEventListener('abort', () => resolve());
        await delay(30_000, undefined, { ref: false });
        return new Response();
      }).then(async ({ url }) => {
        const client = new AbortController();
        const answer = fetch(url, { method: 'POST', body: '{}', signal: client.signal }).catch(() => undefined);
        await delay(50);
        client.abort();
        await answer;
      });
    });
    await aborted;
  });

  test('aborts the request and cancels the stream when the client goes away in the middle of a stream', async () => {
    const seen: string[] = [];
    let done: () => void = () => undefined;
    const both = new Promise<void>((resolve) => {
      done = () => seen.length === 2 && resolve();
    });
    const note = (what: string) => {
      seen.push(what);
      done();
    };
    const { url } = await start(async (request, peer) => {
      await request.text();
      peer.disconnected?.addEventListener('abort', () => note('aborted'));
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode(': open\n\n')),
        cancel: () => note('cancelled'),
      });
      return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
    });
    const client = new AbortController();
    const answer = await fetch(url, { method: 'POST', body: '{}', signal: client.signal });
    await answer.body!.getReader().read();
    client.abort();
    await both;
    expect(seen.sort()).toEqual(['aborted', 'cancelled']);
  });

  test('does not abort a request that was answered', async () => {
    let disconnected: Peer['disconnected'];
    const { url } = await start(async (_request, peer) => {
      disconnected = peer.disconnected;
      return Response.json({});
    });
    await (await fetch(url, { method: 'POST', body: '{}' })).text();
    await delay(50);
    expect(disconnected?.aborted).toBe(false);
  });

  test('GW-3 cuts a client that sends its headers one at a time', async () => {
    const { server } = await start(async () => new Response(), { headersMs: 300, requestMs: 600 });
    const socket = connect(server.address.port, '127.0.0.1');
    socket.write('POST /mcp/files HTTP/1.1\r\nHost: localhost\r\n');
    const drip = setInterval(() => socket.write('X-Slow: 1\r\n'), 100);
    const [first] = (await once(socket, 'data')) as [Buffer];
    clearInterval(drip);
    expect(first.toString()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('GW-3 cuts a client that sends its body a byte at a time', async () => {
    const { server } = await start(async (request) => new Response(await request.text()), { headersMs: 300, requestMs: 600 });
    const socket = connect(server.address.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST /mcp/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n');
    const drip = setInterval(() => socket.write('x'), 100);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
  });

  test('GW-3 refuses headers above the limit', async () => {
    const { url } = await start(async () => new Response());
    expect((await fetch(url, { headers: { 'x-long': 'x'.repeat(20_000) } })).status).toBe(431);
  });

  test('answers 400 to a Host that is none, without a word of what went wrong inside', async () => {
    const { server } = await start(async () => new Response('never'));
    const socket = connect(server.address.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n');
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(first.toString()).not.toMatch(/Error|at /);
  });

  test('says in one sentence that the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(startHttpServer({ host: '127.0.0.1', port })).rejects.toThrow(
      new Error(`127.0.0.1:${port} is taken by another program: stop it, or choose another port with --listen 127.0.0.1:0`),
    );
    other.close();
  });

  test('a stop ends idle connections at once and cuts open streams after its time', async () => {
    const { server, url } = await start(async () => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(1)) })));
    const reader = (await fetch(url)).body!.getReader();
    await reader.read();
    const began = Date.now();
    const ended = reader.read().catch(() => 'cut');
    await server.stop();
    expect(await ended).toBe('cut');
    expect(Date.now() - began).toBeLessThan(2_000);
    await expect(fetch(url)).rejects.toThrow();
  });
});
