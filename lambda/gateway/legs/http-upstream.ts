import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { LATEST_LEGACY, isErrorResponse, type JsonObject, type JsonRpcRequest } from '../../protocol';
import type { Seal } from '../sessions';
import { UpstreamFailure, type HttpTransport } from '../upstream';
import { bindRequestState } from './bound-request-state';
import { knownClientCapabilities } from './capabilities';
import { GATEWAY_INFO, describeDiscover, describeInitialize, modernMeta } from './gateway-info';
import { settle, type ModernLeg, type UpstreamDescription } from './leg';
import { createLegacyHttpLeg } from './legacy-http';
import { createLegacyOverModernLeg } from './legacy-over-modern';
import { answerOf, createModernHttpLeg, postOrAnswer } from './modern-http';
import { createModernOverLegacyLeg } from './modern-over-legacy';
import type { ServerUpstream } from './server-upstream';
import { shareSession, type SharedSession } from './shared-session';
import { createTranslatedSessions } from './translated-sessions';
import { createWaitingCalls } from './waiting-calls';

/** How long it is believed which eras a server speaks, milliseconds. */
const ERA_MS = 300_000;
/** Longer than any call may take. */
const OWN_SESSION_IDLE_MS = 3_600_000;
const MAX_OWN_SESSIONS = 1_000;
/** How long servers are waited for that are told at the end that their sessions are over. */
const FAREWELL_MS = 1_000;

export interface HttpUpstreamOptions {
  readonly name: string;
  readonly transport: HttpTransport;
  readonly seal: Seal;
  readonly inputMs: number;
}

/** How a server answers a first message of the era that it does not speak; anything else says nothing of its eras. */
const REFUSAL: ReadonlySet<number> = new Set([400, 404, 405, 406, 415, 422]);

function speaksOtherwise(failure: unknown): boolean {
  if (!(failure instanceof UpstreamFailure)) return false;
  return failure.code === 'garbage' || (failure.code === 'status' && REFUSAL.has(failure.status ?? 0));
}

export function createHttpUpstream(options: HttpUpstreamOptions): ServerUpstream {
  const { name, transport, seal, inputMs } = options;
  const native = createModernHttpLeg(transport);
  const waiting = createWaitingCalls(seal);
  const sessions = createTranslatedSessions(inputMs);
  const own = new LRUCache<string, Promise<SharedSession>>({
    max: MAX_OWN_SESSIONS,
    ttl: OWN_SESSION_IDLE_MS,
    updateAgeOnGet: true,
    // One that is deleted was lost: the server has nothing to end.
    dispose: (session, _key, reason) => void (reason === 'delete' ? session.then(({ close }) => close()).catch(() => undefined) : endOwn(session)),
  });
  let probe: { readonly at: number; readonly modern: Promise<UpstreamDescription | undefined> } | undefined;
  let known: 'modern' | 'legacy' | undefined;

  /** What the server says of itself in the modern era; `undefined` when it does not speak it. */
  function probeModern(): Promise<UpstreamDescription | undefined> {
    const now = performance.now();
    if (probe !== undefined && now - probe.at < ERA_MS) return probe.modern;
    const modern = discover();
    const started = { at: now, modern };
    probe = started;
    modern.then(
      (description) => (known = description === undefined ? 'legacy' : 'modern'),
      () => {
        if (probe === started) probe = undefined;
      },
    );
    return modern;
  }

  async function discover(): Promise<UpstreamDescription | undefined> {
    const params = { _meta: modernMeta({}, GATEWAY_INFO) };
    try {
      const answer = await settle(await native.exchange({ jsonrpc: '2.0', id: 'mzt-discover', method: 'server/discover', params }, {}));
      return isErrorResponse(answer) ? undefined : describeDiscover(answer.result);
    } catch (failure) {
      if (speaksOtherwise(failure)) return undefined;
      throw failure;
    }
  }

  async function initialize(id: JsonRpcRequest['id'], params: JsonObject): Promise<{ description: UpstreamDescription; sessionId?: string; revision: string }> {
    const request: JsonRpcRequest = { jsonrpc: '2.0', id, method: 'initialize', params };
    const posted = await postOrAnswer(transport, request, { headers: {} });
    const answer = await settle(answerOf(posted, request));
    if (isErrorResponse(answer)) throw new UpstreamFailure('status', `The server "${name}" refused initialize with error ${answer.error.code}.`, 400, answer);
    const revision = typeof answer.result.protocolVersion === 'string' ? answer.result.protocolVersion : LATEST_LEGACY;
    return { description: describeInitialize(answer.result), sessionId: 'exchange' in posted ? posted.exchange.sessionId : undefined, revision };
  }

  /** A session of the gateway's own, for modern clients of a legacy server; one for each principal and set of capabilities. */
  async function openOwn(capabilities: JsonObject): Promise<SharedSession> {
    const params = { protocolVersion: LATEST_LEGACY, capabilities, clientInfo: GATEWAY_INFO };
    const { description, sessionId, revision } = await initialize('mzt-initialize', params);
    const leg = createLegacyHttpLeg(transport, { sessionId, revision }, inputMs);
    await leg.notify({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return shareSession(leg, description);
  }

  function ownSession(key: string, capabilities: JsonObject): Promise<SharedSession> {
    const existing = own.get(key);
    if (existing !== undefined) return existing;
    const opened = openOwn(capabilities);
    own.set(key, opened);
    opened.catch(() => forgetOwn(key, opened));
    return opened;
  }

  /** The server need not keep what nobody comes back for (MCP 2025-11-25, transports: session management). */
  async function endOwn(session: Promise<SharedSession>): Promise<void> {
    await session
      .then(({ leg, close }) => {
        close();
        return leg.end();
      })
      .catch(() => undefined);
  }

  function forgetOwn(key: string, session: Promise<SharedSession>): void {
    if (own.peek(key) === session) own.delete(key);
  }

  async function translatedLeg(principal: string, declared: JsonObject): Promise<ModernLeg> {
    const capabilities = knownClientCapabilities(declared);
    const key = JSON.stringify([principal, capabilities]);
    const binding = JSON.stringify([name, principal]);
    const legOf = (session: SharedSession) => createModernOverLegacyLeg({ session, waiting, binding, inputMs, asksAside: true });
    const current = ownSession(key, capabilities);
    const leg = legOf(await current);
    return {
      era: 'modern',
      async exchange(request, exchangeOptions) {
        try {
          return await leg.exchange(request, exchangeOptions);
        } catch (failure) {
          // A lost session means that the server has not acted on the request: once more in a new one.
          if (!(failure instanceof UpstreamFailure) || failure.code !== 'session_lost') throw failure;
          forgetOwn(key, current);
          return legOf(await ownSession(key, capabilities)).exchange(request, exchangeOptions);
        }
      },
    };
  }

  return {
    modern(principal, capabilities) {
      const nativeLeg = () => bindRequestState(native, seal, () => JSON.stringify([name, principal]));
      return known === 'modern' ? nativeLeg() : probeModern().then((description) => (description === undefined ? translatedLeg(principal, capabilities) : nativeLeg()));
    },
    async open(_principal, session, request) {
      const params = {
        protocolVersion: session.clientRevision,
        capabilities: session.clientCapabilities,
        clientInfo: session.clientInfo ?? GATEWAY_INFO,
      };
      try {
        const { description, sessionId, revision } = await initialize(request.id, params);
        return { upstream: { kind: 'http', ...(sessionId === undefined ? {} : { sessionId }), revision }, description };
      } catch (failure) {
        if (!speaksOtherwise(failure)) throw failure;
        const description = await probeModern();
        if (description === undefined) throw failure;
        return { upstream: { kind: 'modern' }, description };
      }
    },
    async resume(session) {
      const { upstream } = session;
      if (upstream.kind === 'http') return createLegacyHttpLeg(transport, upstream, inputMs);
      if (upstream.kind === 'modern') return createLegacyOverModernLeg({ leg: native, ...sessions.of(session) });
      throw new UpstreamFailure('session_lost', `The session does not belong to the server "${name}" as it is configured now.`);
    },
    async close() {
      waiting.close();
      await Promise.race([Promise.all([...own.values()].map(endOwn)), delay(FAREWELL_MS, undefined, { ref: false })]);
      await transport.close();
    },
  };
}
