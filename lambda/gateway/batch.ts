import { GatewayErrorCode, isJsonObject, isRequest, type JsonRpcMessage, type JsonValue } from '../protocol';
import type { LegacyLeg } from './legs';
import { isSessionLost, serveLegacyMessage } from './legacy-endpoint';
import type { EndpointRequest } from './mcp-endpoint';
import { checkMessage } from './inbound';
import { answerWithJson, empty, failureResponse, refuse } from './respond';
import { openScope } from './scope';
import type { LegacySession } from './sessions';
import { SSE_HEADERS, formatEvent } from './sse-response';

/**
 * Serves a batch (2025-03-26 only): every message is checked, paced, decided on and logged for itself. The answers come
 * back as one JSON array, or as one stream where an answer is a stream.
 *
 * @throws UpstreamFailure `session_lost`, when the upstream no longer knows the session
 */
export async function serveBatch(endpoint: EndpointRequest, session: LegacySession, leg: LegacyLeg, messages: readonly JsonRpcMessage[]): Promise<Response> {
  const { scope } = endpoint;
  scope.draft.method = 'batch';
  const served = await Promise.allSettled(messages.map((message, index) => serveOne(endpoint, session, leg, message, index)));
  const lost = served.find((one) => one.status === 'rejected');
  const responses = served.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (lost !== undefined) {
    await Promise.all(responses.map((response) => response.body?.cancel()));
    throw lost.reason;
  }
  const answers = responses.filter((_, index) => isRequest(messages[index] as JsonRpcMessage));
  if (answers.length === 0) return empty(scope, 202);
  if (answers.every((answer) => answer.headers.get('content-type') === 'application/json')) {
    const bodies = await Promise.all(answers.map((answer) => answer.json() as Promise<JsonValue>));
    const text = JSON.stringify(bodies.filter(isJsonObject));
    scope.finish(200, text.length);
    return new Response(text, { status: 200, headers: { 'content-type': 'application/json' } });
  }
  const bodies = await Promise.all(answers.map(streamOf));
  return new Response(merge(bodies, (bytes) => scope.finish(200, bytes)), { status: 200, headers: SSE_HEADERS });
}

/** One message, with an audit event of its own (LOG-1). The first was paced with the HTTP request. */
async function serveOne(endpoint: EndpointRequest, session: LegacySession, leg: LegacyLeg, message: JsonRpcMessage, index: number): Promise<Response> {
  const { runtime, scope, peer, server, principalKey: principal } = endpoint;
  const own = openScope(runtime.options.audit, runtime.clock, scope.trace, peer.address);
  own.identify(endpoint.principal);
  own.draft.server = scope.draft.server;
  own.draft.protocolVersion = session.clientRevision;
  own.draft.method = 'method' in message ? message.method : 'response';
  const id = isRequest(message) ? message.id : undefined;
  const pace = index === 0 ? undefined : await runtime.options.rateLimiter.take({ principal, endpoint: server.options.name });
  if (pace?.allowed === false) {
    const error = { code: GatewayErrorCode.RATE_LIMITED, message: `Too many requests: try again in ${pace.retryAfterSeconds} s` };
    return refuse(own, { status: 429, reason: `rate_limit_${pace.limit}`, error, id });
  }
  const shape = checkMessage(message, session.clientRevision);
  if (shape !== undefined) return refuse(own, shape);
  try {
    return await serveLegacyMessage({ ...endpoint, scope: own }, session, leg, message);
  } catch (failure) {
    if (!isSessionLost(failure)) return answerWithJson({ scope: own }, 502, failureResponse({ scope: own, message: { jsonrpc: '2.0', id: id ?? 0, method: '' } }, failure));
    own.fail('unknown_session');
    own.finish(404, 0);
    throw failure;
  }
}

async function streamOf(answer: Response): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const isJson = answer.headers.get('content-type') === 'application/json';
  const response = isJson ? new Response(formatEvent((await answer.json()) as JsonRpcMessage)) : answer;
  return (response.body as ReadableStream<Uint8Array>).getReader();
}

/** Every chunk of an event stream of ours is a whole event, so streams can be woven chunk by chunk, as the client takes them. */
function merge(readers: readonly ReadableStreamDefaultReader<Uint8Array>[], onEnd: (bytes: number) => void): ReadableStream<Uint8Array> {
  const nextOf = (reader: ReadableStreamDefaultReader<Uint8Array>) => reader.read().then((next) => ({ reader, next }));
  const pending = new Map(readers.map((reader) => [reader, nextOf(reader)]));
  let bytes = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (pending.size > 0) {
        const { reader, next } = await Promise.race(pending.values());
        if (next.done) {
          pending.delete(reader);
          continue;
        }
        pending.set(reader, nextOf(reader));
        bytes += next.value.length;
        controller.enqueue(next.value);
        return;
      }
      onEnd(bytes);
      controller.close();
    },
    async cancel() {
      onEnd(bytes);
      await Promise.all(readers.map((reader) => reader.cancel()));
    },
  });
}
