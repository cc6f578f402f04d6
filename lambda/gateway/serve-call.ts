import { isPending } from '../pending';
import type { Call } from './call';
import { withKnownParams, withOwnMeta } from './forwarded-params';
import { exchangeUnderGrant } from './grants';
import { prepareCall } from './prepare';
import { answerWithJson, failureResponse, passOn } from './respond';
import { endWithToken } from './token-end';
import { Cancellation, UpstreamFailure, type CancelSignal } from './upstream';
import { exchangeWhileServed } from './withdrawal';

/**
 * Checks, forwards and answers one request, in either era.
 *
 * @throws UpstreamFailure `session_lost`, which a legacy client has to be told with a status of its own
 */
export async function serveCall(call: Call, disconnected: CancelSignal): Promise<Response> {
  const control = new Cancellation();
  const giveUp = () => control.abort();
  // A dropped connection cancels a request in the modern era only.
  if (call.era === 'modern') {
    disconnected.addEventListener('abort', giveUp, { once: true });
    if (disconnected.aborted) giveUp();
    if (call.message.method === 'subscriptions/listen') endWithToken(call.principal, call.scope, call.context.now, giveUp);
  }
  try {
    const prepared = await prepareCall(call);
    if (prepared.kind === 'answer') return answerWithJson(call, prepared.httpStatus ?? 200, prepared.response, prepared.headers);
    const { paramHeaders, approval, use, finish } = prepared;
    const tracedLeg = call.scope.tracing?.leg(call.scope.trace, call.server, call.message.method, call.scope.draft.target);
    const { trace } = tracedLeg ?? call.scope;
    const known = withKnownParams(prepared.request);
    const request = call.leg.era === 'modern' ? withOwnMeta(known, trace, call.clientCapabilities) : known;
    if (approval !== undefined) call.scope.hold(approval.onWithdrawn(giveUp));
    const { grants } = call;
    const sendPlain = () => call.leg.exchange(request, { signal: control, paramHeaders, trace });
    const send = use === undefined || grants === undefined ? sendPlain : () => exchangeUnderGrant(call, grants, use, sendPlain);
    const sent = approval === undefined ? send() : exchangeWhileServed(approval, send);
    call.scope.useTheWait();
    const exchange = await sent;
    const together = call.turn.end();
    if (together !== undefined) await together;
    if (exchange.response !== undefined) tracedLeg?.end('answered');
    const passing = passOn(call, exchange, finish, giveUp);
    return isPending(passing) ? await passing : passing;
  } catch (failure) {
    if (call.era === 'legacy' && failure instanceof UpstreamFailure && failure.code === 'session_lost') throw failure;
    return answerWithJson(call, 200, failureResponse(call, failure));
  }
}
