import { LRUCache } from 'lru-cache';
import { readTraceContext } from '../audit';
import type { KillSwitch } from '../grants';
import { createRequirementCheck, protectedResourceMetadata, stepUpRequired, type AuthenticationFailure, type Principal, type RequirementCheck, type Unmet } from '../identity';
import { isPending, whenThere } from '../pending';
import { createCallerUpstreams, type CallerUpstreams } from './caller-upstreams';
import { createToolCatalog, type ToolCatalog } from './catalog';
import type { GrantGate } from './grants';
import { ClientStreams, headersOfStreamClient, serveHttpSse } from './http-sse';
import { Refusal, corsHeaders, preflight, type QuickerBody } from './inbound';
import { createConnectionPool, createHttpUpstream, createProcessUpstream, type ServerUpstream } from './legs';
import { serveMcp, withHeaders } from './mcp-endpoint';
import { plain, refuse } from './respond';
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits, type GatewayOptions, type RemoteUpstream, type ServerOptions, type UpstreamOptions } from './options';
import { openScope, type RequestScope } from './scope';
import { withTokenLimits } from './token-limits';
import { Turn } from './turn';
import { setEngineFlags } from './engine-flags';
import { serveSite } from './site';
import { createSeal, type Seal } from './sessions';
import { DEFAULT_UPSTREAM_LIMITS, checkUpstreamUrl, createHttpTransport, openSseChannel, startProcess, withCredentials, type CancelSignal, type HttpTransport, type UpstreamLimits } from './upstream';

/** A gateway in front of MCP servers: Web-standard requests in, responses out. Where a request comes from earns it nothing (ZT-0). */
export interface Gateway {
  /** Serves one request. Never rejects: what goes wrong is an answer, and an audit event. */
  fetch(request: Request, peer: Peer): Promise<Response>;
  /** Stops child processes, streams and connections. */
  close(): Promise<void>;
}

/** Who is at the other end of the connection, as far as the adapter knows. */
export interface Peer extends QuickerBody {
  readonly address?: string;
  /** Aborts when the client has gone away before the end of its answer. @default - the request's own signal, which costs more */
  readonly disconnected?: CancelSignal;
  /** SHA-256 of the client's certificate (DER), base64url; the connection has proved that the client holds its key (RFC 8705). */
  readonly clientCertificate?: string;
}

/** One server with what the gateway keeps for it. */
export interface ServerRuntime {
  readonly options: ServerOptions;
  readonly upstream: ServerUpstream;
  /** Set where each principal has credentials of its own for the server: then this is used instead of `upstream`. */
  readonly callers?: CallerUpstreams;
  readonly requirements?: RequirementCheck;
  /** The refusal that tells a client to come back with a better token. */
  readonly stepUp: (principal: Principal, unmet: Unmet) => AuthenticationFailure;
  readonly catalog: ToolCatalog;
  readonly resource: string;
  readonly resourceMetadataUrl: string;
}

/** What all requests of a gateway share. */
export interface GatewayRuntime {
  readonly options: GatewayOptions;
  readonly limits: GatewayLimits;
  readonly clock: () => number;
  readonly seal: Seal;
  readonly turn: Turn;
  /** Set where there are grants. */
  readonly grants?: GrantGate;
  /** Of the grants, or by itself. */
  readonly killSwitch?: KillSwitch;
  /** Nonces of sessions that clients ended and that only this instance knows. */
  readonly endedSessions: LRUCache<string, true>;
}

const SERVER_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const MCP_PREFIX = '/mcp/';
const MAX_ENDED_SESSIONS = 100_000;
const SITE_PATH = /^\/(grants|approvals)(\/|$)/;
/** Below a server's route: clients of the transport of MCP 2024-11-05. */
const SSE_SUFFIX = '/sse';
const METADATA_PATH = '/.well-known/oauth-protected-resource';

/**
 * @throws {RangeError} for a server name that cannot be a route, or one that is used twice
 * @throws {TypeError} for a server URL that a gateway must not call
 */
export function createGateway(options: GatewayOptions): Gateway {
  setEngineFlags();
  const limits: GatewayLimits = { ...DEFAULT_GATEWAY_LIMITS, ...options.limits };
  const clock = options.clock ?? Date.now;
  const seal = createSeal(options.sealKey);
  const grants = options.grants && { ...options.grants, seal };
  const killSwitch = options.killSwitch ?? grants?.killSwitch;
  const turn = new Turn();
  const runtime: GatewayRuntime = { turn, options: { ...options, decisionPoint: withTokenLimits(options.decisionPoint) }, limits, clock, seal, grants, killSwitch, endedSessions: new LRUCache({ max: MAX_ENDED_SESSIONS }) };
  const pool = createConnectionPool({ maxProcesses: limits.maxProcesses, idleMs: limits.processIdleMs });
  const servers = new Map<string, ServerRuntime>();
  const streams = options.httpSse === true ? new ClientStreams() : undefined;

  for (const server of options.servers) {
    const { name } = server;
    if (!SERVER_NAME.test(name)) throw new RangeError(`server name ${JSON.stringify(name)} must match ${SERVER_NAME.source}`);
    if (servers.has(name)) throw new RangeError(`server name ${JSON.stringify(name)} is used twice`);
    const catalog = createToolCatalog(server, limits, clock, options.registry);
    const { upstream } = server;
    if (upstream.kind !== 'stdio') checkUrl(name, upstream);
    const upstreamLimits = { ...DEFAULT_UPSTREAM_LIMITS, ...server.upstreamLimits };
    const opened = upstream.kind === 'http' ? openHttp(server, upstream, createHttpTransport({ name, limits: upstreamLimits, ...upstream })) : { upstream: openChannels(name, upstream, upstreamLimits, catalog) };
    const resourceMetadataUrl = `${options.publicUrl}${METADATA_PATH}${MCP_PREFIX}${name}`;
    const challenged = { resourceMetadataUrl, senderConstraint: server.senderConstraint };
    servers.set(name, {
      options: server,
      ...opened,
      requirements: server.tokenRequirements && createRequirementCheck(server.tokenRequirements),
      catalog,
      resource: `${options.publicUrl}${MCP_PREFIX}${name}`,
      resourceMetadataUrl,
      stepUp: (principal, unmet) => stepUpRequired(challenged, unmet, principal, options.scopes ?? []),
    });
  }

  /** Servers that talk over a connection of their own to each principal. */
  function openChannels(name: string, upstream: Exclude<UpstreamOptions, { kind: 'http' }>, upstreamLimits: UpstreamLimits, catalog: ToolCatalog): ServerUpstream {
    const shared = { name, limits: upstreamLimits, pool, seal, inputMs: limits.inputMs, onListChanged: catalog.forget };
    // A transport of 2024-11-05 carries nothing newer than the legacy era.
    if (upstream.kind === 'sse') return createProcessUpstream({ ...shared, era: 'legacy', start: (handlers) => openSseChannel({ name, limits: upstreamLimits, ...upstream }, handlers) });
    const onStderrLine = (line: string) => options.onServerOutput?.(name, line);
    return createProcessUpstream({ ...shared, start: (handlers) => startProcess({ name, limits: upstreamLimits, ...upstream }, { ...handlers, onStderrLine, onNoise: (line) => onStderrLine(`not MCP on its standard output: ${line}`) }) });
  }

  function openHttp({ name, credentials }: ServerOptions, { url }: { readonly url: string }, transport: HttpTransport): Pick<ServerRuntime, 'upstream' | 'callers'> {
    const create = (own: HttpTransport) => createHttpUpstream({ name, transport: own, seal, inputMs: limits.inputMs });
    if (credentials === undefined) return { upstream: create(transport) };
    const upstream = create(withCredentials(transport, url, credentials, () => undefined));
    return credentials.owner === 'gateway' ? { upstream } : { upstream, callers: createCallerUpstreams(url, transport, credentials, create) };
  }

  function route(request: Request, peer: Peer, scope: RequestScope): Response | Promise<Response> {
    const path = pathOf(request.url);
    if (path.startsWith(METADATA_PATH)) return serveMetadata(path, request.method, scope);
    if (grants?.site !== undefined && SITE_PATH.test(path)) return serveSite(runtime, grants.site, request, peer, scope);
    const name = path.startsWith(MCP_PREFIX) ? path.slice(MCP_PREFIX.length) : '';
    const overSse = streams !== undefined && name.endsWith(SSE_SUFFIX);
    const server = servers.get(overSse ? name.slice(0, -SSE_SUFFIX.length) : name);
    if (server === undefined) {
      scope.deny('unknown_route');
      const isOff = name.endsWith(SSE_SUFFIX) && servers.has(name.slice(0, -SSE_SUFFIX.length));
      return plain(scope, 404, { error: isOff ? 'HTTP+SSE is not served here: use Streamable HTTP, at the same path without /sse' : 'there is no MCP server at this path' });
    }
    scope.draft.server = server.options.name;
    if (request.method === 'OPTIONS') return servePreflight(request, scope);
    const serving = overSse
      ? serveMcp(runtime, server, request, { ...peer, headers: headersOfStreamClient(request.method, peer.headers ?? request.headers) }, scope, (endpoint) => serveHttpSse(endpoint, streams))
      : serveMcp(runtime, server, request, peer, scope);
    const cors = corsHeaders(peer.headers ?? request.headers, options.allowedOrigins);
    return cors === undefined ? serving : whenThere(serving, (response) => withHeaders(response, cors));
  }

  function servePreflight(request: Request, scope: RequestScope): Response {
    const headers = preflight(request.headers, options.allowedOrigins);
    if (headers instanceof Refusal) return refuse(scope, headers);
    scope.finish(204, 0);
    return new Response(null, { status: 204, headers });
  }

  /** RFC 9728 at the path of each route, and at the root where there is only one to name. */
  function serveMetadata(path: string, method: string, scope: RequestScope): Response {
    const name = path.slice(METADATA_PATH.length + MCP_PREFIX.length);
    const isRoot = path === METADATA_PATH || path === `${METADATA_PATH}/`;
    if (grants?.site !== undefined && path === `${METADATA_PATH}/grants` && method === 'GET') return plain(scope, 200, protectedResourceMetadata({ resource: `${options.publicUrl}/grants`, authorizationServers: options.authorizationServers }), { 'cache-control': 'public, max-age=300' });
    const server = isRoot ? undefined : servers.get(name);
    if ((!isRoot && server === undefined) || (method !== 'GET' && method !== 'HEAD')) {
      scope.deny('unknown_route');
      return plain(scope, isRoot || server !== undefined ? 405 : 404, { error: 'there is no protected resource here' });
    }
    const { authorizationServers, scopes, publicUrl } = options;
    const metadata = protectedResourceMetadata({ resource: server?.resource ?? publicUrl, authorizationServers, scopes, senderConstraint: server?.options.senderConstraint });
    return plain(scope, 200, metadata, { 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=300' });
  }

  return {
    async fetch(request, peer) {
      if (request.method === 'GET' && pathOf(request.url) === '/healthz') return Response.json({ status: 'ok' });
      const scope = openScope(options.audit, clock, readTraceContext(peer.headers ?? request.headers), peer.address, options.tracer);
      turn.enter();
      try {
        const together = turn.end();
        if (together !== undefined) await together;
        const routing = route(request, peer, scope);
        return isPending(routing) ? await routing : routing;
      } catch {
        scope.fail('internal_error');
        return plain(scope, 500, { error: 'the gateway could not serve this request', requestId: scope.requestId });
      } finally {
        const recorded = options.audit.recorded?.(turn.isAlone);
        turn.leave();
        if (recorded !== undefined) await recorded;
      }
    },
    async close() {
      for (const one of new Set([killSwitch, grants?.killSwitch])) one?.close();
      await Promise.all(
        [...servers.values()].map(({ upstream, callers, catalog }) => {
          catalog.close();
          callers?.close();
          return upstream.close();
        }),
      );
      await pool.close();
      await streams?.close();
      await options.audit.flush();
    },
  };
}

/** Upstreams may be on this machine and in private networks; a request leaves this machine encrypted. */
function checkUrl(name: string, { url, unsafeAllowPlainHttp }: RemoteUpstream): void {
  try {
    checkUpstreamUrl(url, { allowPrivate: true, unsafeAllowPlainHttp });
  } catch (error) {
    throw new TypeError(`server ${name}: ${(error as Error).message}`);
  }
}

/** Without the cost of parsing a URL that the adapter has already made sound. */
function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  if (start === -1) return '/';
  const end = url.indexOf('?', start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
}
