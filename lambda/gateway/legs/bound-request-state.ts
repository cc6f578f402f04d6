import { ErrorCode, errorResponse, type JsonObject, type JsonRpcResponse } from '../../protocol';
import type { Seal } from '../sessions';
import { answered, type ModernLeg } from './leg';
import { mapResponse } from './map-response';

const PURPOSE = 'upstream-request-state';

/**
 * Binds the request state of a server to server and principal. The server sees one client, the gateway, so it cannot
 * notice when one principal brings another one's state (MUL-6).
 *
 * @param bindingOf server and principal, asked for where there is a state
 */
export function bindRequestState(leg: ModernLeg, seal: Seal, bindingOf: () => string): ModernLeg {
  function wrap(response: JsonRpcResponse): JsonRpcResponse {
    if (!('result' in response) || typeof response.result.requestState !== 'string') return response;
    const requestState = seal.seal(PURPOSE, { binding: bindingOf(), state: response.result.requestState });
    return { ...response, result: { ...response.result, requestState } };
  }

  return {
    era: 'modern',
    async exchange(request, options) {
      let sent = request;
      const brought = request.params?.requestState;
      if (typeof brought === 'string') {
        const opened = seal.open(PURPOSE, brought);
        if (opened?.binding !== bindingOf()) {
          const error = { code: ErrorCode.INVALID_PARAMS, message: 'requestState is unknown or not yours: call again without it' };
          return answered('ok', errorResponse(request.id, error));
        }
        sent = { ...request, params: { ...request.params, requestState: opened.state } satisfies JsonObject };
      }
      return mapResponse(await leg.exchange(sent, options), wrap);
    },
  };
}
