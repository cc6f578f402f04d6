import type { TakenUse } from '../../grants';
import { isJsonObject, type JsonRpcRequest } from '../../protocol';
import type { Call } from '../call';
import type { GrantGate } from './gate';

/** The name of the gateway's own question among those of an unfinished answer. */
export const QUESTION = 'mcp-zero-trust.approval';
export const REQUEST_PURPOSE = 'grant-request';
export const USE_PURPOSE = 'grant-use';

/** The client comes back to the question for an approval. */
export interface OwnRequest {
  readonly kind: 'request';
  readonly grant: string;
  readonly isDeclined: boolean;
  readonly message: JsonRpcRequest;
}

/** The client answers a question that the server asked within a call under a grant. */
export interface OwnUse {
  readonly kind: 'use';
  readonly taken: TakenUse;
  readonly argumentsDigest: string;
  readonly message: JsonRpcRequest;
}

/** Server, principal and tool: whose state it is (MUL-6). */
export function bindingOf({ server, principalKey, message }: Pick<Call, 'server' | 'principalKey' | 'message'>): string {
  return JSON.stringify([server, principalKey, message.params?.name]);
}

/** What the client brings back that is the gateway's own, taken out of the message: the server never asked for it. */
export function takeOwnAnswer(call: Call, { seal }: GrantGate): OwnRequest | OwnUse | 'foreign' | undefined {
  const { message, era } = call;
  const state = message.params?.requestState;
  if (era !== 'modern' || typeof state !== 'string') return undefined;
  const used = seal.open(USE_PURPOSE, state);
  const asked = used === undefined ? seal.open(REQUEST_PURPOSE, state) : undefined;
  const opened = used ?? asked;
  if (opened === undefined) return undefined;
  if (opened.binding !== bindingOf(call)) return 'foreign';
  const { requestState: _, inputResponses, ...params } = message.params ?? {};
  if (used !== undefined) {
    const inner = typeof used.state === 'string' ? { requestState: used.state } : {};
    const taken = { grant: String(used.grant), use: String(used.use), rounds: Number(used.rounds) };
    return { kind: 'use', taken, argumentsDigest: String(used.argumentsDigest), message: { ...message, params: { ...params, ...inner, ...(inputResponses === undefined ? {} : { inputResponses }) } } };
  }
  const answer = isJsonObject(inputResponses) ? inputResponses[QUESTION] : undefined;
  const isDeclined = isJsonObject(answer) && (answer.action === 'decline' || answer.action === 'cancel');
  return { kind: 'request', grant: String(opened.grant), isDeclined, message: { ...message, params } };
}
