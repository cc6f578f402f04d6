import { ErrorCode, Header } from '../../protocol';
import { refuseByPolicy } from '../access';
import type { HeaderReader } from '../inbound';
import { CONNECTION } from '../legacy-endpoint';
import type { LegacyLeg } from '../legs';
import { askerOf, callOf, serveStreamableHttp, type EndpointRequest } from '../mcp-endpoint';
import { answerWithJson, formatStream, refuse, type Refused } from '../respond';
import { openSession, type LegacySession } from '../sessions';
import { SSE_HEADERS, streamEvents } from '../sse-response';
import { endWithToken } from '../token-end';
import type { ClientStream } from './client-stream';
import type { ClientStreams } from './client-streams';
import { openEndpoint, sealEndpoint } from './endpoint-id';

const METHOD_NOT_ALLOWED: Refused = {
  status: 405,
  reason: 'method_not_allowed',
  headers: { allow: 'GET, POST' },
  error: { code: ErrorCode.INVALID_REQUEST, message: 'Method not allowed; expected GET or POST' },
};

const TOO_MANY_STREAMS: Refused = {
  status: 429,
  reason: 'too_many_streams',
  headers: { 'retry-after': '5' },
  error: { code: ErrorCode.INVALID_REQUEST, message: 'Too many streams are open: close one' },
};

const UNKNOWN_ENDPOINT: Refused = {
  status: 404,
  reason: 'unknown_endpoint',
  error: { code: ErrorCode.INVALID_REQUEST, message: 'Endpoint not found: open the stream with GET, and post to the endpoint that it names' },
};

const NOT_HERE: Refused = {
  status: 404,
  reason: 'stream_not_here',
  error: {
    code: ErrorCode.INVALID_REQUEST,
    message: 'Stream not found: it has ended, or is open at another instance of the gateway. Open a new one, or use Streamable HTTP, which any instance serves',
  },
};

/** The transport of 2024-11-05 asks nothing of `Accept` where messages are posted: their answers come on the stream. */
export function headersOfStreamClient(method: string, headers: HeaderReader): HeaderReader {
  return method === 'POST' ? { get: (name) => (name === 'accept' ? 'application/json, text/event-stream' : headers.get(name)) } : headers;
}

/**
 * Serves `/mcp/<server>/sse`, in the words of Streamable HTTP: each message that is posted is served like one there, with the same checks,
 * decisions and audit event, and what would be its answer is said on the stream. The event has the status of that answer;
 * the client gets 202 for it.
 */
export async function serveHttpSse(endpoint: EndpointRequest, streams: ClientStreams): Promise<Response> {
  switch (endpoint.request.method) {
    case 'GET':
      return openStream(endpoint, streams);
    case 'POST':
      return takeMessage(endpoint, streams);
    default:
      return refuse(endpoint.scope, METHOD_NOT_ALLOWED);
  }
}

async function openStream(endpoint: EndpointRequest, streams: ClientStreams): Promise<Response> {
  const { scope, runtime, server, principal, principalKey } = endpoint;
  scope.draft.method = 'listen';
  const denied = await refuseByPolicy(askerOf(endpoint, 'legacy', '2024-11-05', CONNECTION), { kind: 'connect' });
  if (denied !== undefined) return answerWithJson(endpoint, 403, denied);
  const stream = streams.open(principalKey);
  if (stream === undefined) return refuse(scope, TOO_MANY_STREAMS);
  endWithToken(principal, scope, runtime.clock(), stream.end);
  const { name } = server.options;
  stream.nameEndpoint(`/mcp/${name}/sse?endpoint=${sealEndpoint(runtime.seal, { stream: stream.id, server: name, principal: principalKey })}`);
  const body = streamEvents(stream, {
    keepAliveMs: runtime.limits.keepAliveMs,
    onEnd(bytes) {
      stream.end();
      scope.finish(200, bytes);
      void endSession(endpoint, stream.sessionId);
    },
    onDisconnect: stream.end,
  });
  return new Response(body, { status: 200, headers: SSE_HEADERS });
}

async function takeMessage(endpoint: EndpointRequest, streams: ClientStreams): Promise<Response> {
  const { scope, runtime, server, request, principalKey } = endpoint;
  const sealed = new URL(request.url).searchParams.get('endpoint');
  const id = sealed === null ? undefined : openEndpoint(runtime.seal, sealed, server.options.name, principalKey);
  if (id === undefined) return refuse(scope, UNKNOWN_ENDPOINT);
  const stream = streams.find(id);
  if (stream === undefined) return refuse(scope, NOT_HERE);
  const serving = serveOn(stream, endpoint);
  stream.owe(serving);
  return serving;
}

async function serveOn(stream: ClientStream, endpoint: EndpointRequest): Promise<Response> {
  const response = await serveStreamableHttp({ ...endpoint, headers: withSession(endpoint.headers, stream.sessionId) });
  const opened = response.headers.get(Header.SESSION_ID);
  if (opened !== null) await replaceSession(endpoint, stream, opened);
  if (response.status === 202 && !stream.listening) void listen(endpoint, stream);
  if (response.status !== 200) return response;
  stream.owe(sayAnswer(stream, response));
  return new Response(null, { status: 202 });
}

function withSession(headers: HeaderReader, sessionId: string | undefined): HeaderReader {
  return { get: (name) => (name.toLowerCase() === Header.SESSION_ID.toLowerCase() ? (sessionId ?? null) : headers.get(name)) };
}

/** A client that initializes anew has done with what it opened before. */
async function replaceSession(endpoint: EndpointRequest, stream: ClientStream, opened: string): Promise<void> {
  const before = stream.sessionId;
  stream.sessionId = opened;
  await endSession(endpoint, before);
  // The client went away meanwhile.
  if (stream.signal.aborted) await endSession(endpoint, opened);
}

/** Says the answer, and whatever comes before it. A client whose answer breaks off must not wait for it: its stream ends. */
async function sayAnswer(stream: ClientStream, response: Response): Promise<void> {
  try {
    if (response.body === null || response.headers.get('content-type') !== SSE_HEADERS['content-type']) return stream.say(await response.text());
    const reader = response.body.getReader();
    const leave = () => void reader.cancel();
    stream.signal.addEventListener('abort', leave, { once: true });
    const decoder = new TextDecoder();
    for (let next = await reader.read(); !next.done; next = await reader.read()) sayEvent(stream, decoder.decode(next.value));
    stream.signal.removeEventListener('abort', leave);
  } catch {
    stream.end();
  }
}

/** A stream of 2024-11-05 cannot be taken up again, so it has no ids, and no events that are nothing else. */
function sayEvent(stream: ClientStream, event: string): void {
  const data = /^data: (.+)$/m.exec(event)?.[1];
  if (data !== undefined) stream.say(data);
}

/** Says what the server says outside requests, once the client is ready for it. */
function listen(endpoint: EndpointRequest, stream: ClientStream): Promise<void> {
  return within(endpoint, stream.sessionId, async (leg, { clientRevision: revision, clientCapabilities }) => {
    stream.listening = true;
    const said = await leg.listen({ signal: stream.signal });
    if (said === undefined) return;
    const call = callOf(endpoint, askerOf(endpoint, 'legacy', revision, CONNECTION), { revision, clientCapabilities, leg });
    for await (const event of formatStream(call, said.events)) sayEvent(stream, event);
  });
}

/** With its stream a session is over, here and at the server. */
function endSession(endpoint: EndpointRequest, sessionId: string | undefined): Promise<void> {
  return within(endpoint, sessionId, async (leg, { nonce }) => {
    endpoint.runtime.endedSessions.set(nonce, true);
    await leg.end();
  });
}

/** Talks to the server within the session, while no request of the client waits. Of what fails there is nobody to tell. */
async function within(endpoint: EndpointRequest, sessionId: string | undefined, talk: (leg: LegacyLeg, session: LegacySession) => Promise<void>): Promise<void> {
  const { seal, clock, limits } = endpoint.runtime;
  const session = sessionId === undefined ? undefined : openSession(seal, sessionId, clock(), limits.sessionMs);
  if (session === undefined) return;
  const releases: (() => void)[] = [];
  try {
    await talk(await endpoint.upstream.resume(session, (release) => releases.push(release)), session);
  } catch {
    // A server that cannot be reached now answers the next request with why.
  } finally {
    for (const release of releases) release();
  }
}
