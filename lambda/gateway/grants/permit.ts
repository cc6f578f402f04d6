import type { AuthorizationRequest, Decision, GrantInUse, Operation } from '../../authorization';
import { digestOf, GrantRefused, type Grant } from '../../grants';
import type { Principal } from '../../identity';
import type { JsonObject, JsonRpcRequest, JsonRpcResponse, ToolDefinition } from '../../protocol';
import { decide, type Asker } from '../access';
import type { Call } from '../call';
import { approvalNeeded, foreignState, grantError, grantRefused } from './answers';
import type { GrantGate, GrantUse } from './gate';
import { imaginedGrant } from './imagined-grant';
import { takeOwnAnswer, type OwnRequest, type OwnUse } from './own-state';

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
    call.scope.draft.policyIds = plain.policyIds;
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
  const goesOn = await desk.goOn(own.taken, call.principal, call.server, tool.name);
  if (goesOn === undefined) return undefined;
  const { grant, taken } = goesOn;
  const decision = await decideOn(call, tool, forms, inUse(grant));
  if (decision.effect === 'deny') return undefined;
  call.scope.note(`grant_continued:${grant.id}`);
  return { kind: 'permitted', policyIds: decision.policyIds, message: own.message, use: { taken, isContinued: true, argumentsDigest } };
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
  if (asked?.state === 'approved') return (await permitByGrant(call, gate, tool, forms, message, argumentsDigest)) ?? refused(call, asked);
  if (asked !== undefined && asked.state !== 'requested') return refused(call, asked);
  if (own?.isDeclined === true && asked !== undefined) return refused(call, asked);
  try {
    const { annotations } = tool;
    const { risk } = context;
    const request = { server, tool: tool.name, purpose: context.purpose ?? NO_PURPOSE, arguments: forms[0]!, ...(annotations === undefined ? {} : { annotations }), ...(risk === undefined ? {} : { risk }) };
    const grant = asked ?? (await gate.desk.request(principal, request, { existing: true }));
    if (grant.state === 'approved') return (await permitByGrant(call, gate, tool, forms, message, argumentsDigest)) ?? refused(call, grant);
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

function refused(call: Call, grant: Grant): Permit {
  return { kind: 'answered', response: grantRefused(call, grant) };
}
