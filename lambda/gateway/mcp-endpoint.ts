import { readTraceContext } from '../audit';
import type { KillSwitch } from '../grants';
import { circumstancesOf, principalKey, type AuthenticationFailure, type Principal } from '../identity';
import type { RateLimitResult } from '../limits';
import { isPending, whenThere } from '../pending';
import { GatewayErrorCode, LATEST_MODERN, MetaKey, isRequest, type Era, type JsonObject, type JsonRpcNotification, type JsonRpcRequest, type Revision } from '../protocol';
import { refuseByPolicy, type Asker } from './access';
import type { Call } from './call';
import type { GatewayRuntime, Peer, ServerRuntime } from './gateway';
import { blockedAnswer } from './grants';
import { Refusal, checkHttp, checkModern, classify, parseJson, readBody, type HeaderReader } from './inbound';
import { serveLegacyBatch, serveLegacyDelete, serveLegacyGet, serveLegacyPost } from './legacy-endpoint';
import { offeredCapabilities, type ModernLeg, type ServerUpstream } from './legs';
import { statedPurpose } from './purpose';
import { answerWithJson, empty, failureResponse, refuse, type Refused } from './respond';
import type { RequestScope } from './scope';
import { serveCall } from './serve-call';

/** One HTTP request to a server's endpoint, by an authenticated principal. */
export interface EndpointRequest {
  readonly runtime: GatewayRuntime;
  readonly server: ServerRuntime;
  readonly request: Request;
  readonly headers: HeaderReader;
  readonly peer: Peer;
  readonly scope: RequestScope;
  readonly principal: Principal;
  readonly principalKey: string;
  readonly upstream: ServerUpstream;
}

/** What serves a request once it is known whose it is. */
export type ServeEndpoint = (endpoint: EndpointRequest) => Response | Promise<Response>;

/** What cannot be recorded is not served (LOG-1). */
const NO_AUDIT: Refused = {
  status: 503,
  reason: 'audit_unavailable',
  error: { code: GatewayErrorCode.UNAVAILABLE, message: 'the gateway cannot record requests now, so it serves none' },
  headers: { 'retry-after': '5' },
};

/**
 * Serves POST, GET and DELETE of `/mcp/<server>`: who is it, how often, is it MCP, and then the message itself. What need not be waited for
 * is not waited for: each wait takes as long as most checks.
 */
export function serveMcp(runtime: GatewayRuntime, server: ServerRuntime, request: Request, peer: Peer, scope: RequestScope, serve: ServeEndpoint = serveStreamableHttp): Response | Promise<Response> {
  const { options, limits } = runtime;
  const { method } = request;
  const headers = peer.headers ?? request.headers;
  const http = checkHttp(method, headers, { allowedHosts: options.allowedHosts, allowedOrigins: options.allowedOrigins, maxBodyBytes: limits.maxBodyBytes });
  if (http !== undefined) return refuse(scope, http);

  if (options.audit.ready?.() === false) return refuse(scope, NO_AUDIT);
  const shutOut = runtime.killSwitch?.blockOfAddress(peer.address);
  if (shutOut !== undefined) return refuse(scope, blockedAnswer(shutOut));
  return whenThere(options.rateLimiter.take({ address: peer.address }), (arrival) => {
    if (!arrival.allowed) return refuseRate(scope, arrival);
    const { resource, resourceMetadataUrl } = server;
    const { senderConstraint } = server.options;
    const { clientCertificate } = peer;
    const end = scope.tracing?.part('authentication');
    return whenThere(options.authenticator.authenticate({ headers, method, url: request.url, resource, resourceMetadataUrl, senderConstraint, clientCertificate }), (authentication) => {
      end?.(authentication.ok ? 'authenticated' : authentication.reason);
      if (!authentication.ok) return refuse(scope, refusalOf(authentication));
      const serving = serveAuthenticated(runtime, server, request, peer, scope, authentication.principal, serve);
      const extra = authentication.headers;
      return extra === undefined ? serving : whenThere(serving, (answer) => withHeaders(answer, extra));
    });
  });
}

export function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

function refusalOf({ status, reason, challenge, headers }: AuthenticationFailure): Refused {
  return { status, reason, headers: { ...headers, 'www-authenticate': challenge } };
}

function serveAuthenticated(runtime: GatewayRuntime, server: ServerRuntime, request: Request, peer: Peer, scope: RequestScope, principal: Principal, serve: ServeEndpoint): Response | Promise<Response> {
  const { options } = runtime;
  const headers = peer.headers ?? request.headers;
  scope.identify(principal);
  const blocking = runtime.killSwitch === undefined ? undefined : findBlock(runtime.killSwitch, principal, server.options.name, peer.address);
  return whenThere(blocking, (blocked) => {
    if (blocked !== undefined) return refuse(scope, blocked);
    const key = principalKey(principal);
    return whenThere(options.rateLimiter.take({ principal: key, endpoint: server.options.name }), (pace) => {
      if (!pace.allowed) return refuseRate(scope, pace);
      const unmet = server.requirements?.(principal, undefined, runtime.clock());
      if (unmet !== undefined) return refuse(scope, refusalOf(server.stepUp(principal, unmet)));
      const upstream = server.callers === undefined ? server.upstream : server.callers.of(principal, key, { headers, url: request.url });
      return serve({ runtime, server, request, headers, peer, scope, principal, principalKey: key, upstream });
    });
  });
}

/** The transport of every revision but the first. */
export function serveStreamableHttp(endpoint: EndpointRequest): Response | Promise<Response> {
  const { request, headers, scope, runtime } = endpoint;
  if (request.method === 'GET') return serveLegacyGet(endpoint);
  if (request.method === 'DELETE') return serveLegacyDelete(endpoint);

  return whenThere(readBody(request, runtime.limits.maxBodyBytes, endpoint.peer), (bytes) => {
    if (bytes instanceof Refusal) return refuse(scope, bytes);
    scope.draft.requestBytes = bytes.length;
    const value = parseJson(bytes);
    if (value instanceof Refusal) return refuse(scope, value);
    const classified = classify(headers, value);
    if (classified instanceof Refusal) return refuse(scope, classified);
    if ('batch' in classified) return serveLegacyBatch(endpoint, classified.batch);
    const { message } = classified;
    scope.draft.method = 'method' in message ? message.method : 'response';
    return classified.era === 'modern' ? serveModernPost(endpoint, classified.message) : serveLegacyPost(endpoint, message);
  });
}

/** The kill switch, before anything else of a request is looked at (JIT-4). */
function findBlock(killSwitch: KillSwitch, principal: Principal, server: string, address: string | undefined): Refused | undefined | Promise<Refused | undefined> {
  return whenThere(killSwitch.current(), () => {
    const block = killSwitch.blockOf(principal, server, undefined, address);
    return block && blockedAnswer(block);
  });
}

function serveModernPost(endpoint: EndpointRequest, message: JsonRpcRequest | JsonRpcNotification): Response | Promise<Response> {
  const { scope, headers } = endpoint;
  const refusal = checkModern(headers, message);
  if (refusal !== undefined) return refuse(scope, refusal);
  scope.draft.protocolVersion = LATEST_MODERN;
  // Modern clients cancel by closing the connection; nothing else that they can announce concerns an upstream.
  if (!isRequest(message)) return empty(scope, 202);
  const meta = message.params?._meta as JsonObject;
  const clientCapabilities = offeredCapabilities(meta[MetaKey.CLIENT_CAPABILITIES], endpoint.server.options.clientCapabilities);
  if (headers.get('traceparent') === null && typeof meta.traceparent === 'string') {
    scope.trace = readTraceContext({ get: (name) => (typeof meta[name] === 'string' ? meta[name] : null) });
  }
  const asker = askerOf(endpoint, 'modern', LATEST_MODERN, message);
  return whenThere(refuseByPolicy(asker, { kind: 'connect' }), (denied) =>
    denied === undefined ? openAndServe(endpoint, asker, clientCapabilities) : answerWithJson(asker, 200, denied),
  );
}

function openAndServe(endpoint: EndpointRequest, asker: Asker, clientCapabilities: JsonObject): Response | Promise<Response> {
  const { peer, request, scope, principalKey, upstream } = endpoint;
  const serve = (leg: ModernLeg) => serveCall(callOf(endpoint, asker, { revision: LATEST_MODERN, clientCapabilities, leg }), peer.disconnected ?? request.signal);
  const fail = (failure: unknown) => answerWithJson(asker, 200, failureResponse(asker, failure));
  try {
    const opening = upstream.modern(principalKey, clientCapabilities, scope.hold);
    return isPending(opening) ? opening.then(serve).catch(fail) : serve(opening);
  } catch (failure) {
    return fail(failure);
  }
}

/** Who asks for what, as far as a decision needs it: nothing is opened or started for a principal before one (CV-1). */
export function askerOf(endpoint: EndpointRequest, era: Era, revision: Revision, message: JsonRpcRequest): Asker {
  const { runtime, server, principal, peer, scope } = endpoint;
  const now = runtime.clock();
  const purpose = statedPurpose(message);
  return {
    scope,
    server: server.options.name,
    principal,
    era,
    message,
    // What the token's issuer says counts more than what the client says.
    context: { now, sourceIp: peer.address, protocolVersion: revision, purpose, ...circumstancesOf(principal, now) },
    decisionPoint: runtime.options.decisionPoint,
    grants: runtime.grants,
  };
}

/** A call with everything that the checks need to know. */
export function callOf(endpoint: EndpointRequest, asker: Asker, { revision, clientCapabilities, leg }: Pick<Call, 'revision' | 'clientCapabilities' | 'leg'>): Call {
  const { runtime, server } = endpoint;
  // Written out: spreading the asker takes longer than all of the checks on its headers.
  return {
    scope: asker.scope,
    server: asker.server,
    principal: asker.principal,
    era: asker.era,
    message: asker.message,
    context: asker.context,
    decisionPoint: asker.decisionPoint,
    grants: asker.grants,
    revision,
    clientCapabilities,
    leg,
    principalKey: endpoint.principalKey,
    headers: endpoint.headers,
    catalog: server.catalog,
    behaviour: runtime.options.behaviour,
    guard: server.options.guard,
    digestKey: runtime.options.digestKey,
    limits: runtime.limits,
    turn: runtime.turn,
    sessionsOutlive: runtime.options.sessionsOutlive === true,
    requirements: server.requirements,
    stepUp: server.stepUp,
  };
}

function refuseRate(scope: RequestScope, refusal: Extract<RateLimitResult, { allowed: false }>): Response {
  return refuse(scope, {
    status: 429,
    reason: `rate_limit_${refusal.limit}`,
    headers: { 'retry-after': String(refusal.retryAfterSeconds) },
    error: { code: GatewayErrorCode.RATE_LIMITED, message: `Too many requests: try again in ${refusal.retryAfterSeconds} s` },
  });
}
