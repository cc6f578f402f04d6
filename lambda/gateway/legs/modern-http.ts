import { Header, LATEST_MODERN, isErrorResponse, isResponse, type JsonRpcRequest, type JsonRpcResponse } from '../../protocol';
import { encodeHeaderValue } from '../inbound';
import { UpstreamFailure, type HttpExchange, type HttpRequestOptions, type HttpTransport, type UpstreamEvent } from '../upstream';
import { answered, type Exchange, type ModernLeg } from './leg';

/** Parameters that `Mcp-Name` mirrors, by method (MCP 2026-07-28, transports: standard headers). */
const NAME_PARAMETER: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

/** A subscription lasts for as long as both sides keep it. */
const ENDLESS = { totalMs: Infinity, idleMs: Infinity };

/** Speaks 2026-07-28 to an HTTP upstream: every request stands alone. */
export function createModernHttpLeg(transport: HttpTransport): ModernLeg {
  return {
    era: 'modern',
    exchange(request, { paramHeaders, trace, signal }) {
      const headers: Record<string, string> = {
        ...paramHeaders,
        ...trace?.headers,
        [Header.PROTOCOL_VERSION]: LATEST_MODERN,
        [Header.METHOD]: request.method,
      };
      const parameter = NAME_PARAMETER[request.method];
      const name = parameter === undefined ? undefined : request.params?.[parameter];
      if (typeof name === 'string') headers[Header.NAME] = encodeHeaderValue(name);
      const limits = request.method === 'subscriptions/listen' ? ENDLESS : undefined;
      return postOrAnswer(transport, request, { headers, signal, ...limits }).then((posted) => answerOf(posted, request));
    },
  };
}

type Posted = { readonly exchange: HttpExchange } | { readonly status: number; readonly response: JsonRpcResponse };

/** An HTTP error that carries the JSON-RPC error of this very request is the server's answer, not a failure. */
export function postOrAnswer(transport: HttpTransport, request: JsonRpcRequest, options: HttpRequestOptions): Promise<Posted> {
  return transport.post(request, options).then(
    (exchange) => ({ exchange }),
    (failure: unknown) => answerIn(failure, request),
  );
}

/** @throws `failure` where it is none that carries an answer */
function answerIn(failure: unknown, request: JsonRpcRequest): Posted {
  if (failure instanceof UpstreamFailure && failure.code === 'status' && failure.error !== undefined) {
    const { id } = failure.error;
    if (id === request.id || id === undefined || id === null) {
      return { status: failure.status ?? 400, response: { ...failure.error, id: request.id } };
    }
  }
  throw failure;
}

/** @throws UpstreamFailure `garbage` when the answer is a message that is not the response, `closed` when there is none */
export function answerOf(posted: Posted, request: JsonRpcRequest): Exchange {
  if ('response' in posted) return answered(posted.status, posted.response);
  const { exchange } = posted;
  if (exchange.streaming) return { status: exchange.status, events: onlyOwnResponse(exchange.events, request) };
  if (exchange.single === undefined) throw new UpstreamFailure('closed', 'the upstream answered a request without a response');
  if (!isResponse(exchange.single) || exchange.single.id !== request.id) {
    throw new UpstreamFailure('garbage', 'the upstream answered with a message that does not belong to the request');
  }
  return answered(exchange.status, exchange.single);
}

/** A stream may carry what belongs to other requests (resumption); an error without an id is the answer to this one. */
function onlyOwnResponse(events: AsyncIterableIterator<UpstreamEvent>, { id }: JsonRpcRequest): AsyncIterable<UpstreamEvent> {
  const iterator: AsyncIterator<UpstreamEvent> = {
    async next() {
      for (;;) {
        const next = await events.next();
        if (next.done === true || next.value.kind !== 'message' || !isResponse(next.value.message)) return next;
        const { message } = next.value;
        if (message.id === id) return next;
        if (isErrorResponse(message) && (message.id === undefined || message.id === null)) return { value: { ...next.value, message: { ...message, id } } };
      }
    },
    return: async () => (await events.return?.()) ?? { value: undefined, done: true },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
