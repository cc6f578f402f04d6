/** Bytes over a socket to the HTTP server that `mcp-zero-trust local` runs: framing, pieces, pipelining, hang-ups. */
import * as fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { startHttpServer } from '../../../lambda/local/http-server';
import { startFakeServer, type Arrival } from '../fake-servers';
import { checkAnswer, checkArrivals, checkRecord, checkSecrets } from '../invariants';
import { PRINCIPALS } from '../policies';
import { damage, dressModern, headerDamage, idsOf, message, requestId, type Dressed } from '../requests';
import { parseAnswers, talk, type RawAnswer } from '../raw-http';
import { HOST, createSubject } from '../subject';
import { explained, holdsFor, type Target } from '../target';
import { show, showAnswer, type WireRequest } from '../wire';

interface Framing {
  readonly method: string;
  readonly path: string;
  readonly version: string;
  readonly body: 'length' | 'chunked' | 'both' | 'none' | 'too short' | 'too long' | 'negative' | 'two lengths' | 'bad chunk';
  /** A line of its own among the headers. */
  readonly line: string | undefined;
  readonly newline: string;
}

const framing: fc.Arbitrary<Framing> = fc.record({
  method: fc.oneof({ weight: 12, arbitrary: fc.constant('POST') }, { weight: 4, arbitrary: fc.constantFrom('HEAD', 'PUT', 'GET', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT', 'post', 'POST ', 'M-SEARCH', 'PRI', '') }),
  path: fc.oneof({ weight: 12, arbitrary: fc.constant('/mcp/modern') }, { weight: 4, arbitrary: fc.constantFrom('/mcp/modern/', '/mcp/modern?x=/mcp/other', '//mcp/modern', '/mcp/%6dodern', '/mcp/../mcp/modern', 'http://evil.example/mcp/modern', `http://${HOST}/mcp/modern`, '*', '/', '/healthz', '/mcp/__proto__', '/.well-known/oauth-protected-resource/mcp/modern', '/.well-known/oauth-protected-resource', '/mcp/modern#x', '/mcp/mod\u00e9rn', '/mcp/modern\t', `/${'a'.repeat(9_000)}`) }),
  version: fc.oneof({ weight: 20, arbitrary: fc.constant('HTTP/1.1') }, { weight: 1, arbitrary: fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', '') }),
  body: fc.oneof({ weight: 6, arbitrary: fc.constantFrom<Framing['body']>('length', 'chunked') }, { weight: 4, arbitrary: fc.constantFrom<Framing['body']>('both', 'none', 'too short', 'too long', 'negative', 'two lengths', 'bad chunk') }),
  line: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 4, arbitrary: fc.constantFrom('Host: evil.example', ' folded: x', 'no colon', 'X\u0000: y', 'X: a\rb', 'Transfer-Encoding: gzip', 'Expect: 100-continue', 'Expect: nonsense', 'Upgrade: h2c', 'Connection: upgrade', `X: ${'y'.repeat(20_000)}`, 'Mcp-Name : x', 'Authorization: Bearer bob.x', 'Content-Encoding: gzip', 'Trailer: Mcp-Name') }),
  newline: fc.oneof({ weight: 20, arbitrary: fc.constant('\r\n') }, { weight: 1, arbitrary: fc.constantFrom('\n', '\r') }),
});

const request = fc.record({
  framing,
  dressed: fc.record({ principal: fc.constantFrom(...PRINCIPALS, 'alice' as const), server: fc.constant('modern'), message, id: requestId, damage, headers: headerDamage }),
  cuts: fc.array(fc.nat(3_000), { maxLength: 4 }),
});
interface Drawn {
  readonly framing: Framing;
  readonly dressed: Dressed;
  readonly cuts: readonly number[];
}

export const http: Target = {
  name: 'http',
  title: 'HTTP over sockets: framing, pieces, pipelining, hang-ups',
  share: 2,
  async start() {
    const arrivals: Arrival[] = [];
    const modern = await startFakeServer('modern', 'modern', arrivals);
    const server = await startHttpServer({ host: '127.0.0.1', port: 0 }, { headersMs: 600, requestMs: 900, keepAliveMs: 400, stopMs: 200 });
    const { port } = server.address;
    const subject = createSubject([{ name: 'modern', upstream: { kind: 'http', url: modern.url, headers: {} } }], arrivals, { allowedHosts: [HOST], limits: { maxBodyBytes: 60_000 } });
    server.serve(subject.gateway);
    const conversation = fc.record({
      requests: fc.array(request, { minLength: 1, maxLength: 3 }),
      pauseMs: fc.constantFrom(0, 0, 0, 1, 5),
      then: fc.constantFrom('wait' as const, 'wait' as const, 'end' as const, 'destroy' as const),
    });
    return {
      property: holdsFor(conversation, async ({ requests, pauseMs, then }) => {
        subject.begin('open decisions');
        const wires = requests.map(({ dressed }) => dressModern(dressed));
        let answers: RawAnswer[] = [];
        let received = '';
        await explained(
          () => [...wires.map((wire, index) => `${JSON.stringify(requests[index]?.framing)}\n${show(wire)}`), `received: ${JSON.stringify(received.slice(0, 2_000))}`, ...answers.map(showAnswer)].join('\n'),
          async () => {
            const pieces = requests.flatMap((drawn, index) => cut(bytesOf(drawn, wires[index] as WireRequest, index === requests.length - 1), drawn.cuts));
            const bytes = await talk(port, { pieces, pauseMs, then });
            received = bytes.toString('latin1');
            // What was on its way when the client hung up still arrives.
            if (then === 'destroy') await sleep(30);
            await subject.settle(2_000);
            checkArrivals(subject.observed);
            checkRecord(subject.observed);
            if (then === 'destroy') return;
            // An answer to HEAD says how long a body would be that is not there.
            if (requests.some(({ framing: { method } }) => ['HEAD', 'CONNECT', ''].includes(method))) return;
            answers = parseAnswers(bytes);
            for (const answer of answers) {
              // What is not HTTP is refused by the HTTP server, without a body.
              if (answer.text === '' && [400, 408, 413, 417, 431, 501, 505].includes(answer.status)) continue;
              checkAnswer(answer, { ids: wires.flatMap(({ body }) => idsOf(body)), era: 'unknown' });
            }
            checkSecrets(subject.observed, wires, answers);
          },
        );
      }),
      async close() {
        await server.stop(() => subject.close());
        await modern.close();
      },
    };
  },
};

function bytesOf({ framing }: Drawn, wire: WireRequest, isLast: boolean): Buffer {
  const { method, path, version, newline, line } = framing;
  const body = Buffer.from(wire.body ?? []);
  const headers = [...wire.headers.map(([name, value]) => `${name}: ${value}`)];
  if (!wire.headers.some(([name]) => name === 'host')) headers.unshift(`Host: ${HOST}`);
  if (line !== undefined) headers.push(line);
  if (isLast) headers.push('Connection: close');
  const chunked = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
  const [own, sent]: [string[], Buffer] = {
    length: [[`Content-Length: ${body.length}`], body] as [string[], Buffer],
    chunked: [['Transfer-Encoding: chunked'], chunked] as [string[], Buffer],
    both: [[`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked'], chunked] as [string[], Buffer],
    none: [[], Buffer.alloc(0)] as [string[], Buffer],
    'too short': [[`Content-Length: ${Math.max(0, body.length - 5)}`], body] as [string[], Buffer],
    'too long': [[`Content-Length: ${body.length + 5}`], body] as [string[], Buffer],
    negative: [['Content-Length: -1'], body] as [string[], Buffer],
    'two lengths': [[`Content-Length: ${body.length}`, 'Content-Length: 1'], body] as [string[], Buffer],
    'bad chunk': [['Transfer-Encoding: chunked'], Buffer.concat([Buffer.from('zz\r\n'), body])] as [string[], Buffer],
  }[framing.body];
  return Buffer.concat([Buffer.from([`${method} ${path} ${version}`, ...headers, ...own, '', ''].join(newline), 'latin1'), sent]);
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((place, index) => bytes.subarray(place, places[index] ?? bytes.length)).filter((piece) => piece.length > 0);
}
