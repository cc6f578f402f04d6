/** Sequences of operations on sessions of older revisions, by several principals; a model says which sessions are whose. */
import * as fc from 'fast-check';
import { LEGACY_REVISIONS } from '../../../lambda/protocol';
import { startFakeServer, type Arrival } from '../fake-servers';
import { checkAnswer, checkArrivals, checkRecord, checkSecrets } from '../invariants';
import { PRINCIPALS } from '../policies';
import { baseHeaders, damage, dressLegacy, dressModern, headerDamage, idsOf, initialize, message, requestId, type Dressed, type Principal } from '../requests';
import { createSubject, type Subject } from '../subject';
import { explained, holdsFor, type Target } from '../target';
import { send, show, showAnswer, type WireAnswer, type WireRequest } from '../wire';

const SERVERS = ['legacy', 'modern'] as const;
const SESSION_MS = 3_600_000;

interface Session {
  readonly id: string;
  readonly principal: Principal;
  readonly server: string;
  readonly openedAt: number;
  ended: boolean;
}

type Tamper = 'no' | 'cut' | 'flip' | 'append' | 'replace' | 'another';
type Step =
  | { readonly kind: 'open'; readonly principal: Principal; readonly server: string; readonly revision: string }
  | { readonly kind: 'message' | 'batch' | 'respond'; readonly session: number; readonly tamper: Tamper; readonly as: Principal | undefined; readonly at: string | undefined; readonly messages: readonly Dressed[]; readonly version: string }
  | { readonly kind: 'get' | 'delete'; readonly session: number; readonly tamper: Tamper; readonly as: Principal | undefined; readonly at: string | undefined }
  | { readonly kind: 'stateless'; readonly message: Dressed }
  | { readonly kind: 'wait'; readonly ms: number };

const undamaged = { tree: [], bytes: [] };
const server = fc.constantFrom(...SERVERS);
const principal = fc.constantFrom<Principal>(...PRINCIPALS, 'alice', 'alice');
const dressed = (hurt: fc.Arbitrary<Dressed['damage']>): fc.Arbitrary<Dressed> =>
  fc.record({ principal, server, message, id: fc.oneof({ weight: 9, arbitrary: requestId }, { weight: 1, arbitrary: fc.constant(undefined) }), damage: hurt, headers: headerDamage });
const tamper = fc.oneof({ weight: 6, arbitrary: fc.constant<Tamper>('no') }, { weight: 3, arbitrary: fc.constantFrom<Tamper>('cut', 'flip', 'append', 'replace', 'another') });
const other = <T>(values: fc.Arbitrary<T>) => fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: values });
const inSession = { session: fc.nat(4), tamper, as: other(principal), at: other(server) };
const revision = fc.constantFrom(...LEGACY_REVISIONS, '2025-03-26', '1999-01-01');

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const), principal, server, revision }) },
  { weight: 6, arbitrary: fc.record({ ...inSession, kind: fc.constantFrom('message' as const, 'respond' as const), messages: fc.tuple(dressed(damage)), version: revision }) },
  { weight: 2, arbitrary: fc.record({ ...inSession, kind: fc.constant('batch' as const), messages: fc.array(dressed(fc.constant(undamaged)), { maxLength: 4 }), version: fc.constant('2025-03-26') }) },
  { weight: 2, arbitrary: fc.record({ ...inSession, kind: fc.constantFrom('get' as const, 'delete' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stateless' as const), message: dressed(fc.constant(undamaged)) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1_000, SESSION_MS / 2, SESSION_MS + 1) }) },
);

export const sessions: Target = {
  name: 'sessions',
  title: 'sessions of 2025-11-25 and before: forged, shared, ended, batches',
  share: 3,
  async start() {
    const arrivals: Arrival[] = [];
    const fakes = await Promise.all(SERVERS.map((name) => startFakeServer(name, name, arrivals)));
    const subject = createSubject(
      SERVERS.map((name, index) => ({ name, upstream: { kind: 'http', url: fakes[index]?.url ?? '', headers: {} }, upstreamLimits: { firstByteMs: 1_000, idleMs: 300, totalMs: 2_000 } })),
      arrivals,
      { limits: { inputMs: 300, sessionMs: SESSION_MS, keepAliveMs: 50 } },
    );
    return {
      property: holdsFor(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const run = new Run(subject);
        for (const one of [{ kind: 'open', principal: 'alice', server: 'legacy', revision: '2025-03-26' } as const, ...steps]) await run.take(one);
      }),
      async close() {
        await subject.close();
        await Promise.all(fakes.map((fake) => fake.close()));
      },
    };
  },
};

class Run {
  private readonly sessions: Session[] = [];
  private now = 0;

  constructor(private readonly subject: Subject) {}

  async take(one: Step): Promise<void> {
    switch (one.kind) {
      case 'wait':
        this.subject.advance(one.ms);
        this.now += one.ms;
        return;
      case 'open': {
        const answer = await this.exchange(initialize(one.principal, one.server, one.revision));
        const id = answer.headers.get('mcp-session-id');
        if (one.principal === 'mallory' ? id !== null : id === null) throw new Error(`${one.principal} ${id === null ? 'got no' : 'got a'} session: ${showAnswer(answer)}`);
        if (id !== null) this.sessions.push({ id, principal: one.principal, server: one.server, openedAt: this.now, ended: false });
        return;
      }
      case 'stateless':
        await this.exchange(dressModern(one.message));
        return;
      default:
        return this.use(one);
    }
  }

  private async use(one: Extract<Step, { session: number }>): Promise<void> {
    const session = this.sessions[one.session % Math.max(1, this.sessions.length)];
    if (session === undefined) return;
    const id = tampered(session.id, one.tamper, this.sessions);
    const who = one.as ?? session.principal;
    const where = one.at ?? session.server;
    const owner = this.sessions.find((known) => known.id === id);
    const isUsable = owner !== undefined && !owner.ended && owner.principal === who && owner.server === where && this.now - owner.openedAt <= SESSION_MS;
    const wire = wireOf(one, who, where, id);
    const stays = !('messages' in one) || one.messages.every(({ headers }) => headers.every(({ name }) => !['mcp-session-id', 'authorization'].includes(name)));
    const answer = await this.exchange(wire, () => {
      if (isUsable || !stays) return;
      const { arrivals } = this.subject.observed;
      const reached = arrivals.filter(({ text }) => !text.includes('"mzt-'));
      if (reached.length > 0) throw new Error(`a session that is not ${who}'s at ${where} was used`);
    });
    if (!isUsable && stays && one.kind !== 'message' && ![400, 401, 403, 404, 405, 406, 413, 415].includes(answer.status)) {
      throw new Error(`a session that is not ${who}'s at ${where} was answered ${showAnswer(answer)}`);
    }
    if (one.kind === 'delete' && answer.status === 204 && owner !== undefined) owner.ended = true;
  }

  private async exchange(wire: WireRequest, check: () => void = () => {}): Promise<WireAnswer> {
    const { subject } = this;
    subject.begin();
    let answer: WireAnswer | undefined;
    await explained(
      () => `${show(wire)}\nanswer: ${answer === undefined ? '(none)' : showAnswer(answer)}`,
      async () => {
        answer = await send(subject.gateway, wire);
        await subject.settle(1_000);
        checkAnswer(answer, { ids: idsOf(wire.body), era: 'unknown' });
        const served = subject.observed.events.some(({ method }) => method === 'batch');
        checkRecord(subject.observed, served ? [idsOf(wire.body).length] : []);
        checkArrivals(subject.observed);
        checkSecrets(subject.observed, [wire], [answer]);
        check();
      },
    );
    return answer as WireAnswer;
  }
}

function tampered(id: string, tamper: Tamper, all: readonly Session[]): string {
  const middle = Math.floor(id.length / 2);
  switch (tamper) {
    case 'no':
      return id;
    case 'cut':
      return id.slice(0, -1);
    case 'flip':
      return `${id.slice(0, middle)}${id[middle] === 'A' ? 'B' : 'A'}${id.slice(middle + 1)}`;
    case 'append':
      return `${id}A`;
    case 'replace':
      return 'session-1';
    case 'another':
      return all.at(-1)?.id ?? id;
  }
}

function wireOf(one: Extract<Step, { session: number }>, principal: Principal, server: string, id: string): WireRequest {
  if (!('messages' in one)) {
    const method = one.kind === 'get' ? 'GET' : 'DELETE';
    return { method, path: `/mcp/${server}`, headers: [...baseHeaders(principal), ['mcp-session-id', id]] };
  }
  const [first] = one.messages;
  if (one.kind === 'batch' || first === undefined) {
    const batch = one.messages.map(({ message: { method, params }, id: requestId }) => ({ jsonrpc: '2.0', id: requestId, method, params }));
    return { method: 'POST', path: `/mcp/${server}`, headers: [...baseHeaders(principal), ['mcp-session-id', id]], body: new Uint8Array(Buffer.from(JSON.stringify(batch))) };
  }
  if (one.kind === 'respond') {
    const response = { jsonrpc: '2.0', id: first.id ?? 'question-1', result: { action: 'accept', content: {} } };
    return { method: 'POST', path: `/mcp/${server}`, headers: [...baseHeaders(principal), ['mcp-session-id', id]], body: new Uint8Array(Buffer.from(JSON.stringify(response))) };
  }
  return dressLegacy({ ...first, principal, server }, id, one.version);
}
