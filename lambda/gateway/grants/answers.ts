import type { Grant } from '../../grants';
import { ErrorCode, GatewayErrorCode, errorResponse, resultResponse, type JsonObject, type JsonRpcResponse } from '../../protocol';
import type { Call } from '../call';
import { clientCanAnswer } from '../legs';
import type { GrantGate } from './gate';
import { bindingOf, QUESTION, REQUEST_PURPOSE } from './own-state';

/** Says where to approve, in the way that the client can show: a question, an error that asks, or an error that explains. */
export function approvalNeeded(call: Call, gate: GrantGate, grant: Grant, argumentsDigest: string): JsonRpcResponse {
  const { message, era, revision, scope, clientCapabilities } = call;
  scope.deny('grant_required');
  const url = gate.approvalUrl(grant.id);
  const sentence = `Calling ${grant.terms.tool} of ${grant.terms.server} needs somebody's approval of exactly these arguments. Open the page, or give its address to who may approve.`;
  const question = { mode: 'url', message: sentence, url };
  const canOpen = clientCanAnswer(clientCapabilities, 'elicitation/create', question);
  if (era === 'modern' && canOpen) {
    const requestState = gate.seal.seal(REQUEST_PURPOSE, { binding: bindingOf(call), grant: grant.id, argumentsDigest });
    return resultResponse(message.id, { resultType: 'input_required', inputRequests: { [QUESTION]: { method: 'elicitation/create', params: question } }, requestState });
  }
  if (canOpen && revision === '2025-11-25') {
    return errorResponse(message.id, { code: ErrorCode.URL_ELICITATION_REQUIRED, message: sentence, data: { elicitations: [{ ...question, elicitationId: grant.id }] } });
  }
  return grantError(call, `Access denied: this call needs a grant. Somebody who may approve it opens ${url} ; then call again.`, { reason: 'grant_required', grant: grant.id, approvalUrl: url });
}

/** The refusal of a call whose grant came to nothing. */
export function grantRefused(call: Call, grant: Grant): JsonRpcResponse {
  call.scope.deny('grant_required');
  const sentence = grant.state === 'requested' ? 'nobody was asked to approve it' : OUTCOME[grant.state];
  return grantError(call, `Access denied: this call needs a grant, and ${sentence}`, { reason: 'grant_required', grant: grant.id, state: grant.state });
}

const OUTCOME = {
  approved: 'the one that was approved does not cover it',
  denied: 'it was denied',
  consumed: 'the one that was approved is used up',
  expired: 'nobody approved it in time, or it was not used in time',
  revoked: 'it was revoked',
} as const;

export function grantError({ message, scope }: Call, sentence: string, data: JsonObject): JsonRpcResponse {
  return errorResponse(message.id, { code: GatewayErrorCode.ACCESS_DENIED, message: sentence, data: { ...data, policyIds: [...(scope.draft.policyIds ?? [])], requestId: scope.requestId } });
}

export function foreignState({ message, scope }: Call): JsonRpcResponse {
  scope.deny('foreign_request_state');
  return errorResponse(message.id, { code: ErrorCode.INVALID_PARAMS, message: 'requestState is unknown or not yours: call again without it' });
}
