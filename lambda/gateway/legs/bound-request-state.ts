import { ErrorCode, errorResponse, isResponse, type JsonObject, type JsonRpcResponse } from '../../protocol';
import type { Seal } from '../sessions';
import type { UpstreamEvent } from '../upstream';
import { answered, type Exchange, type ModernLeg } from './leg';

const PURPOSE = 'upstream-request-state';

/**
 * Binds the request state of a server to server and principal. The server sees one client, the gateway, so it cannot
 * notice when one principal brings another one's state (MUL-6).
 *
 * @param binding server and principal
 */
export function bindRequestState(leg: ModernLeg, seal: Seal, binding: string): ModernLeg {
  function wrap(response: JsonRpcResponse): JsonRpcResponse {
    if (!('result' in response) || typeof response.result.requestState !== 'string') return response;
    const requestState = seal.seal(PURPOSE, { binding, state: response.result.requestState });
    return { ...response, result: { ...response.result, requestState } };
  }

  function wrapEvents(events: AsyncIterable<UpstreamEvent>): AsyncIterable<UpstreamEvent> {
    const iterator = events[Symbol.asyncIterator]();
    return {
      [Symbol.asyncIterator]: () => ({
        async next() {
          const next = await iterator.next();
          if (next.done === true || next.value.kind !== 'message' || !isResponse(next.value.message)) return next;
          return { value: { ...next.value, message: wrap(next.value.message) } };
        },
        return: async () => (await iterator.return?.()) ?? { value: undefined, done: true },
      }),
    };
  }

  return {
    era: 'modern',
    async exchange(request, options) {
      let sent = request;
      const brought = request.params?.requestState;
      if (typeof brought === 'string') {
        const opened = seal.open(PURPOSE, brought);
        if (opened?.binding !== binding) {
          const error = { code: ErrorCode.INVALID_PARAMS, message: 'requestState is unknown or not yours: call again without it' };
          return answered('ok', errorResponse(request.id, error));
        }
        sent = { ...request, params: { ...request.params, requestState: opened.state } satisfies JsonObject };
      }
      const exchange: Exchange = await leg.exchange(sent, options);
      if (exchange.response === undefined) return { ...exchange, events: wrapEvents(exchange.events) };
      const response = wrap(exchange.response);
      return response === exchange.response ? exchange : { ...exchange, response };
    },
  };
}
