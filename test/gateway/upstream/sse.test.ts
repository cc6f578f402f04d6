import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_UPSTREAM_LIMITS, openSseChannel, UpstreamFailure, type ServerChannel, type UpstreamLimits } from '../../../lambda/gateway/upstream';
import type { JsonRpcMessage } from '../../../lambda/protocol';

type Handle = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' } as const;
let server: Server;
let channel: ServerChannel | undefined;
const heard: JsonRpcMessage[] = [];
let ended: Promise<UpstreamFailure>;

async function open(handle: Handle, limits: Partial<UpstreamLimits> = {}, headers: Record<string, string> = {}): Promise<ServerChannel> {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk)).on('end', () => handle(request, response, body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sse`;
  let end: (failure: UpstreamFailure) => void;
  ended = new Promise((resolve) => (end = resolve));
  const handlers = { onMessage: (message: JsonRpcMessage) => void heard.push(message), onExit: (_: string, { failure }: { failure: UpstreamFailure }) => end(failure) };
  channel = await openSseChannel({ name: 'old', url, headers, limits: { ...DEFAULT_UPSTREAM_LIMITS, ...limits } }, handlers);
  return channel;
}

/** A server that names `endpoint` and gives what is posted to `onPost`, with the stream to answer on. */
function speaking(onPost: (body: string, stream: ServerResponse, response: ServerResponse, request: IncomingMessage) => void, endpoint = '/message?sessionId=1'): Handle {
  let stream: ServerResponse;
  return (request, response, body) => {
    if (request.method === 'POST') return onPost(body, stream, response, request);
    stream = response.writeHead(200, { 'content-type': 'text/event-stream' });
    stream.write(`event: endpoint\ndata: ${endpoint}\n\n`);
  };
}

afterEach(async () => {
  heard.length = 0;
  await channel?.stop();
  channel = undefined;
  server.closeAllConnections();
  server.close();
});

test('messages are posted to the endpoint in their order, with the headers of the server, and answers come on the stream', async () => {
  const posted: string[] = [];
  const all = deferred<void>();
  const opened = await open(
    speaking((body, stream, response, request) => {
      posted.push(`${request.url} ${request.headers.authorization} ${(JSON.parse(body) as { id: number }).id}`);
      // The first is taken last.
      setTimeout(() => response.writeHead(202).end('Accepted'), posted.length === 1 ? 100 : 0);
      stream.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: posted.length, result: {} })}\n\n`);
      if (posted.length === 3) all.resolve();
    }),
    {},
    { authorization: 'Bearer own' },
  );
  for (const id of [1, 2, 3]) opened.send({ ...ping, id });
  await all.promise;
  expect(posted).toEqual([1, 2, 3].map((id) => `/message?sessionId=1 Bearer own ${id}`));
  while (heard.length < 3) await new Promise((resolve) => setImmediate(resolve));
  expect(heard.map((message) => 'id' in message && message.id)).toEqual([1, 2, 3]);
});

test.each<[string, Handle, string, string]>([
  ['is not there', (_, response) => response.writeHead(404).end(), 'status', 'The server "old" answered with HTTP 404 where its stream was expected.'],
  ['redirects', (_, response) => response.writeHead(307, { location: '/elsewhere' }).end(), 'status', 'The server "old" answered with HTTP 307 where its stream was expected.'],
  ['is no stream', (_, response) => response.setHeader('content-type', 'text/html').end('<p>'), 'garbage', 'The server "old" answered with something else than text/event-stream.'],
  ['ends at once', (_, response) => response.setHeader('content-type', 'text/event-stream').end(), 'closed', 'The server "old" ended its stream.'],
  ['leads to another origin', speaking(() => {}, 'http://169.254.169.254/latest'), 'garbage', 'The server "old" named an endpoint that is not at the origin of its stream.'],
  ['names no endpoint', speaking(() => {}, 'http://['), 'garbage', 'The server "old" named an endpoint that is not at the origin of its stream.'],
])('a stream that %s is no connection', async (_, handle, code, message) => {
  await expect(open(handle)).rejects.toMatchObject({ code, message });
});

test('an endpoint that is not named is waited for as long as the first byte of an answer', async () => {
  await expect(open((_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(), { firstByteMs: 100 })).rejects.toMatchObject({ code: 'timeout' });
});

test('nobody at the address is a failure to connect', async () => {
  const { promise, resolve } = deferred<UpstreamFailure>();
  const handlers = { onMessage: () => {}, onExit: (_: string, { failure }: { failure: UpstreamFailure }) => resolve(failure) };
  await expect(openSseChannel({ name: 'old', url: 'http://127.0.0.1:9/sse', headers: {}, limits: DEFAULT_UPSTREAM_LIMITS }, handlers)).rejects.toMatchObject({ code: 'connect', message: 'The server "old" refused the connection.' });
  expect((await promise).code).toBe('connect');
});

test.each<[string, Handle, string]>([
  ['ends its stream', speaking((_, stream) => stream.end()), 'closed'],
  ['breaks off', speaking((_, stream) => stream.destroy()), 'closed'],
  ['sends what is no message', speaking((_, stream) => stream.write('data: hello\n\n')), 'garbage'],
  ['sends a message that is too large', speaking((_, stream) => stream.write(`data: "${'x'.repeat(2_000)}"\n\n`)), 'too_large'],
  ['does not take a message', speaking((_body, _stream, response) => response.writeHead(404).end()), 'closed'],
])('a server that %s has gone, and says why to who sends again', async (_, handle, code) => {
  const opened = await open(handle, { maxMessageBytes: 1_000 });
  opened.send(ping);
  expect((await ended).code).toBe(code);
  expect(() => opened.send(ping)).toThrow(UpstreamFailure);
});

test('a server that takes no more is not sent more', async () => {
  const opened = await open(speaking(() => {}));
  expect(() => {
    for (let id = 0; id < 2_000; id += 1) opened.send({ ...ping, id });
  }).toThrow(expect.objectContaining({ code: 'capacity' }));
});

function deferred<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve!: (value: T) => void;
  return { promise: new Promise<T>((settle) => (resolve = settle)), resolve };
}
