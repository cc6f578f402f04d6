import { isResponse, type JsonRpcResponse } from '../../protocol';
import type { UpstreamEvent } from '../upstream';
import type { Exchange } from './leg';

/** The exchange with another response in the place of its own, whether that is here already or comes last. */
export function mapResponse(exchange: Exchange, replace: (response: JsonRpcResponse) => JsonRpcResponse): Exchange {
  if (exchange.response === undefined) return { ...exchange, events: mapEvents(exchange.events, replace) };
  const response = replace(exchange.response);
  return response === exchange.response ? exchange : { ...exchange, response };
}

function mapEvents(events: AsyncIterable<UpstreamEvent>, replace: (response: JsonRpcResponse) => JsonRpcResponse): AsyncIterable<UpstreamEvent> {
  const iterator = events[Symbol.asyncIterator]();
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const next = await iterator.next();
        if (next.done === true || next.value.kind !== 'message' || !isResponse(next.value.message)) return next;
        return { value: { ...next.value, message: replace(next.value.message) } };
      },
      return: async () => (await iterator.return?.()) ?? { value: undefined, done: true },
    }),
  };
}
