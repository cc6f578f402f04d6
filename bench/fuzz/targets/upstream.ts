/** Servers that answer valid requests with anything at all, over HTTP and over stdio. */
import * as fc from 'fast-check';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerOptions } from '../../../lambda/gateway';
import { legacyAnswer, startFakeServer, type Arrival } from '../fake-servers';
import { hostileAnswer } from '../hostile-answers';
import { at } from '../loose';
import { checkAnswer, checkArrivals, checkRecord, checkSecrets } from '../invariants';
import { dressLegacy, dressModern, idsOf, initialize, type Dressed, type Message } from '../requests';
import { createSubject, type Subject } from '../subject';
import { explained, holdsFor, type Target } from '../target';
import { send, show, showAnswer, type WireAnswer, type WireRequest } from '../wire';

const LIMITS = { connectMs: 500, firstByteMs: 400, idleMs: 300, totalMs: 1_500, maxMessageBytes: 64_000 };

const message: fc.Arbitrary<Message> = fc.constantFrom(
  { method: 'tools/list', params: {} },
  { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } } },
  { method: 'tools/call', params: { name: 'new', arguments: { a: 'x' } } },
  { method: 'tools/call', params: { name: 'write', arguments: { path: 'home/a' } } },
  { method: 'prompts/list', params: {} },
  { method: 'prompts/get', params: { name: 'greet' } },
  { method: 'resources/list', params: {} },
  { method: 'resources/templates/list', params: {} },
  { method: 'resources/read', params: { uri: 'file:///home/a' } },
  { method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'a', value: 'b' } } },
  { method: 'server/discover', params: {} },
  { method: 'subscriptions/listen', params: { notifications: {} } },
);
const client = fc.record({ message, era: fc.constantFrom('modern' as const, 'legacy' as const), id: fc.constantFrom<string | number>(1, 'a') });

interface Transport {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly events: boolean;
  readonly prefix: string;
  readonly cutAt: number | undefined;
  readonly end: 'end' | 'destroy' | 'hang';
}
const transport: fc.Arbitrary<Transport> = fc.record({
  status: fc.oneof({ weight: 8, arbitrary: fc.constant(200) }, { weight: 3, arbitrary: fc.constantFrom(100, 202, 204, 301, 400, 401, 403, 404, 405, 429, 500, 503, 599) }),
  type: fc.constantFrom('application/json', 'application/json', 'text/event-stream', 'text/event-stream', 'text/html', '', 'application/json; charset=latin1'),
  headers: fc.constantFrom<Record<string, string>>({}, {}, {}, { 'content-encoding': 'gzip' }, { 'content-length': '5' }, { 'mcp-session-id': 'x y' }, { location: 'http://127.0.0.1:1/' }, { 'www-authenticate': 'Bearer' }, { 'set-cookie': 'a=b' }, { 'x-big': 'y'.repeat(20_000) }),
  events: fc.boolean(),
  prefix: fc.constantFrom('', '', ': comment\n\n', 'id: 1\nretry: 1\ndata: \n\n', 'id: 1\n\n', 'event: endpoint\ndata: /x\n\n', 'retry: 0\n\n', '\ufeff', 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}\n\n', 'data: {"jsonrpc":"2.0","method":"notifications/nonsense"}\n\n', 'data: x\n\n', '\r\n\r', ': '.repeat(40_000)),
  cutAt: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(300) }),
  end: fc.oneof({ weight: 8, arbitrary: fc.constant('end' as const) }, { weight: 2, arbitrary: fc.constant('destroy' as const) }, { weight: 1, arbitrary: fc.constant('hang' as const) }),
});

export const httpUpstream: Target = {
  name: 'upstream',
  title: 'hostile servers over HTTP',
  share: 3,
  async start() {
    const arrivals: Arrival[] = [];
    const eras = ['modern', 'legacy'] as const;
    const fakes = await Promise.all(eras.map((era) => startFakeServer(era, era, arrivals)));
    const servers = eras.map((name, index): ServerOptions => ({ name, upstream: { kind: 'http', url: fakes[index]?.url ?? '', headers: {} }, upstreamLimits: LIMITS }));
    const subject = createSubject(servers, arrivals, { limits: { catalogMs: 0, inputMs: 200, keepAliveMs: 50 } });
    const drawn = fc.record({ client, server: fc.constantFrom(...eras), answers: fc.array(fc.tuple(hostileAnswer, transport), { minLength: 1, maxLength: 3 }) });
    return {
      property: holdsFor(drawn, async ({ client: { message: asked, era, id }, server, answers }) => {
        const fake = fakes[eras.indexOf(server)];
        if (fake === undefined) return;
        const said: string[] = [];
        const wire = await dressFor(subject, era, { principal: 'alice', server, message: asked, id, damage: { tree: [], bytes: [] }, headers: [] });
        const left = [...answers];
        fake.script = (got, response) => {
          // The catalogue is asked for before a call; what decides which era is spoken stays as it is.
          const [method, id] = [at(got, 'method'), at(got, 'id')];
          const next = method === 'initialize' || method === 'server/discover' || id === undefined ? undefined : left.shift();
          if (next === undefined) return false;
          const [answer, how] = next;
          say(response, how, answer(String(method), server).replaceAll('$ID', JSON.stringify(id)), said);
          return true;
        };
        await exchange(subject, wire, () => said.join('\n'));
        fake.script = undefined;
        subject.advance(10_000);
      }),
      async close() {
        await subject.close();
        await Promise.all(fakes.map((fake) => fake.close()));
      },
    };
  },
};

function say(response: ServerResponse, { status, type, headers, events, prefix, cutAt, end }: Transport, text: string, said: string[]): void {
  const isStream = type === 'text/event-stream';
  const whole = isStream || events ? `${isStream ? prefix : ''}event: message\ndata: ${text}\n\n` : text;
  const sent = Buffer.from(cutAt === undefined ? whole : whole.slice(0, cutAt), 'latin1');
  said.push(`server: HTTP ${status} ${type} ${JSON.stringify(headers).slice(0, 100)} ${JSON.stringify(sent.toString('latin1').slice(0, 1_500))} ${end}`);
  try {
    response.writeHead(status, { ...(type === '' ? {} : { 'content-type': type }), ...headers });
  } catch {
    response.writeHead(200);
  }
  response.on('error', () => {});
  if (sent.length > 0 && status !== 204 && status >= 200) response.write(sent, () => {});
  if (end === 'end') {
    try {
      response.end();
    } catch {
      response.destroy();
    }
  } else if (end === 'destroy') setTimeout(() => response.destroy(), 1);
}

const SESSIONS = new WeakMap<Subject, Map<string, string>>();

async function dressFor(subject: Subject, era: 'modern' | 'legacy', dressed: Dressed): Promise<WireRequest> {
  return era === 'modern' ? dressModern(dressed) : dressLegacy(dressed, await sessionOf(subject, dressed.server), '2025-11-25');
}

async function sessionOf(subject: Subject, server: string): Promise<string> {
  const known = SESSIONS.get(subject) ?? new Map<string, string>();
  SESSIONS.set(subject, known);
  const kept = known.get(server);
  if (kept !== undefined) return kept;
  const opened = await send(subject.gateway, initialize('alice', server, '2025-11-25'));
  const session = opened.headers.get('mcp-session-id') ?? undefined;
  if (session === undefined) throw new Error(`a good server could not be reached: ${showAnswer(opened)}`);
  known.set(server, session);
  return session;
}

async function exchange(subject: Subject, wire: WireRequest, said: () => string, arrived: () => void = () => {}): Promise<void> {
  subject.begin();
  let answer: WireAnswer | undefined;
  await explained(
    () => `${show(wire)}\n${said()}\nanswer: ${answer === undefined ? '(none)' : showAnswer(answer)}`,
    async () => {
      answer = await send(subject.gateway, wire);
      await subject.settle(1_000);
      arrived();
      checkAnswer(answer, { ids: idsOf(wire.body), era: 'unknown', failing: true });
      checkArrivals(subject.observed);
      checkRecord(subject.observed);
      checkSecrets(subject.observed, [wire], [answer]);
    },
  );
}

export const stdioUpstream: Target = {
  name: 'stdio',
  title: 'hostile servers over stdio',
  share: 2,
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
    const files = { arrivals: join(folder, 'arrivals'), script: join(folder, 'script') };
    const answers = Object.fromEntries(
      ['initialize', 'ping', 'tools/list', 'tools/call', 'prompts/list', 'prompts/get', 'resources/list', 'resources/templates/list', 'resources/read', 'completion/complete', 'logging/setLevel'].map((method) => [method, legacyAnswer({ method })]),
    );
    const arrivals: Arrival[] = [];
    const server: ServerOptions = {
      name: 'stdio',
      upstream: { kind: 'stdio', command: process.execPath, args: [join(__dirname, '..', 'stdio-server.cjs')], env: { FUZZ_ARRIVALS: files.arrivals, FUZZ_SCRIPT: files.script, FUZZ_ANSWERS: JSON.stringify(answers) } },
      upstreamLimits: { ...LIMITS, firstByteMs: 2_000 },
    };
    const subject = createSubject([server], arrivals, { limits: { catalogMs: 0, inputMs: 200, keepAliveMs: 50 } });
    // Before anything is hostile: a server that ended twice in a row rests, and gives nobody a session then.
    await sessionOf(subject, 'stdio');
    const drawn = fc.record({ client, answer: hostileAnswer, before: fc.constantFrom('', 'banner\n', '\n\n', '\u0000\n', '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n', 'x'.repeat(70_000), '{"jsonrpc":"2.0","id":$ID,"method":"ping"}\n'), end: fc.constantFrom('\n', '\r\n', '', '\n\n'), exit: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }) });
    let read = 0;
    return {
      property: holdsFor(drawn, async ({ client: { message: asked, era, id }, answer, before, end, exit }) => {
        const wire = await dressFor(subject, era, { principal: 'alice', server: 'stdio', message: asked, id, damage: { tree: [], bytes: [] }, headers: [] });
        read = existsSync(files.arrivals) ? readFileSync(files.arrivals).length : 0;
        const pieces = [before, answer(asked.method, 'legacy'), end];
        writeFileSync(files.script, JSON.stringify({ pieces, exit }));
        await exchange(subject, wire, () => `server: ${JSON.stringify(pieces.join('').slice(0, 2_000))}${exit ? ', then ends' : ''}`, () => {
          const lines = existsSync(files.arrivals) ? readFileSync(files.arrivals).subarray(read).toString('utf8').split('\n').slice(0, -1) : [];
          for (const text of lines) arrivals.push({ server: 'stdio', httpMethod: 'stdio', headers: {}, text, refused: false });
        });
        rmSync(files.script, { force: true });
        subject.advance(10_000);
      }),
      async close() {
        await subject.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};
