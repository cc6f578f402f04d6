import type { Call } from './call';
import { withKnownParams, withTrace } from './forwarded-params';
import { prepareCall } from './prepare';
import { answerWithJson, failureResponse, passOn } from './respond';
import { UpstreamFailure } from './upstream';

/**
 * Checks, forwards and answers one request, in either era.
 *
 * @throws UpstreamFailure `session_lost`, which a legacy client has to be told with a status of its own
 */
export async function serveCall(call: Call, signal: AbortSignal): Promise<Response> {
  const control = new AbortController();
  const giveUp = () => control.abort();
  // A dropped connection cancels a request in the modern era only.
  if (call.era === 'modern') {
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
  }
  try {
    const prepared = await prepareCall(call);
    if (prepared.kind === 'answer') return answerWithJson(call, prepared.httpStatus ?? 200, prepared.response);
    const { paramHeaders, finish } = prepared;
    const { trace } = call.scope;
    const known = withKnownParams(prepared.request);
    const request = call.leg.era === 'modern' ? withTrace(known, trace) : known;
    const exchange = await call.leg.exchange(request, { signal: control.signal, paramHeaders, trace });
    return await passOn(call, exchange, finish, giveUp);
  } catch (failure) {
    if (call.era === 'legacy' && failure instanceof UpstreamFailure && failure.code === 'session_lost') throw failure;
    return answerWithJson(call, 200, failureResponse(call, failure));
  }
}
