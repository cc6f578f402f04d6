import { noteOf, riskOf, type Carry, type Guarded, type GuardedCaller, type GuardFinding, type ServerGuard } from '../guard';
import { GatewayErrorCode, errorResponse, isNotification, isRequest, type JsonObject, type JsonRpcError, type JsonRpcMessage, type JsonRpcNotification, type JsonRpcRequest, type ToolDefinition } from '../protocol';
import type { Call } from './call';
import type { Finish } from './respond';

/** A server's answer that the guard does not let pass. */
export class AnswerRefused extends Error {
  constructor(
    /** Of the audit event, such as `result_secret/private-key`. */
    readonly reason: string,
    readonly failed: boolean,
  ) {
    super('the answer of the server was refused');
    this.name = 'AnswerRefused';
  }
}

const carries = new WeakMap<Call, Carry>();

/** `finish` with the guard behind it; the same where the server has none. */
export function guardedFinish(call: Call, finish: Finish, tool?: ToolDefinition): Finish {
  const { guard } = call;
  if (guard === undefined) return finish;
  return async (result) => {
    const finished = await finish(result);
    const end = call.scope.tracing?.part('guard');
    const guarded = await guard.guardResult(finished, call.scope.draft.target, callerOf(call), tool);
    end?.(guarded.ok ? 'passed' : 'refused');
    return passed(call, guarded);
  };
}

/** What a legacy server says of itself in answer to `initialize`, without what must not pass; the same where the server has no guard. */
export async function guardDescription(asked: Asked & { readonly server: { readonly options: { readonly guard?: ServerGuard } } }, description: JsonObject): Promise<JsonObject> {
  const { guard } = asked.server.options;
  return guard === undefined ? description : passed(asked, await guard.guardResult(description, undefined, callerOf(asked)));
}

/** What the guard says of a call's arguments. */
export interface ArgumentsVerdict {
  /** Why the call is refused. @default - it is not */
  readonly problems?: readonly { readonly pointer: string; readonly message: string }[];
  /** How suspicious they are, 0 to 100: for policies, as `context.risk` (CV-2). */
  readonly risk: number;
}

/** Looks at a call's arguments after their schema and before any policy. */
export async function guardArguments(call: Call, guard: ServerGuard, tool: ToolDefinition, forms: readonly JsonObject[]): Promise<ArgumentsVerdict> {
  let risk = 0;
  const end = call.scope.tracing?.part('guard');
  for (const form of forms) {
    const verdict = await guard.checkArguments(tool, form, callerOf(call));
    note(call, verdict.findings);
    if (!verdict.ok) {
      end?.('refused');
      return { problems: verdict.problems, risk };
    }
    risk = Math.max(risk, riskOf(verdict.findings));
  }
  end?.('passed');
  return { risk };
}

/** An error as the client gets it: without what must not pass. */
export function guardError(call: Call, guard: ServerGuard, response: JsonRpcError): JsonRpcError {
  return { ...response, error: passed(call, guard.guardError(response.error, call.scope.draft.target, callerOf(call))) };
}

/** A notification or a question as the client gets it; `undefined` where it must not pass. */
export function guardMessage(call: Call, guard: ServerGuard, message: JsonRpcMessage): JsonRpcNotification | JsonRpcRequest | undefined {
  if (!isRequest(message) && !isNotification(message)) return undefined;
  if (message.params === undefined) return message;
  let carry = carries.get(call);
  if (carry === undefined) carries.set(call, (carry = guard.createCarry()));
  const guarded = guard.guardParams(message.params, call.scope.draft.target, callerOf(call), carry);
  note(call, guarded.findings);
  if (!guarded.ok) return undefined;
  return guarded.value === message.params ? message : { ...message, params: guarded.value };
}

/** What a server asks of the client in an unfinished answer, without what must not pass. */
export function guardQuestions(call: Call, guard: ServerGuard, result: JsonObject): JsonObject {
  const { inputRequests } = result;
  if (inputRequests === undefined) return result;
  const { inputRequests: clean } = passed(call, guard.guardParams({ inputRequests }, call.scope.draft.target, callerOf(call)));
  return clean === inputRequests ? result : { ...result, inputRequests: clean };
}

/** What the client is told of an answer that was refused. */
export function answerRefused({ message, scope }: Pick<Call, 'message' | 'scope'>, { reason, failed }: AnswerRefused): JsonRpcError {
  if (failed) scope.fail('guard_failed');
  else scope.deny(reason);
  return errorResponse(message.id, {
    code: failed ? GatewayErrorCode.UNAVAILABLE : GatewayErrorCode.ACCESS_DENIED,
    message: failed ? 'the answer of the server cannot be checked, so it is refused' : 'the answer of the server was refused: it holds what must not pass, or is not what was promised',
    data: { reason: failed ? 'guard_failed' : reason.replace(/\/.*$/, ''), policyIds: [], requestId: scope.requestId },
  });
}

/** Who asked, and where it is noted. */
type Asked = Pick<Call, 'principal' | 'principalKey' | 'scope'>;

function passed<T>(call: Asked, guarded: Guarded<T>): T {
  note(call, guarded.findings);
  if (!guarded.ok) throw new AnswerRefused(`result_${guarded.reason}`, guarded.reason.startsWith('failure/'));
  for (const detail of guarded.details ?? []) call.scope.note(detail);
  return guarded.value;
}

function note(call: Pick<Call, 'scope'>, findings: readonly GuardFinding[]): void {
  for (const finding of findings) call.scope.note(noteOf(finding));
}

function callerOf({ principal, principalKey, scope }: Asked): GuardedCaller {
  return { principalKey, groups: principal.groups, requestId: scope.requestId };
}
