import type { Decision, Operation } from '../authorization';
import type { WithheldReason } from '../integrity';
import { isPending, whenThere } from '../pending';
import { ErrorCode, GatewayErrorCode, errorResponse, type JsonRpcError, type ToolDefinition } from '../protocol';
import type { Call } from './call';
import { imaginedGrant } from './grants/imagined-grant';

/** What of a call a decision on it needs. */
export type Asker = Pick<Call, 'scope' | 'server' | 'principal' | 'era' | 'message' | 'context' | 'decisionPoint' | 'grants'>;

/** The refusal of `operation` by policy, or `undefined` when it is allowed (CV-1). Notes it in the audit event. */
export function refuseByPolicy(call: Asker, operation: Operation): JsonRpcError | undefined | Promise<JsonRpcError | undefined> {
  const refuse = (decision: Decision): undefined | Promise<JsonRpcError> => {
    if (decision.effect !== 'allow') return refuseDecided(call, operation, decision);
    call.scope.draft.policyIds = decision.policyIds;
    return undefined;
  };
  return whenThere(decide(call, operation), refuse);
}

/** The answer to `operation` that `decision` refuses. Notes it in the audit event. */
export async function refuseDecided(call: Asker, operation: Operation, decision: Extract<Decision, { effect: 'deny' }>): Promise<JsonRpcError> {
  call.scope.deny(decision.reason, decision.policyIds);
  return (await isHidden(call, operation, decision)) ? notFound(call, operation) : denied(call, decision);
}

/**
 * At once where the decision point does: a call goes through many steps, and waiting for what is there already is the dearest of most.
 *
 * @param context @default - the call's own
 */
export function decide(call: Asker, operation: Operation, context = call.context): Decision | Promise<Decision> {
  const { principal, server } = call;
  const end = call.scope.tracing?.part('decision');
  const decided = (decision: Decision) => {
    end?.(decision.effect);
    return decision;
  };
  const failed = (): Decision => {
    end?.('unavailable');
    return { effect: 'deny', policyIds: [], reason: 'unavailable' };
  };
  try {
    const decision = call.decisionPoint.decide({ principal, server, operation, context });
    return isPending(decision) ? decision.then(decided, failed) : decided(decision);
  } catch {
    return failed();
  }
}

/** Which of `operations` the principal may know of (MUL-8). None, when that cannot be decided. */
export async function visible(call: Asker, operations: readonly Operation[]): Promise<readonly boolean[]> {
  const { principal, server, context } = call;
  try {
    const seen = await call.decisionPoint.visible(operations.map((operation) => ({ principal, server, operation, context })));
    return call.grants === undefined ? seen : await visibleWithGrant(call, operations, seen);
  } catch {
    return operations.map(() => false);
  }
}

/** A tool that a grant could open is one that the principal may know of: otherwise nobody would ask for it. */
async function visibleWithGrant(call: Asker, operations: readonly Operation[], seen: readonly boolean[]): Promise<readonly boolean[]> {
  const { principal, server } = call;
  const hidden = operations.filter((operation, index) => seen[index] !== true && operation.kind === 'callTool');
  if (hidden.length === 0) return seen;
  const context = { ...call.context, grant: imaginedGrant(call.context.purpose) };
  const opened = await call.decisionPoint.visible(hidden.map((operation) => ({ principal, server, operation, context })));
  const openable = new Set(hidden.filter((_, index) => opened[index]));
  return operations.map((operation, index) => seen[index] === true || openable.has(operation));
}

/** A thing that the principal may not even see is answered like one that does not exist. */
async function isHidden(call: Asker, operation: Operation, decision: Decision): Promise<boolean> {
  if (operation.kind === 'callTool') {
    if (decision.effect === 'deny' && decision.reason === 'unavailable') return false;
    const [seen] = await visible(call, [operation]);
    return seen !== true;
  }
  return operation.kind === 'getPrompt' || operation.kind === 'readResource' || operation.kind === 'subscribeResource';
}

function notFound(call: Asker, operation: Operation): JsonRpcError {
  const { id } = call.message;
  switch (operation.kind) {
    case 'callTool':
      return unknownTool(call, operation.tool.name);
    case 'getPrompt':
      return errorResponse(id, { code: ErrorCode.INVALID_PARAMS, message: `Unknown prompt: ${operation.prompt}` });
    case 'readResource':
    case 'subscribeResource': {
      const code = call.era === 'modern' ? ErrorCode.INVALID_PARAMS : ErrorCode.RESOURCE_NOT_FOUND;
      return errorResponse(id, { code, message: 'Resource not found', data: { uri: operation.uri } });
    }
    default:
      return errorResponse(id, { code: ErrorCode.METHOD_NOT_FOUND, message: 'Method not found' });
  }
}

export function unknownTool(call: Asker, name: string): JsonRpcError {
  return errorResponse(call.message.id, { code: ErrorCode.INVALID_PARAMS, message: `Unknown tool: ${name}` });
}

const WITHHELD_SENTENCES = {
  quarantined: 'the definition of this tool changed or is under suspicion, and nobody has approved it as it is now',
  approval_expired: 'the approval of this tool is too old and has to be renewed',
  registry_unavailable: 'whether this tool is approved cannot be verified now, so it is refused',
} as const;

/** The refusal of a tool that the registry withholds (TD-4). One that was never approved is answered like one that does not exist. */
export async function refuseWithheld(call: Asker, tool: ToolDefinition, reason: WithheldReason): Promise<JsonRpcError> {
  call.scope.deny(`tool_${reason}`);
  if (reason === 'not_approved' || reason === 'revoked') return unknownTool(call, tool.name);
  const [seen] = await visible(call, [{ kind: 'callTool', tool, arguments: {} }]);
  if (seen !== true) return unknownTool(call, tool.name);
  return withheldResponse(call, reason);
}

export function withheldResponse({ message, scope }: Pick<Call, 'message' | 'scope'>, reason: WithheldReason): JsonRpcError {
  scope.deny(`tool_${reason}`);
  return errorResponse(message.id, {
    code: reason === 'registry_unavailable' ? GatewayErrorCode.UNAVAILABLE : GatewayErrorCode.ACCESS_DENIED,
    message: `Access denied: ${reason === 'not_approved' || reason === 'revoked' ? 'this tool is not approved' : WITHHELD_SENTENCES[reason]}`,
    data: { reason: `tool_${reason}`, policyIds: [], requestId: scope.requestId },
  });
}

const SENTENCES = {
  forbidden: 'a policy forbids this request',
  not_permitted: 'no policy permits this request',
  policy_error: 'a policy could not be evaluated for this request, so it is refused',
  unavailable: 'no decision can be taken now, so the request is refused',
} as const;

function denied(call: Asker, decision: Extract<Decision, { effect: 'deny' }>): JsonRpcError {
  const code = decision.reason === 'unavailable' ? GatewayErrorCode.UNAVAILABLE : GatewayErrorCode.ACCESS_DENIED;
  return errorResponse(call.message.id, {
    code,
    message: `Access denied: ${SENTENCES[decision.reason]}`,
    data: { reason: decision.reason, policyIds: [...decision.policyIds], requestId: call.scope.requestId },
  });
}
