import type { AuthorizationRequest, Decision, GrantInUse, Operation } from '../authorization';
import { digestOf, GrantRefused, type Block, type Grant, type GrantDesk, type KillSwitch, type TakenUse } from '../grants';
import type { Principal } from '../identity';
import {
  ErrorCode,
  GatewayErrorCode,
  errorResponse,
  isErrorResponse,
  isJsonObject,
  isResponse,
  resultResponse,
  type JsonObject,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type ToolDefinition,
} from '../protocol';
import { decide, type Asker } from './access';
import type { Call } from './call';
import { imaginedGrant } from './imagined-grant';
import { clientCanAnswer, type Exchange } from './legs';
import type { Seal } from './sessions';
import { UpstreamFailure, type UpstreamEvent } from './upstream';

/** Just-in-time grants, as a gateway uses them (JIT-1, JIT-4, JIT-5). */
export interface GatewayGrants {
  readonly desk: Pick<GrantDesk, 'request' | 'fitting' | 'use' | 'continued' | 'release' | 'find'>;
  readonly killSwitch: KillSwitch;
  /** Where a person decides on a grant. */
  approvalUrl(grant: string): string;
  /** Serves `/grants` and `/approvals`. @default - the gateway does not */
  readonly site?: GrantSite;
  /** How long a call that comes back for its grant waits for people to decide, milliseconds. @default 20000 */
  readonly waitMs?: number;
}

/** The pages and the API of grants. */
export interface GrantSite {
  fetch(request: Request, peer: { readonly address?: string }): Promise<SiteAnswer>;
}

export interface SiteAnswer {
  readonly response: Response;
  readonly principal?: Principal;
  /** Why it was refused, for the audit event. */
  readonly denied?: string;
}

/** What the calls of one gateway share. */
export interface GrantGate extends GatewayGrants {
  readonly seal: Seal;
}

/** Whether a call may be forwarded, and on whose word. */
export type Permit =
  | {
      readonly kind: 'permitted';
      readonly policyIds: readonly string[];
      /** Without what only the gateway asked for. */
      readonly message: JsonRpcRequest;
      readonly use?: GrantUse;
    }
  /** No grant could change that: the policies have said what there is to say. */
  | { readonly kind: 'denied'; readonly decision: Extract<Decision, { effect: 'deny' }>; readonly operation: Operation }
  | { readonly kind: 'answered'; readonly response: JsonRpcResponse };

/** The use of a grant by which a call is forwarded. */
export interface GrantUse {
  readonly taken: TakenUse;
  /** The server received the call before, and asked something. */
  readonly isContinued: boolean;
  readonly argumentsDigest: string;
}

/** The name of the gateway's own question among those of an unfinished answer. */
const QUESTION = 'mcp-zero-trust.approval';
const REQUEST_PURPOSE = 'grant-request';
const USE_PURPOSE = 'grant-use';
const DEFAULT_WAIT_MS = 20_000;
const POLL_MS = 400;
/** Grants that are tried for one call. */
const MAX_CANDIDATES = 5;
const NO_PURPOSE = '(the client does not say)';

/**
 * Decides on a tool call. First without a grant; where that is not enough and one would help, with a live one that fits, which
 * is used up by the call; where there is none, the client is told where to ask for it.
 *
 * @param forms All forms of the arguments that have to be permitted; the first is what is forwarded
 */
export async function permitToolCall(call: Call, gate: GrantGate, tool: ToolDefinition, forms: readonly JsonObject[]): Promise<Permit> {
  const own = takeOwnAnswer(call, gate);
  if (own === 'foreign') return { kind: 'answered', response: foreignState(call) };
  const message = own === undefined ? call.message : own.message;
  const plain = await decideOn(call, tool, forms);
  if (plain.effect === 'allow') return { kind: 'permitted', policyIds: plain.policyIds, message };
  const denied: Permit = { kind: 'denied', decision: plain, operation: operationOf(tool, forms[0]!) };
  if (plain.reason === 'unavailable') return denied;
  const argumentsDigest = digestOf(forms[0]!);
  if (argumentsDigest === undefined) return denied;
  try {
    if (own?.kind === 'use') return (await permitContinued(call, gate, tool, forms, own, argumentsDigest)) ?? denied;
    const permit = await permitByGrant(call, gate, tool, forms, message, argumentsDigest);
    if (permit !== undefined) return permit;
    if ((await decideOn(call, tool, forms, imaginedGrant(call.context.purpose))).effect !== 'allow') return denied;
    return await askForGrant(call, gate, tool, forms, own, message, argumentsDigest);
  } catch (error) {
    call.scope.note(`grants_unavailable: ${error instanceof Error ? error.name : 'unknown'}`);
    return { kind: 'denied', decision: { effect: 'deny', policyIds: [], reason: 'unavailable' }, operation: denied.operation };
  }
}

function operationOf(tool: ToolDefinition, form: JsonObject): Operation {
  return { kind: 'callTool', tool, arguments: form };
}

/** The first form that is denied decides. */
async function decideOn(call: Asker, tool: ToolDefinition, forms: readonly JsonObject[], grant?: GrantInUse): Promise<Decision> {
  const asker = grant === undefined ? call : { ...call, context: { ...call.context, grant } };
  let decision: Decision | undefined;
  for (const form of forms) {
    decision = await decide(asker, operationOf(tool, form));
    if (decision.effect === 'deny') return decision;
  }
  return decision!;
}

async function permitByGrant(call: Call, { desk }: GrantGate, tool: ToolDefinition, forms: readonly JsonObject[], message: JsonRpcRequest, argumentsDigest: string): Promise<Permit | undefined> {
  const { principal, server, context } = call;
  const request: AuthorizationRequest = { principal, server, operation: operationOf(tool, forms[0]!), context };
  for (const candidate of (await desk.fitting(request)).slice(0, MAX_CANDIDATES)) {
    const decision = await decideOn(call, tool, forms, inUse(candidate.grant));
    if (decision.effect === 'deny') continue;
    const taken = await desk.use(candidate);
    if (taken === undefined) continue;
    call.scope.note(`grant_used:${taken.grant}`);
    return { kind: 'permitted', policyIds: decision.policyIds, message, use: { taken, isContinued: false, argumentsDigest } };
  }
  return undefined;
}

async function permitContinued(call: Call, { desk }: GrantGate, tool: ToolDefinition, forms: readonly JsonObject[], own: OwnUse, argumentsDigest: string): Promise<Permit | undefined> {
  if (own.argumentsDigest !== argumentsDigest) return undefined;
  const grant = await desk.continued(own.taken, call.principal, call.server, tool.name);
  if (grant === undefined) return undefined;
  const decision = await decideOn(call, tool, forms, inUse(grant));
  if (decision.effect === 'deny') return undefined;
  call.scope.note(`grant_continued:${grant.id}`);
  return { kind: 'permitted', policyIds: decision.policyIds, message: own.message, use: { taken: own.taken, isContinued: true, argumentsDigest } };
}

function inUse(grant: Grant): GrantInUse {
  const approvals = 'approvals' in grant ? grant.approvals : [];
  return {
    id: grant.id,
    purpose: grant.terms.purpose,
    argumentsBound: grant.terms.arguments.kind === 'exact',
    approvedBy: approvals.flatMap(({ by }) => (by.type === 'Policy' ? [] : [by.id])),
  };
}

/** Asks on behalf of the caller, and says where somebody can approve; waits for that where the caller comes back. */
async function askForGrant(
  call: Call,
  gate: GrantGate,
  tool: ToolDefinition,
  forms: readonly JsonObject[],
  own: OwnRequest | undefined,
  message: JsonRpcRequest,
  argumentsDigest: string,
): Promise<Permit> {
  const { principal, server, context } = call;
  const asked = own === undefined ? undefined : await waitForDecision(gate, own, principal);
  if (asked?.state === 'approved') return (await permitByGrant(call, gate, tool, forms, message, argumentsDigest)) ?? refusedGrant(call, asked);
  if (asked !== undefined && asked.state !== 'requested') return refusedGrant(call, asked);
  if (own?.isDeclined === true && asked !== undefined) return refusedGrant(call, asked);
  try {
    const { annotations } = tool;
    const request = { server, tool: tool.name, purpose: context.purpose ?? NO_PURPOSE, arguments: forms[0]!, ...(annotations === undefined ? {} : { annotations }) };
    const grant = asked ?? (await gate.desk.request(principal, request, { existing: true }));
    if (grant.state === 'approved') return (await permitByGrant(call, gate, tool, forms, message, argumentsDigest)) ?? refusedGrant(call, grant);
    return { kind: 'answered', response: approvalNeeded(call, gate, grant, argumentsDigest) };
  } catch (error) {
    if (!(error instanceof GrantRefused)) throw error;
    call.scope.deny(`grant_${error.reason}`);
    return { kind: 'answered', response: grantError(call, `Access denied: this call needs a grant, and ${error.message}`, { reason: `grant_${error.reason}` }) };
  }
}

async function waitForDecision({ desk, waitMs = DEFAULT_WAIT_MS }: GrantGate, own: OwnRequest, principal: Principal): Promise<Grant> {
  const until = performance.now() + (own.isDeclined ? 0 : waitMs);
  for (;;) {
    const grant = await desk.find(own.grant, principal);
    if (grant.state !== 'requested' || performance.now() >= until) return grant;
    await new Promise((resolve) => setTimeout(resolve, Math.min(POLL_MS, waitMs)));
  }
}

function refusedGrant(call: Call, grant: Grant): Permit {
  call.scope.deny('grant_required');
  const sentence = grant.state === 'requested' ? 'nobody was asked to approve it' : OUTCOME[grant.state];
  return { kind: 'answered', response: grantError(call, `Access denied: this call needs a grant, and ${sentence}`, { reason: 'grant_required', grant: grant.id, state: grant.state }) };
}

const OUTCOME = {
  approved: 'the one that was approved does not cover it',
  denied: 'it was denied',
  consumed: 'the one that was approved is used up',
  expired: 'nobody approved it in time, or it was not used in time',
  revoked: 'it was revoked',
} as const;

/** Says where to approve, in the way that the client can show: a question, an error that asks, or an error that explains. */
function approvalNeeded(call: Call, gate: GrantGate, grant: Grant, argumentsDigest: string): JsonRpcResponse {
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

function grantError({ message, scope }: Call, sentence: string, data: JsonObject): JsonRpcResponse {
  return errorResponse(message.id, { code: GatewayErrorCode.ACCESS_DENIED, message: sentence, data: { ...data, policyIds: [], requestId: scope.requestId } });
}

function foreignState({ message, scope }: Call): JsonRpcResponse {
  scope.deny('foreign_request_state');
  return errorResponse(message.id, { code: ErrorCode.INVALID_PARAMS, message: 'requestState is unknown or not yours: call again without it' });
}

interface OwnRequest {
  readonly kind: 'request';
  readonly grant: string;
  readonly isDeclined: boolean;
  readonly message: JsonRpcRequest;
}

interface OwnUse {
  readonly kind: 'use';
  readonly taken: TakenUse;
  readonly argumentsDigest: string;
  readonly message: JsonRpcRequest;
}

/** Server, principal and tool: whose state it is (MUL-6). */
function bindingOf({ server, principalKey, message }: Pick<Call, 'server' | 'principalKey' | 'message'>): string {
  return JSON.stringify([server, principalKey, message.params?.name]);
}

/** What the client brings back that is the gateway's own, taken out of the message: the server never asked for it. */
function takeOwnAnswer(call: Call, { seal }: GrantGate): OwnRequest | OwnUse | 'foreign' | undefined {
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
    const taken = { grant: String(used.grant), use: String(used.use) };
    return { kind: 'use', taken, argumentsDigest: String(used.argumentsDigest), message: { ...message, params: { ...params, ...inner, ...(inputResponses === undefined ? {} : { inputResponses }) } } };
  }
  const answer = isJsonObject(inputResponses) ? inputResponses[QUESTION] : undefined;
  const isDeclined = isJsonObject(answer) && (answer.action === 'decline' || answer.action === 'cancel');
  return { kind: 'request', grant: String(opened.grant), isDeclined, message: { ...message, params } };
}

/**
 * The exchange of a call under a grant. The use is given back only where the server never received the call. Where the server
 * asks something first, the client's retry goes on under the same use.
 */
export async function exchangeUnderGrant(call: Call, gate: GrantGate, use: GrantUse, send: () => Promise<Exchange>): Promise<Exchange> {
  const wrap = (response: JsonRpcResponse) => withUse(call, gate, use, response);
  try {
    const exchange = await send();
    return exchange.response === undefined ? { ...exchange, events: wrapEvents(exchange.events, wrap) } : { ...exchange, response: wrap(exchange.response) };
  } catch (failure) {
    if (failure instanceof UpstreamFailure && failure.code === 'connect' && !use.isContinued) {
      await gate.desk.release(use.taken);
      call.scope.note(`grant_released:${use.taken.grant}`);
    }
    throw failure;
  }
}

function withUse(call: Call, { seal }: GrantGate, { taken, argumentsDigest }: GrantUse, response: JsonRpcResponse): JsonRpcResponse {
  if (call.era !== 'modern' || isErrorResponse(response) || response.result.resultType !== 'input_required') return response;
  const { requestState: state } = response.result;
  const sealed = seal.seal(USE_PURPOSE, { binding: bindingOf(call), grant: taken.grant, use: taken.use, argumentsDigest, ...(typeof state === 'string' ? { state } : {}) });
  return { ...response, result: { ...response.result, requestState: sealed } };
}

function wrapEvents(events: AsyncIterable<UpstreamEvent>, wrap: (response: JsonRpcResponse) => JsonRpcResponse): AsyncIterable<UpstreamEvent> {
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

/** What a blocked caller is told (JIT-4). */
export interface BlockedAnswer {
  readonly status: number;
  readonly reason: string;
  readonly error: { readonly code: number; readonly message: string };
  readonly headers?: Readonly<Record<string, string>>;
}

export function blockedAnswer(block: Block): BlockedAnswer {
  if (block.kind === 'unreadable') {
    const error = { code: GatewayErrorCode.UNAVAILABLE, message: 'whether access is blocked cannot be read now, so the request is refused' };
    return { status: 503, reason: 'kill_switch_unreadable', error, headers: { 'retry-after': '1' } };
  }
  const { target } = block.mark;
  const what = target.kind === 'everything' ? 'all access' : target.kind === 'principal' ? 'the access of this principal' : `access to this ${target.kind}`;
  return { status: 403, reason: 'blocked', error: { code: GatewayErrorCode.ACCESS_DENIED, message: `Access denied: ${what} is blocked` } };
}

