import { once } from 'node:events';
import { createServer, IncomingMessage, request, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { ServedMessage } from '../../../lambda/gateway';

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

async function listen(Message: typeof IncomingMessage, listener: RequestListener): Promise<number> {
  const server = createServer({ IncomingMessage: Message }, listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.write(text);
  let answer = '';
  for await (const piece of socket) answer += piece;
  return answer;
}

const SENT = ['Host: one.example', 'Content-Type: a/b', 'content-type: c/d', 'X-List: 1', 'x-list: 2', 'Cookie: a=1', 'cookie: b=2', 'Set-Cookie: c', '__proto__: d', 'Connection: close'];

async function seenBy(Message: typeof IncomingMessage): Promise<unknown> {
  let seen: unknown;
  const port = await listen(Message, (incoming, outgoing) => {
    const { headers } = incoming;
    seen = [Object.keys(headers), { ...headers }, 'host' in headers, 'x-list' in headers, 'absent' in headers, headers.absent, Object.hasOwn(headers, 'cookie'), JSON.stringify(headers)];
    outgoing.end();
  });
  await exchange(port, `GET / HTTP/1.1\r\n${SENT.join('\r\n')}\r\n\r\n`);
  return seen;
}

it('GW-1 shows whoever asks the headers that Node.js shows', async () => {
  expect(await seenBy(ServedMessage)).toEqual(await seenBy(IncomingMessage));
});

it('GW-1 refuses a request of HTTP/1.1 without a host', async () => {
  const port = await listen(ServedMessage, (_incoming, outgoing) => outgoing.end());
  expect(await exchange(port, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
});

it('GW-1 lets a client that expects 100-continue go on, and refuses other expectations', async () => {
  const port = await listen(ServedMessage, (incoming, outgoing) => void incoming.pipe(outgoing));
  const asked = request({ port, host: '127.0.0.1', method: 'POST', headers: { expect: '100-continue', 'content-length': 4 } });
  asked.flushHeaders();
  await once(asked, 'continue');
  asked.end('body');
  const [answer] = (await once(asked, 'response')) as [IncomingMessage & { readonly headers: IncomingHttpHeaders }];
  expect((await answer.toArray()).join('')).toBe('body');
  expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 417 /);
});
