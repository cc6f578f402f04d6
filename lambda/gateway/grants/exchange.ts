import { isErrorResponse, type JsonRpcResponse } from '../../protocol';
import type { Call } from '../call';
import { mapResponse, type Exchange } from '../legs';
import { UpstreamFailure, type UpstreamFailureCode } from '../upstream';
import type { GrantGate, GrantUse } from './gate';
import { bindingOf, USE_PURPOSE } from './own-state';

/** Failures that say that the server has not got the request, or has not acted on it. */
const NOT_RECEIVED: ReadonlySet<UpstreamFailureCode> = new Set(['connect', 'credential']);

/**
 * The exchange of a call under a grant. The use is given back only where the server never received the call. Where the server
 * asks something first, the client's retry goes on under the same use.
 */
export async function exchangeUnderGrant(call: Call, gate: GrantGate, use: GrantUse, send: () => Promise<Exchange>): Promise<Exchange> {
  try {
    return mapResponse(await send(), (response) => withUse(call, gate, use, response));
  } catch (failure) {
    if (failure instanceof UpstreamFailure && NOT_RECEIVED.has(failure.code) && !use.isContinued) {
      await gate.desk.release(use.taken);
      call.scope.note(`grant_released:${use.taken.grant}`);
    }
    throw failure;
  }
}

function withUse(call: Call, { seal }: GrantGate, { taken, argumentsDigest }: GrantUse, response: JsonRpcResponse): JsonRpcResponse {
  if (call.era !== 'modern' || isErrorResponse(response) || response.result.resultType !== 'input_required') return response;
  const { requestState: state } = response.result;
  const sealed = seal.seal(USE_PURPOSE, { binding: bindingOf(call), grant: taken.grant, use: taken.use, rounds: taken.rounds, argumentsDigest, ...(typeof state === 'string' ? { state } : {}) });
  return { ...response, result: { ...response.result, requestState: sealed } };
}
