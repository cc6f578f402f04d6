import { randomUUID } from 'node:crypto';
import {
  ErrorCode,
  Header,
  LATEST_LEGACY,
  errorResponse,
  isJsonObject,
  isLegacyRevision,
  isRequest,
  isResponse,
  resultResponse,
  type JsonObject,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type JsonValue,
  type RequestId,
} from '../protocol';
import { refuseByPolicy } from './access';
import { serveBatch } from './batch';
import { guardDescription } from './guarded';
import { Refusal, checkBatch, checkLegacy, checkLegacyHeaders } from './inbound';
import { knownServerCapabilities, offeredCapabilities, type LegacyLeg } from './legs';
import { askerOf, callOf, type EndpointRequest } from './mcp-endpoint';
import { answerWithJson, empty, failureResponse, passStreamOn, refuse, type Refused } from './respond';
import { serveCall } from './serve-call';
import { endWithToken } from './token-end';
import { openSession, sealSession, type LegacySession } from './sessions';
import { UpstreamFailure } from './upstream';

const NO_SESSION: Refused = {
  status: 400,
  reason: 'no_session',
  error: { code: ErrorCode.INVALID_REQUEST, message: 'Bad Request: Mcp-Session-Id is missing; send initialize first' },
};

const MAX_NAME_LENGTH = 128;

/** What the specification has a server answer for a session that it does not know: the client initializes again. */
const UNKNOWN_SESSION: Refused = {
  status: 404,
  reason: 'unknown_session',
  error: { code: ErrorCode.INVALID_REQUEST, message: 'Session not found' },
};

const NO_STREAM: Refused = {
  status: 405,
  reason: 'no_stream',
  headers: { allow: 'POST' },
  error: { code: ErrorCode.INVALID_REQUEST, message: 'Method not allowed' },
};

/** The session that the request names, when it is this principal's and this server's (MUL-6, PUB-1). */
function sessionOf(endpoint: EndpointRequest): LegacySession | Refused {
  const { runtime, server } = endpoint;
  const id = endpoint.headers.get(Header.SESSION_ID);
  if (id === null) return NO_SESSION;
  const session = openSession(runtime.seal, id, runtime.clock(), runtime.limits.sessionMs);
  const isOurs = session !== undefined && session.server === server.options.name && session.principal === endpoint.principalKey;
  return isOurs && !runtime.endedSessions.has(session.nonce) ? session : UNKNOWN_SESSION;
}

export async function serveLegacyPost(endpoint: EndpointRequest, message: JsonRpcMessage): Promise<Response> {
  const { scope } = endpoint;
  if (isRequest(message) && message.method === 'initialize') return serveInitialize(endpoint, message);
  const session = sessionOf(endpoint);
  if (!('nonce' in session)) return refuse(scope, session);
  scope.draft.protocolVersion = session.clientRevision;
  const refusal = checkLegacy(endpoint.headers, message, session.clientRevision);
  if (refusal !== undefined) return refuse(scope, refusal);
  return withLeg(endpoint, session, isRequest(message) ? message.id : undefined, (leg) => serveLegacyMessage(endpoint, session, leg, message));
}

export async function serveLegacyBatch(endpoint: EndpointRequest, batch: readonly JsonValue[]): Promise<Response> {
  const { scope, runtime } = endpoint;
  const session = sessionOf(endpoint);
  if (!('nonce' in session)) return refuse(scope, session);
  scope.draft.protocolVersion = session.clientRevision;
  const messages = checkLegacyHeaders(endpoint.headers) ?? checkBatch(session.clientRevision, batch, runtime.limits.maxBatch);
  if (messages instanceof Refusal) return refuse(scope, messages);
  return withLeg(endpoint, session, undefined, (leg) => serveBatch(endpoint, session, leg, messages));
}

/** One message of an open session. */
export async function serveLegacyMessage(endpoint: EndpointRequest, session: LegacySession, leg: LegacyLeg, message: JsonRpcMessage): Promise<Response> {
  const { scope, request } = endpoint;
  if (isRequest(message)) {
    const { clientRevision: revision, clientCapabilities } = session;
    return serveCall(callOf(endpoint, askerOf(endpoint, 'legacy', revision, message), { revision, clientCapabilities, leg }), endpoint.peer.disconnected ?? request.signal);
  }
  if (!isResponse(message)) await leg.notify(message);
  else {
    const problem = await leg.respond(message);
    if (problem !== undefined) return refuse(scope, invalidAnswer(problem));
  }
  return empty(scope, 202);
}

/** The question stays open, so that the client can answer it again (GW-1). */
function invalidAnswer(problem: string): Refused {
  return { status: 400, reason: 'invalid_answer', error: { code: ErrorCode.INVALID_PARAMS, message: `Invalid answer: ${problem}` } };
}

/**
 * Serves within the session, once it is decided that the principal may talk to the server still: every HTTP request is
 * decided on anew, also one that only keeps a session open or ends it (CV-1).
 *
 * A session that the upstream has lost is lost for the client, too. Other failures are the answer to the request `id`;
 * where there is none, they show in the HTTP status.
 */
async function withLeg(
  endpoint: EndpointRequest,
  session: LegacySession,
  id: RequestId | undefined,
  serve: (leg: LegacyLeg) => Promise<Response>,
): Promise<Response> {
  const { scope } = endpoint;
  const asker = askerOf(endpoint, 'legacy', session.clientRevision, { ...CONNECTION, id: id ?? CONNECTION.id });
  const denied = await refuseByPolicy(asker, { kind: 'connect' });
  if (denied !== undefined) return answerWithJson(endpoint, id === undefined ? 403 : 200, id === undefined ? withoutId(denied) : denied);
  try {
    return await serve(await endpoint.upstream.resume(session, scope.hold));
  } catch (failure) {
    if (isSessionLost(failure)) return refuse(scope, UNKNOWN_SESSION);
    const answer = failureResponse({ scope, message: { ...CONNECTION, id: id ?? CONNECTION.id } }, failure);
    return answerWithJson(endpoint, id === undefined ? 502 : 200, id === undefined ? withoutId(answer) : answer);
  }
}

export function isSessionLost(failure: unknown): boolean {
  return failure instanceof UpstreamFailure && failure.code === 'session_lost';
}

/** An answer to no request in particular. */
function withoutId(answer: JsonRpcResponse): JsonRpcResponse {
  return 'error' in answer ? errorResponse(undefined, answer.error) : answer;
}

/** Opens a session with the upstream, and seals what is to be known of it into the session id. */
async function serveInitialize(endpoint: EndpointRequest, message: JsonRpcRequest): Promise<Response> {
  const { scope, server, runtime, principalKey: principal } = endpoint;
  const shape = checkLegacy(endpoint.headers, message, LATEST_LEGACY);
  if (shape !== undefined) return refuse(scope, shape);
  const params = message.params as JsonObject;
  const requested = params.protocolVersion;
  const clientRevision = isLegacyRevision(requested) ? requested : LATEST_LEGACY;
  scope.draft.protocolVersion = clientRevision;
  const clientCapabilities = offeredCapabilities(params.capabilities, server.options.clientCapabilities);
  const session = {
    nonce: randomUUID(),
    server: server.options.name,
    principal,
    clientRevision,
    clientCapabilities,
    ...(isJsonObject(params.clientInfo) ? { clientInfo: nameOf(params.clientInfo) } : {}),
    openedAt: runtime.clock(),
  };
  const call = { message, scope };
  const denied = await refuseByPolicy(askerOf(endpoint, 'legacy', clientRevision, message), { kind: 'connect' });
  if (denied !== undefined) return answerWithJson(call, 200, denied);
  try {
    const { upstream, description } = await endpoint.upstream.open(principal, session, message, scope.hold);
    scope.draft.upstreamStatus = upstream.kind === 'process' ? 'ok' : 200;
    const { serverInfo, instructions } = description;
    const withheld = instructions === undefined ? undefined : server.catalog.withholdsInstructions(instructions);
    if (withheld !== undefined) scope.note(`instructions_withheld: ${withheld}`);
    const result = await guardDescription(endpoint, {
      protocolVersion: clientRevision,
      capabilities: knownServerCapabilities(description.capabilities),
      serverInfo: serverInfo ?? { name: server.options.name, version: '0' },
      ...(instructions === undefined || withheld !== undefined ? {} : { instructions }),
    });
    const sessionId = sealSession(runtime.seal, { ...session, upstream });
    return answerWithJson(call, 200, resultResponse(message.id, result), { [Header.SESSION_ID]: sessionId });
  } catch (failure) {
    return answerWithJson(call, 200, failureResponse(call, failure));
  }
}

/** What of a client's description travels in its session id: no icons, no texts without end. */
function nameOf(clientInfo: JsonObject): JsonObject {
  const { name, title, version } = clientInfo;
  const kept = Object.entries({ name, title, version }).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(kept.map(([key, value]) => [key, String(value).slice(0, MAX_NAME_LENGTH)]));
}

/** Stands for a request that is no message of its own. */
export const CONNECTION: JsonRpcRequest = { jsonrpc: '2.0', id: 0, method: 'ping' };

/** The stream of what the server says outside requests. */
export async function serveLegacyGet(endpoint: EndpointRequest): Promise<Response> {
  const { scope } = endpoint;
  scope.draft.method = 'listen';
  const session = sessionOf(endpoint);
  if (!('nonce' in session)) return refuse(scope, session === NO_SESSION ? NO_STREAM : session);
  scope.draft.protocolVersion = session.clientRevision;
  const header = checkLegacyHeaders(endpoint.headers);
  if (header !== undefined) return refuse(scope, header);
  return withLeg(endpoint, session, undefined, async (leg) => {
    const control = new AbortController();
    endWithToken(endpoint.principal, scope, endpoint.runtime.clock(), () => control.abort());
    const stream = await leg.listen({ lastEventId: endpoint.headers.get(Header.LAST_EVENT_ID) ?? undefined, signal: control.signal });
    if (stream === undefined) return refuse(scope, NO_STREAM);
    const { clientRevision: revision, clientCapabilities } = session;
    return passStreamOn(callOf(endpoint, askerOf(endpoint, 'legacy', revision, CONNECTION), { revision, clientCapabilities, leg }), stream, () => control.abort());
  });
}

export async function serveLegacyDelete(endpoint: EndpointRequest): Promise<Response> {
  const { scope, runtime } = endpoint;
  scope.draft.method = 'end';
  const session = sessionOf(endpoint);
  if (!('nonce' in session)) return refuse(scope, session === NO_SESSION ? NO_STREAM : session);
  scope.draft.protocolVersion = session.clientRevision;
  return withLeg(endpoint, session, undefined, async (leg) => {
    const status = await leg.end();
    scope.draft.upstreamStatus = status;
    if (status >= 200 && status < 300) runtime.endedSessions.set(session.nonce, true);
    return empty(scope, status);
  });
}
