import { LRUCache } from 'lru-cache';
import {

  LATEST_LEGACY,

  isErrorResponse,
  type JsonObject,
  type JsonRpcRequest,
} from '../../protocol';
import type { Seal } from '../sessions';
import { UpstreamFailure, type HttpTransport } from '../upstream';
import { knownClientCapabilities } from './capabilities';
import { GATEWAY_INFO, describeDiscover, describeInitialize, modernMeta } from './gateway-info';
import { settle, type LegacyLeg, type ModernLeg, type UpstreamDescription } from './leg';
import { createLegacyHttpLeg } from './legacy-http';
import { createLegacyOverModernLeg } from './legacy-over-modern';
import { answerOf, createModernHttpLeg, postOrAnswer } from './modern-http';
import { createModernOverLegacyLeg, type WaitingCalls } from './modern-over-legacy';
import type { ServerUpstream } from './server-upstream';
import { createTranslatedSessions } from './translated-sessions';

/** How long it is believed which eras a server speaks, milliseconds. */
const ERA_MS = 300_000;
const OWN_SESSION_IDLE_MS = 600_000;
const MAX_OWN_SESSIONS = 1_000;

export interface HttpUpstreamOptions {
  readonly name: string;
  readonly transport: HttpTransport;
  readonly seal: Seal;
  readonly inputMs: number;
}

interface OwnSession {
  readonly leg: LegacyLeg;
  readonly description: UpstreamDescription;
  readonly logging: { level?: string };
}

export function createHttpUpstream(options: HttpUpstreamOptions): ServerUpstream {
  const { name, transport, seal, inputMs } = options;
  const native = createModernHttpLeg(transport);
  const waiting: WaitingCalls = new Map();
  const sessions = createTranslatedSessions();
  const own = new LRUCache<string, Promise<OwnSession>>({ max: MAX_OWN_SESSIONS, ttl: OWN_SESSION_IDLE_MS, updateAgeOnGet: true });
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
      return answer === undefined || isErrorResponse(answer) ? undefined : describeDiscover(answer.result);
    } catch (failure) {
      if (failure instanceof UpstreamFailure && (failure.code === 'status' || failure.code === 'garbage' || failure.code === 'session_lost')) return undefined;
      throw failure;
    }
  }

  async function initialize(id: JsonRpcRequest['id'], params: JsonObject): Promise<{ description: UpstreamDescription; sessionId?: string; revision: string }> {
    const request: JsonRpcRequest = { jsonrpc: '2.0', id, method: 'initialize', params };
    const posted = await postOrAnswer(transport, request, {}, undefined);
    const answer = await settle(answerOf(posted, request));
    if (answer === undefined) throw new UpstreamFailure('closed', `server ${name} did not answer initialize`);
    if (isErrorResponse(answer)) throw new UpstreamFailure('status', `server ${name} refused initialize: error ${answer.error.code}`, undefined, answer);
    const revision = typeof answer.result.protocolVersion === 'string' ? answer.result.protocolVersion : LATEST_LEGACY;
    return { description: describeInitialize(answer.result), sessionId: 'exchange' in posted ? posted.exchange.sessionId : undefined, revision };
  }

  /** A session of the gateway's own, for modern clients of a legacy server; one for each principal and set of capabilities. */
  async function openOwn(capabilities: JsonObject): Promise<OwnSession> {
    const params = { protocolVersion: LATEST_LEGACY, capabilities: knownClientCapabilities(capabilities), clientInfo: GATEWAY_INFO };
    const { description, sessionId, revision } = await initialize('mzt-initialize', params);
    const leg = createLegacyHttpLeg(transport, { sessionId, revision });
    await leg.notify({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return { leg, description, logging: {} };
  }

  function ownSession(key: string, capabilities: JsonObject): Promise<OwnSession> {
    const existing = own.get(key);
    if (existing !== undefined) return existing;
    const opened = openOwn(capabilities);
    own.set(key, opened);
    opened.catch(() => own.delete(key));
    return opened;
  }

  async function translatedLeg(principal: string, capabilities: JsonObject): Promise<ModernLeg> {
    const key = JSON.stringify([principal, knownClientCapabilities(capabilities)]);
    const binding = JSON.stringify([name, principal]);
    const legOf = ({ leg, description, logging }: OwnSession) => createModernOverLegacyLeg({ leg, description, logging, waiting, seal, binding, inputMs });
    const session = await ownSession(key, capabilities);
    return {
      era: 'modern',
      async exchange(request, exchangeOptions) {
        try {
          return await legOf(session).exchange(request, exchangeOptions);
        } catch (failure) {
          // A lost session means that the server has not acted on the request: once more in a new one.
          if (!(failure instanceof UpstreamFailure) || failure.code !== 'session_lost') throw failure;
          own.delete(key);
          return legOf(await ownSession(key, capabilities)).exchange(request, exchangeOptions);
        }
      },
    };
  }

  return {
    get era() {
      return known;
    },
    async modern(principal, capabilities) {
      if (known === 'modern' || (await probeModern()) !== undefined) return native;
      return translatedLeg(principal, capabilities);
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
        if (!(failure instanceof UpstreamFailure) || !['status', 'garbage', 'session_lost'].includes(failure.code)) throw failure;
        const description = await probeModern();
        if (description === undefined) throw failure;
        return { upstream: { kind: 'modern' }, description };
      }
    },
    async resume(session) {
      const { upstream } = session;
      if (upstream.kind === 'http') return createLegacyHttpLeg(transport, upstream);
      if (upstream.kind === 'modern') return createLegacyOverModernLeg({ leg: native, inputMs, ...sessions.of(session) });
      throw new UpstreamFailure('session_lost', `the session does not belong to server ${name} as it is configured now`);
    },
    close: () => transport.close(),
  };
}

