import { whenThere } from '../pending';
import {
  ErrorCode,
  GatewayErrorCode,
  errorResponse,
  isErrorResponse,
  isJsonObject,
  isNotification,
  isRequest,
  isResponse,
  type JsonObject,
  type JsonRpcErrorObject,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type RequestId,
} from '../protocol';
import { withheldResponse } from './access';
import type { Call } from './call';
import { AnswerRefused, answerRefused, guardError, guardMessage, guardQuestions, guardedFinish } from './guarded';
import { checkInputRequests, checkServerMessage } from './inbound';
import { clientCanAnswer, missingCapability, type Exchange } from './legs';
import { filterByShape } from './lists';
import type { RequestScope } from './scope';
import { COME_BACK, SSE_HEADERS, formatEvent, streamEvents } from './sse-response';
import { UpstreamFailure, type UpstreamEvent, type UpstreamFailureCode } from './upstream';
import { ToolWithdrawn } from './withdrawal';

/** How long a single answer is waited for before a stream is opened instead, milliseconds. */
const PATIENCE_MS = 2_000;

/** Methods whose answer may be `input_required` (MCP 2026-07-28, multi round-trip requests). */
const MAY_ASK: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

const FAILURE_CODE = { timeout: GatewayErrorCode.UPSTREAM_TIMEOUT } as Readonly<Record<string, number>>;

/** The JSON-RPC error that tells the client why the upstream did not answer. */
export function failureResponse(call: Pick<Call, 'message' | 'scope'>, failure: unknown): JsonRpcResponse {
  const { scope, message } = call;
  if (failure instanceof ToolWithdrawn) {
    // Refused, and yet the server may have acted on it.
    scope.note('withdrawn_in_flight');
    return withheldResponse(call, failure.reason);
  }
  if (failure instanceof AnswerRefused) return answerRefused(call, failure);
  if (!(failure instanceof UpstreamFailure)) {
    scope.fail('internal_error');
    return errorResponse(message.id, { code: ErrorCode.INTERNAL_ERROR, message: 'the gateway could not serve this request', data: { requestId: scope.requestId } });
  }
  const reason = failure.code === 'stopped' ? 'gateway_stopped' : `upstream_${failure.code}`;
  scope.fail(reason);
  scope.draft.upstreamStatus = failure.status ?? 'failed';
  return errorResponse(message.id, {
    code: FAILURE_CODE[failure.code] ?? GatewayErrorCode.UPSTREAM_FAILED,
    message: failure.message,
    data: { reason, requestId: scope.requestId },
  });
}

/** Errors of a modern request that have an HTTP status of their own (MCP 2026-07-28, transports). */
const MODERN_STATUS: Readonly<Record<number, number>> = {
  [ErrorCode.METHOD_NOT_FOUND]: 404,
  [ErrorCode.HEADER_MISMATCH]: 400,
  [ErrorCode.MISSING_CLIENT_CAPABILITY]: 400,
  [ErrorCode.UNSUPPORTED_PROTOCOL_VERSION]: 400,
};

function httpStatusOf(call: Call, response: JsonRpcResponse): number {
  if (call.era === 'legacy' || !isErrorResponse(response)) return 200;
  return MODERN_STATUS[response.error.code] ?? 200;
}

/** A small document of the gateway's own, with its audit event. */
export function plain(scope: RequestScope, status: number, body: object, headers: Readonly<Record<string, string>> = {}): Response {
  const text = JSON.stringify(body);
  scope.finish(status, text.length);
  return new Response(text, { status, headers: { 'content-type': 'application/json', ...headers } });
}

/** The answer without a body. */
export function empty(scope: RequestScope, status: number, headers: Readonly<Record<string, string>> = {}): Response {
  scope.finish(status, 0);
  return new Response(null, { status, headers });
}

/** What a refusal before any policy says: a `Refusal` of the protocol checks (GW-1), of authentication, or of a limit. */
export interface Refused {
  readonly status: number;
  /** The audit event's reason. */
  readonly reason: string;
  readonly error?: JsonRpcErrorObject;
  readonly id?: RequestId;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer to a request that is refused before any policy saw it. */
export function refuse(scope: RequestScope, refusal: Refused): Response {
  scope.deny(refusal.reason);
  const { status, error, id, headers } = refusal;
  if (error === undefined) return empty(scope, status, headers);
  return plain(scope, status, { jsonrpc: '2.0', ...(id === undefined ? {} : { id }), error }, headers);
}

/** A JSON answer, with its audit event. */
export function answerWithJson(call: Pick<Call, 'scope'>, status: number, body: JsonRpcMessage | readonly JsonRpcMessage[], headers: Record<string, string> = {}): Response {
  const text = JSON.stringify(body);
  call.scope.finish(status, text.length);
  return new Response(text, { status, headers: { 'content-type': 'application/json', ...headers } });
}

export type Finish = (result: JsonObject) => JsonObject | Promise<JsonObject>;

/**
 * Passes an exchange on to the client: as one JSON answer where the response comes at once and alone, otherwise as a
 * stream of server-sent events.
 */
export function passOn(call: Call, exchange: Exchange, finish: Finish, giveUp: () => void): Response | Promise<Response> {
  call.scope.draft.upstreamStatus = exchange.status;
  if (exchange.response === undefined) return passEventsOn(call, exchange, finish, giveUp);
  return whenThere(finishResponse(call, exchange.response, finish), (response) => answerWithJson(call, httpStatusOf(call, response), response));
}

async function passEventsOn(call: Call, exchange: Exchange, finish: Finish, giveUp: () => void): Promise<Response> {
  const iterator = exchange.events[Symbol.asyncIterator]();
  const first = iterator.next();
  const early = await soonest(first);
  if (early?.done === true) throw endedEarly();
  if (early !== undefined && early.value.kind === 'message' && isResponse(early.value.message)) {
    const response = await finishResponse(call, early.value.message, finish);
    await iterator.return?.();
    return answerWithJson(call, httpStatusOf(call, response), response);
  }
  const frames = formatFrames(call, resume(first, iterator), finish);
  // A dropped connection cancels a modern request; a legacy one goes on (MCP 2025-11-25, transports: disconnection).
  return streamOf(call, frames, call.era === 'modern' ? giveUp : () => void drain(frames));
}

/** Passes a legacy server's open stream on, for as long as both sides keep it. */
export function passStreamOn(call: Call, stream: Exchange, giveUp: () => void): Response {
  call.scope.draft.upstreamStatus = stream.status;
  return streamOf(call, formatStream(call, stream.events), giveUp);
}

function streamOf(call: Call, frames: AsyncIterator<string>, onDisconnect: () => void): Response {
  const body = streamEvents(frames, {
    keepAliveMs: call.limits.keepAliveMs,
    onEnd: (bytes) => call.scope.finish(200, bytes),
    onDisconnect,
  });
  return new Response(body, { status: 200, headers: SSE_HEADERS });
}

async function drain(frames: AsyncIterator<string>): Promise<void> {
  try {
    while ((await frames.next()).done !== true);
  } catch {
    // Nobody is left to tell.
  }
}

/** An unfinished answer asks only for what the client declared that it can give (MCP 2026-07-28, multi round-trip requests). */
function checkInputRequired(call: Call, response: Extract<JsonRpcResponse, { result: JsonObject }>): JsonRpcResponse {
  const { resultType, inputRequests } = response.result;
  if (resultType !== 'input_required') return failureResponse(call, new UpstreamFailure('garbage', "the upstream's answer has a resultType that is not known"));
  const problem = MAY_ASK.has(call.message.method) ? checkInputRequests(inputRequests) : `${call.message.method} may not ask`;
  if (problem !== undefined) return failureResponse(call, new UpstreamFailure('garbage', `the upstream asks for input that is not MCP: ${problem}`));
  const asked = Object.values(isJsonObject(inputRequests) ? inputRequests : {}) as { readonly method: string; readonly params?: JsonObject }[];
  const unanswerable = asked.find(({ method, params }) => !clientCanAnswer(call.clientCapabilities, method, params));
  if (unanswerable !== undefined) {
    call.scope.fail('missing_client_capability');
    return errorResponse(response.id, missingCapability(unanswerable.method, unanswerable.params));
  }
  for (const { method } of asked) call.scope.note(`server_request:${method}`);
  return call.guard === undefined ? response : { ...response, result: guardQuestions(call, call.guard, response.result) };
}

/** What was decided for one principal is never for a shared cache (MUL-8; MCP 2026-07-28, caching). */
function finishResponse(call: Call, response: JsonRpcResponse, finish: Finish): JsonRpcResponse | Promise<JsonRpcResponse> {
  if (isErrorResponse(response)) {
    call.scope.draft.reason ??= `upstream_error:${response.error.code}`;
    return call.guard === undefined ? response : guardError(call, call.guard, response);
  }
  const { resultType = 'complete' } = response.result;
  if (call.era === 'modern' && resultType !== 'complete') return checkInputRequired(call, response);
  const withResult = (result: JsonObject): JsonRpcResponse => {
    if ('cacheScope' in result && call.era === 'modern') return { ...response, result: { ...result, cacheScope: 'private' } };
    return result === response.result ? response : { ...response, result };
  };
  return whenThere(finish(response.result), withResult);
}

function hasCode(failure: unknown, code: UpstreamFailureCode): boolean {
  return failure instanceof UpstreamFailure && failure.code === code;
}

function endedEarly(): UpstreamFailure {
  return new UpstreamFailure('closed', 'the upstream ended its answer before the response');
}

/** `undefined` when the first event does not come soon. */
async function soonest(first: Promise<IteratorResult<UpstreamEvent>>): Promise<IteratorResult<UpstreamEvent> | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, undefined);
  });
  try {
    return await Promise.race([first, patience]);
  } finally {
    clearTimeout(timer);
  }
}

async function* resume(first: Promise<IteratorResult<UpstreamEvent>>, iterator: AsyncIterator<UpstreamEvent>): AsyncGenerator<UpstreamEvent> {
  let finished = false;
  try {
    for (let next = await first; ; next = await iterator.next()) {
      if (next.done === true) {
        finished = true;
        return;
      }
      yield next.value;
    }
  } finally {
    if (!finished) await iterator.return?.();
  }
}

async function* formatFrames(call: Call, events: AsyncIterable<UpstreamEvent>, finish: Finish): AsyncGenerator<string> {
  let resumable = false;
  try {
    for await (const event of events) {
      if (event.kind === 'checkpoint') {
        resumable ||= event.eventId !== undefined;
        if (call.era === 'legacy') yield formatEvent(undefined, event.eventId, event.retryMs);
        continue;
      }
      resumable ||= event.eventId !== undefined;
      const message = await admit(call, event.message, finish);
      if (message !== undefined) yield formatEvent(message, call.era === 'legacy' ? event.eventId : undefined);
      if (isResponse(event.message)) return;
    }
    // A legacy server may end a stream early; the client takes it up again by its last event id.
    if (!resumable) yield formatEvent(failureResponse(call, endedEarly()));
  } catch (failure) {
    // This instance ends and the call does not: the client takes its stream up again at another one (MCP 2025-11-25, transports: resumability).
    if (resumable && call.era === 'legacy' && call.sessionsOutlive && hasCode(failure, 'stopped')) {
      call.scope.draft.reason ??= 'left_to_resume';
      yield COME_BACK;
    } else {
      yield formatEvent(failureResponse(call, failure));
    }
  }
}

/** The server-sent events of a legacy server's open stream: what of it reaches the client. */
export async function* formatStream(call: Call, events: AsyncIterable<UpstreamEvent>): AsyncGenerator<string> {
  const finish = guardedFinish(call, (result) => filterByShape(call, result));
  try {
    for await (const event of events) {
      const message = event.kind === 'checkpoint' ? undefined : await admit(call, event.message, finish);
      if (message !== undefined || event.kind === 'checkpoint') yield formatEvent(message, event.eventId, event.kind === 'checkpoint' ? event.retryMs : undefined);
    }
  } catch (failure) {
    if (hasCode(failure, 'stopped')) {
      call.scope.draft.reason ??= 'gateway_stopped';
      if (call.sessionsOutlive) yield COME_BACK;
    } else if (!hasCode(failure, 'aborted')) {
      call.scope.fail('upstream_closed');
    }
  }
}

/** What of an upstream's message reaches the client. */
async function admit(call: Call, message: JsonRpcMessage, finish: Finish): Promise<JsonRpcMessage | undefined> {
  if (isResponse(message)) return finishResponse(call, message, finish);
  const refusal = checkServerMessage(message, call.revision);
  if (refusal !== undefined) call.scope.note(`server_message_dropped:${refusal}`);
  if (isRequest(message)) return refusal === undefined ? admitQuestion(call, message) : refuseQuestion(call, message);
  if (refusal !== undefined) return undefined;
  if (isNotification(message) && message.method === 'notifications/tools/list_changed') call.catalog.forget();
  return call.guard === undefined ? message : guardMessage(call, call.guard, message);
}

/** The server's question, when the client is one that can answer it. */
async function admitQuestion(call: Call, question: JsonRpcRequest): Promise<JsonRpcMessage | undefined> {
  const { method, params } = question;
  if (call.leg.era !== 'legacy') return undefined;
  if (method === 'ping') return question;
  if (!clientCanAnswer(call.clientCapabilities, method, params)) return refuseQuestion(call, question);
  call.scope.note(`server_request:${method}`);
  return call.guard === undefined ? question : (guardMessage(call, call.guard, question) ?? refuseQuestion(call, question));
}

/** A server whose question nobody gets to see is told so: otherwise it would wait. */
async function refuseQuestion({ leg }: Call, { id, method }: JsonRpcRequest): Promise<undefined> {
  if (leg.era !== 'legacy') return;
  // Where the server is gone, the call fails by that.
  await leg.respond(errorResponse(id, { code: ErrorCode.METHOD_NOT_FOUND, message: `the client does not answer ${method}` })).catch(() => {});
}
