import { Header, LATEST_MODERN, isResponse, type JsonRpcRequest, type JsonRpcResponse } from '../../protocol';
import { encodeHeaderValue } from '../inbound';
import { UpstreamFailure, type HttpTransport, type HttpExchange } from '../upstream';
import { answered, type Exchange, type ModernLeg } from './leg';

/** Parameters that `Mcp-Name` mirrors, by method (MCP 2026-07-28, transports: standard headers). */
const NAME_PARAMETER: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

/** Speaks 2026-07-28 to an HTTP upstream: every request stands alone. */
export function createModernHttpLeg(transport: HttpTransport): ModernLeg {
  return {
    era: 'modern',
    async exchange(request, options) {
      const headers: Record<string, string> = {
        ...options.paramHeaders,
        ...options.trace?.headers,
        [Header.PROTOCOL_VERSION]: LATEST_MODERN,
        [Header.METHOD]: request.method,
      };
      const parameter = NAME_PARAMETER[request.method];
      const name = parameter === undefined ? undefined : request.params?.[parameter];
      if (typeof name === 'string') headers[Header.NAME] = encodeHeaderValue(name);
      return answerOf(await postOrAnswer(transport, request, headers, options.signal), request);
    },
  };
}

type Posted = { readonly exchange: HttpExchange } | { readonly status: number; readonly response: JsonRpcResponse };

/** An HTTP error that carries the JSON-RPC error of this very request is the server's answer, not a failure. */
export async function postOrAnswer(
  transport: HttpTransport,
  request: JsonRpcRequest,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<Posted> {
  try {
    return { exchange: await transport.post(request, { headers, signal }) };
  } catch (failure) {
    if (failure instanceof UpstreamFailure && failure.code === 'status' && failure.error !== undefined) {
      const { id } = failure.error;
      if (id === request.id || id === undefined || id === null) {
        return { status: failure.status ?? 400, response: { ...failure.error, id: request.id } };
      }
    }
    throw failure;
  }
}

export function answerOf(posted: Posted, request: JsonRpcRequest): Exchange {
  if ('response' in posted) return answered(posted.status, posted.response);
  const { exchange } = posted;
  if (exchange.single === undefined) return { status: exchange.status, events: exchange.events };
  if (!isResponse(exchange.single) || exchange.single.id !== request.id) {
    throw new UpstreamFailure('garbage', 'the upstream answered with a message that does not belong to the request');
  }
  return answered(exchange.status, exchange.single);
}
