import { digestArguments } from '../audit';
import type { Decision, Operation, RequestContext } from '../authorization';
import type { Unmet } from '../identity';
import { isPending } from '../pending';
import {
  ErrorCode,
  GatewayErrorCode,
  LATEST_MODERN,
  errorResponse,
  isJsonObject,
  isModernRevision,
  resultResponse,
  type JsonObject,
  type JsonRpcRequest,
  type JsonRpcResponse,
} from '../protocol';
import { decide, refuseByPolicy, refuseDecided, refuseWithheld, unknownTool, visible } from './access';
import type { Call } from './call';
import type { ToolApproval, ToolEntry } from './catalog';
import { guardArguments, guardedFinish } from './guarded';
import { blockedAnswer, permitToolCall, type GrantUse } from './grants';
import { filterPrompts, filterResources, filterResourceTemplates, filterTools } from './lists';
import { knownServerCapabilities, modernMeta, settle } from './legs';

/** What is to be done with a request once all checks have spoken. */
export type Prepared =
  | {
      readonly kind: 'forward';
      /** What was checked is what is sent. */
      readonly request: JsonRpcRequest;
      readonly paramHeaders?: Readonly<Record<string, string>>;
      /** Of the tool that is called, where there is a registry. */
      readonly approval?: ToolApproval;
      /** Of the grant by which the call is permitted. */
      readonly use?: GrantUse;
      /** What the client gets to see of the result. */
      finish(result: JsonObject): JsonObject | Promise<JsonObject>;
    }
  | { readonly kind: 'answer'; readonly response: JsonRpcResponse; readonly httpStatus?: number; readonly headers?: Record<string, string> };

const asItIs = (result: JsonObject) => result;

/** Decides on a request whose shape has been checked, and says what to forward. */
export function prepareCall(call: Call): Promise<Prepared> {
  const { message } = call;
  const params = message.params ?? {};
  switch (message.method) {
    case 'tools/call':
      return prepareToolCall(call, String(params.name), isJsonObject(params.arguments) ? params.arguments : {});
    case 'tools/list':
      return decideAndForward(call, { kind: 'listTools' }, (result) => filterTools(call, result));
    case 'prompts/list':
      return decideAndForward(call, { kind: 'listPrompts' }, (result) => filterPrompts(call, result));
    case 'resources/list':
      return decideAndForward(call, { kind: 'listResources' }, (result) => filterResources(call, result));
    case 'resources/templates/list':
      return decideAndForward(call, { kind: 'listResources' }, (result) => filterResourceTemplates(call, result));
    case 'prompts/get': {
      const prompt = String(params.name);
      call.scope.draft.target = prompt;
      return decideAndForward(call, { kind: 'getPrompt', prompt, arguments: isJsonObject(params.arguments) ? params.arguments : {} });
    }
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe': {
      const uri = String(params.uri);
      call.scope.draft.target = uri;
      return decideAndForward(call, { kind: message.method === 'resources/read' ? 'readResource' : 'subscribeResource', uri });
    }
    case 'completion/complete': {
      const reference = isJsonObject(params.ref) ? String(params.ref.name ?? params.ref.uri) : '';
      call.scope.draft.target = reference;
      return decideAndForward(call, { kind: 'complete', reference });
    }
    case 'subscriptions/listen':
      return prepareListen(call, params);
    case 'server/discover':
      return decideAndForward(call, { kind: 'connect' }, (result) => ({
        ...approvedInstructions(call, result),
        supportedVersions: [LATEST_MODERN],
        capabilities: knownServerCapabilities(result.capabilities),
      }));
    default:
      return decideAndForward(call, { kind: 'connect' });
  }
}

async function decideAndForward(
  call: Call,
  operation: Operation,
  finish: (result: JsonObject) => JsonObject | Promise<JsonObject> = asItIs,
): Promise<Prepared> {
  const refusal = await refuseByPolicy(call, operation);
  return refusal === undefined ? { kind: 'forward', request: call.message, finish: guardedFinish(call, finish) } : { kind: 'answer', response: refusal };
}

/** Without instructions that nobody approved (TD-4). */
function approvedInstructions(call: Call, result: JsonObject): JsonObject {
  if (typeof result.instructions !== 'string') return result;
  const withheld = call.catalog.withholdsInstructions(result.instructions);
  if (withheld === undefined) return result;
  call.scope.note(`instructions_withheld: ${withheld}`);
  const { instructions: _, ...rest } = result;
  return rest;
}

async function prepareListen(call: Call, params: JsonObject): Promise<Prepared> {
  const filter = isJsonObject(params.notifications) ? params.notifications : {};
  const uris = Array.isArray(filter.resourceSubscriptions) ? filter.resourceSubscriptions.map(String) : [];
  for (const uri of uris) {
    const refusal = await refuseByPolicy(call, { kind: 'subscribeResource', uri });
    if (refusal !== undefined) return { kind: 'answer', response: refusal };
  }
  return decideAndForward(call, { kind: 'connect' });
}

async function prepareToolCall(call: Call, name: string, given: JsonObject): Promise<Prepared> {
  const { scope, message } = call;
  scope.draft.target = name;
  scope.describeArguments(() => digestArguments(call.digestKey, given));
  const block = call.grants?.killSwitch.blockOf(call.principal, call.server, name);
  if (block !== undefined) {
    const { reason, error } = blockedAnswer(block);
    scope.deny(reason);
    return { kind: 'answer', response: errorResponse(message.id, { ...error, data: { reason, policyIds: [], requestId: scope.requestId } }) };
  }
  const found = call.catalog.find(call.principalKey, name, (cursor) => listTools(call, cursor));
  const entry = isPending(found) ? await found : found;
  if (entry === undefined) {
    scope.deny('unknown_tool');
    return { kind: 'answer', response: unknownTool(call, name) };
  }
  const withheld = entry.approval?.withheld();
  if (withheld !== undefined) return { kind: 'answer', response: await refuseWithheld(call, entry.definition, withheld) };
  if (call.era === 'modern') {
    const refusal = entry.paramHeaders.check(call.headers, given, message.id);
    if (refusal !== undefined) {
      scope.deny(refusal.reason);
      return { kind: 'answer', httpStatus: refusal.status, response: errorResponse(message.id, refusal.error) };
    }
  }
  const checked = entry.guard.check(given);
  if (!checked.ok) {
    scope.deny(checked.reason);
    const [seen] = await visible(call, [{ kind: 'callTool', tool: entry.definition, arguments: {} }]);
    return { kind: 'answer', response: seen === true ? invalidArguments(call, entry, checked.problems) : unknownTool(call, name) };
  }
  const guarded = call.guard === undefined ? undefined : await guardArguments(call, call.guard, entry.definition, checked.forms);
  if (guarded?.problems !== undefined) {
    scope.deny('guarded_argument');
    const [seen] = await visible(call, [{ kind: 'callTool', tool: entry.definition, arguments: {} }]);
    return { kind: 'answer', response: seen === true ? invalidArguments(call, entry, guarded.problems) : unknownTool(call, name) };
  }
  const unmet = call.requirements?.(call.principal, name, call.context.now);
  if (unmet !== undefined) return askForMore(call, entry, unmet);
  // For the decision alone: a tool that is refused because of the risk is still one that the principal knows of.
  const context = contextWithRisk(call, name, checked.forward, guarded?.risk ?? 0);
  let forwarded = message;
  let use: GrantUse | undefined;
  if (call.grants === undefined) {
    for (const form of checked.forms) {
      const operation: Operation = { kind: 'callTool', tool: entry.definition, arguments: form };
      const deciding = decide(call, operation, context);
      const decision = isPending(deciding) ? await deciding : deciding;
      if (decision.effect !== 'allow') return refuseCall(call, entry, operation, decision);
      scope.draft.policyIds = decision.policyIds;
    }
  } else {
    const permit = await permitToolCall(context === call.context ? call : { ...call, context }, call.grants, entry.definition, checked.forms);
    if (permit.kind === 'answered') return { kind: 'answer', response: permit.response };
    if (permit.kind === 'denied') return refuseCall(call, entry, permit.operation, permit.decision);
    scope.draft.policyIds = permit.policyIds;
    forwarded = permit.message;
    use = permit.use;
  }
  const unchanged = checked.forward === given;
  return {
    kind: 'forward',
    request: unchanged ? forwarded : { ...forwarded, params: { ...forwarded.params, arguments: checked.forward } },
    use,
    // Also for a legacy client: its server may be a modern one.
    paramHeaders: entry.paramHeaders.headersFor(checked.forward),
    approval: entry.approval,
    finish: guardedFinish(call, asItIs, entry.definition),
  };
}

/** The context with what behaviour and guard say of the risk, where the token's issuer does not know of more (CV-2). */
function contextWithRisk({ context, behaviour, server, principalKey: principal, scope }: Call, tool: string, given: JsonObject, guardRisk: number): RequestContext {
  if (behaviour === undefined && guardRisk === 0) return context;
  const risk = Math.max(guardRisk, behaviour?.assess({ principal, server, tool, arguments: given, argumentsDigest: scope.argumentsDigest(), now: context.now }) ?? 0);
  if (risk > 0) scope.note(`risk:${risk}`);
  const { now, sourceIp, protocolVersion, grant, purpose, network, device, session, authentication } = context;
  // Written out: copying it takes longer than assessing most calls.
  return { now, sourceIp, protocolVersion, grant, purpose, risk: Math.max(risk, context.risk ?? 0), network, device, session, authentication } satisfies Record<keyof RequestContext, unknown>;
}

/** A policy's refusal; a challenge where it is one that the person can lift by signing in again (CV-3). */
async function refuseCall(call: Call, entry: ToolEntry, operation: Operation, decision: Extract<Decision, { effect: 'deny' }>): Promise<Prepared> {
  if (decision.stepUp === undefined) return { kind: 'answer', response: await refuseDecided(call, operation, decision) };
  call.scope.draft.policyIds = decision.policyIds;
  return askForMore(call, entry, { kind: 'authentication', requirement: decision.stepUp });
}

/** The challenge by which a client gets a token that is good for the tool; no use to whom the tool is hidden from. */
async function askForMore(call: Call, { definition }: ToolEntry, unmet: Unmet): Promise<Prepared> {
  const { scope, message } = call;
  const { status, reason, challenge } = call.stepUp(call.principal, unmet);
  scope.deny(reason);
  const [seen] = await visible(call, [{ kind: 'callTool', tool: definition, arguments: {} }]);
  if (seen !== true) return { kind: 'answer', response: unknownTool(call, definition.name) };
  const error = { code: GatewayErrorCode.ACCESS_DENIED, message: 'Access denied: the access token is not enough for this tool', data: { reason, policyIds: [], requestId: scope.requestId } };
  return { kind: 'answer', httpStatus: status, headers: { 'www-authenticate': challenge }, response: errorResponse(message.id, error) };
}

/** Since 2025-11-25 a model is told what is wrong with its arguments, so that it can mend them; before, it is an error. */
function invalidArguments(call: Call, entry: ToolEntry, problems: readonly { pointer: string; message: string }[]): JsonRpcResponse {
  const { id } = call.message;
  const text = `The arguments of ${entry.definition.name} were refused: ${problems.map(({ pointer, message }) => `${pointer === '' ? 'arguments' : pointer} ${message}`).join('; ')}`;
  if (call.era === 'legacy' && call.revision !== '2025-11-25') return errorResponse(id, { code: ErrorCode.INVALID_PARAMS, message: text });
  const result: JsonObject = { content: [{ type: 'text', text }], isError: true };
  return resultResponse(id, isModernRevision(call.revision) ? { ...result, resultType: 'complete' } : result);
}

let lists = 0;

/** Asks the upstream for a page of its tools on behalf of the gateway itself. */
async function listTools(call: Call, cursor: string | undefined): Promise<JsonObject> {
  const params: JsonObject = cursor === undefined ? {} : { cursor };
  if (call.leg.era === 'modern') params._meta = modernMeta(call.clientCapabilities, undefined);
  const request: JsonRpcRequest = { jsonrpc: '2.0', id: `mzt-list-${(lists += 1)}`, method: 'tools/list', params };
  const response = await settle(await call.leg.exchange(request, { trace: call.scope.trace }));
  if (response === undefined || 'error' in response) return {};
  for (const { name, reason } of (await call.catalog.read(response.result.tools)).dropped) call.scope.note(`tool_dropped:${name}: ${reason}`);
  return response.result;
}
