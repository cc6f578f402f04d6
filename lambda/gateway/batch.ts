import { isJsonObject, isRequest, type JsonRpcMessage, type JsonValue } from '../protocol';
import type { LegacyLeg } from './legs';
import { serveLegacyMessage } from './legacy-endpoint';
import type { EndpointRequest } from './mcp-endpoint';
import { checkMessage } from './inbound';
import { empty, refuse } from './respond';
import { openScope } from './scope';
import type { LegacySession } from './sessions';
import { SSE_HEADERS, formatEvent } from './sse-response';

/**
 * Serves a batch (2025-03-26 only): every message is checked, decided on and logged for itself. The answers come back
 * as one JSON array, or as one stream where an answer is a stream.
 */
export async function serveBatch(endpoint: EndpointRequest, session: LegacySession, leg: LegacyLeg, messages: readonly JsonRpcMessage[]): Promise<Response> {
  const { runtime, scope, peer } = endpoint;
  scope.draft.method = 'batch';
  const responses = await Promise.all(
    messages.map((message) => {
      const own = openScope(runtime.options.audit, runtime.clock, scope.trace, peer.address);
      own.identify(endpoint.principal);
      own.draft.server = scope.draft.server;
      own.draft.protocolVersion = session.clientRevision;
      own.draft.method = 'method' in message ? message.method : 'response';
      const shape = checkMessage(message, session.clientRevision);
      if (shape !== undefined) return refuse(own, shape);
      return serveLegacyMessage({ ...endpoint, scope: own }, session, leg, message);
    }),
  );
  const answers = responses.filter((_, index) => isRequest(messages[index] as JsonRpcMessage));
  if (answers.length === 0) return empty(scope, 202);
  if (answers.every((answer) => answer.headers.get('content-type') === 'application/json')) {
    const bodies = await Promise.all(answers.map((answer) => answer.json() as Promise<JsonValue>));
    const text = JSON.stringify(bodies.filter(isJsonObject));
    scope.finish(200, text.length);
    return new Response(text, { status: 200, headers: { 'content-type': 'application/json' } });
  }
  scope.finish(200, 0);
  return new Response(merge(answers), { status: 200, headers: SSE_HEADERS });
}

/** Every chunk of an event stream of ours is a whole event, so streams can be woven chunk by chunk. */
function merge(answers: readonly Response[]): ReadableStream<Uint8Array> {
  const readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
  return new ReadableStream<Uint8Array>({
    async start(controller) {
      await Promise.all(
        answers.map(async (answer) => {
          if (answer.headers.get('content-type') === 'application/json') {
            controller.enqueue(new TextEncoder().encode(formatEvent((await answer.json()) as JsonRpcMessage)));
            return;
          }
          const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
          readers.push(reader);
          for (let next = await reader.read(); !next.done; next = await reader.read()) controller.enqueue(next.value);
        }),
      );
      controller.close();
    },
    async cancel() {
      await Promise.all(readers.map((reader) => reader.cancel()));
    },
  });
}
