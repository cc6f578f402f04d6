import { randomUUID } from 'node:crypto';
import {
  ErrorCode,
  LATEST_MODERN,
  MetaKey,
  errorResponse,
  isErrorResponse,
  isJsonObject,
  isRequest,
  isResponse,
  resultResponse,
  type JsonObject,
  type JsonRpcErrorObject,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type RequestId,
} from '../../protocol';
import type { Seal } from '../sessions';
import { UpstreamFailure, type UpstreamEvent } from '../upstream';
import { clientCanAnswer, isServerRequestMethod, knownServerCapabilities, neededCapability } from './capabilities';
import { answered, settle, type Exchange, type ExchangeOptions, type LegacyLeg, type ModernLeg, type UpstreamDescription } from './leg';
import { listenOverLegacy } from './listen-over-legacy';
import { toLegacyParams, toModernError, toModernResult, withoutElicitationId } from './translate';

/** Methods whose answer may be `input_required` (MCP 2026-07-28, multi round-trip requests). */
const MAY_ASK: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
const MAX_RESUMPTIONS = 10;
const DEFAULT_RETRY_MS = 1_000;

/** A call to a legacy server that waits for the client's answer. It lives with the instance that holds its stream. */
interface WaitingCall {
  readonly binding: string;
  readonly iterator: AsyncIterator<UpstreamEvent>;
  readonly questionId: RequestId;
  readonly question: { readonly method: string; readonly params?: JsonObject };
  readonly leg: LegacyLeg;
  /** Gives the upstream call up. Follows whichever client request is open for it, and none in between. */
  readonly control: AbortController;
  readonly timer: NodeJS.Timeout;
}

/** Calls that wait for their client, by the id that their sealed request state names. */
export type WaitingCalls = Map<string, WaitingCall>;

export interface ModernOverLegacyOptions {
  readonly leg: LegacyLeg;
  readonly description: UpstreamDescription;
  readonly waiting: WaitingCalls;
  readonly seal: Seal;
  /** Server and principal: whose request state this is. */
  readonly binding: string;
  readonly inputMs: number;
  /** Remembers the level that was last asked of the server. */
  readonly logging: { level?: string };
}

const STATE_PURPOSE = 'request-state';
const QUESTION_KEY = 'question';

/**
 * Lets a modern client talk to a legacy server: `server/discover` is answered from `initialize`, a server's question
 * becomes `input_required` whose retry continues the open call, notifications that belong to the request stay on it.
 */
export function createModernOverLegacyLeg(options: ModernOverLegacyOptions): ModernLeg {
  const { leg, description, waiting, seal, binding } = options;

  async function exchange(request: JsonRpcRequest, exchangeOptions: ExchangeOptions): Promise<Exchange> {
    if (request.method === 'server/discover') return answered('ok', resultResponse(request.id, discover(description)));
    if (request.method === 'subscriptions/listen') return listenOverLegacy(leg, description, request, exchangeOptions);
    const meta = isJsonObject(request.params?._meta) ? request.params._meta : {};
    const state = request.params?.requestState;
    if (typeof state === 'string') {
      const call = takeWaiting(state);
      if (call !== undefined) return resume(call, request, meta, exchangeOptions.signal);
      return answered('ok', errorResponse(request.id, { code: ErrorCode.INVALID_PARAMS, message: 'requestState is unknown, expired or not yours: call again without it' }));
    }
    await followLogLevel(meta);
    const sent: JsonRpcRequest = { jsonrpc: '2.0', id: request.id, method: request.method, ...withParams(toLegacyParams(request.params)) };
    const control = new AbortController();
    const unlink = follow(exchangeOptions.signal, control);
    const begun = await leg.exchange(sent, { ...exchangeOptions, signal: control.signal });
    if (begun.response === undefined) return { status: begun.status, events: run(begun.events[Symbol.asyncIterator](), request, meta, control, unlink) };
    unlink();
    return answered(begun.status, translateResponse(request, begun.response));
  }

  function takeWaiting(state: string): WaitingCall | undefined {
    const opened = seal.open(STATE_PURPOSE, state);
    const id = opened?.call;
    if (opened?.binding !== binding || typeof id !== 'string') return undefined;
    const call = waiting.get(id);
    if (call === undefined || call.binding !== binding) return undefined;
    waiting.delete(id);
    clearTimeout(call.timer);
    return call;
  }

  async function resume(call: WaitingCall, request: JsonRpcRequest, meta: JsonObject, signal?: AbortSignal): Promise<Exchange> {
    const responses = request.params?.inputResponses;
    const answer = isJsonObject(responses) ? responses[QUESTION_KEY] : undefined;
    if (!isJsonObject(answer)) return answered('ok', resultResponse(request.id, keepWaiting(call.iterator, call.questionId, call.question, call.control)));
    await call.leg.respond(resultResponse(call.questionId, answer));
    return { status: 'ok', events: run(call.iterator, request, meta, call.control, follow(signal, call.control)) };
  }

  function keepWaiting(
    iterator: AsyncIterator<UpstreamEvent>,
    questionId: RequestId,
    question: WaitingCall['question'],
    control: AbortController,
  ): JsonObject {
    const id = randomUUID();
    const timer = setTimeout(() => {
      waiting.delete(id);
      void leg.respond(errorResponse(questionId, { code: ErrorCode.INTERNAL_ERROR, message: 'the client did not answer in time' })).catch(() => {});
      control.abort();
    }, options.inputMs);
    timer.unref();
    waiting.set(id, { binding, iterator, questionId, question, leg, control, timer });
    return { resultType: 'input_required', inputRequests: { [QUESTION_KEY]: question as unknown as JsonObject }, requestState: seal.seal(STATE_PURPOSE, { binding, call: id }) };
  }

  async function* run(
    first: AsyncIterator<UpstreamEvent>,
    request: JsonRpcRequest,
    meta: JsonObject,
    control: AbortController,
    unlink: () => void,
  ): AsyncGenerator<UpstreamEvent> {
    let iterator = first;
    let keep = false;
    let lastEventId: string | undefined;
    let retryMs = DEFAULT_RETRY_MS;
    try {
      for (let resumptions = 0; ; ) {
        const next = await iterator.next();
        if (next.done === true) {
          if (lastEventId === undefined || (resumptions += 1) > MAX_RESUMPTIONS) throw new UpstreamFailure('closed', 'the upstream ended its stream before it answered');
          await new Promise((resolve) => setTimeout(resolve, retryMs));
          const stream = await leg.listen({ lastEventId, signal: control.signal });
          if (stream === undefined) throw new UpstreamFailure('closed', 'the upstream ended its stream and does not resume it');
          iterator = stream.events[Symbol.asyncIterator]();
          continue;
        }
        const event = next.value;
        lastEventId = event.eventId ?? lastEventId;
        if (event.kind === 'checkpoint') {
          retryMs = event.retryMs ?? retryMs;
          continue;
        }
        const message: JsonRpcMessage = event.message;
        if (isResponse(message)) {
          yield { kind: 'message', message: translateResponse(request, message) };
          return;
        }
        if (!isRequest(message)) {
          if (belongsToRequest(message, meta)) yield { kind: 'message', message };
          continue;
        }
        if (message.method === 'ping') await leg.respond(resultResponse(message.id, {}));
        else if (!isServerRequestMethod(message.method) || !MAY_ASK.has(request.method)) await refuseQuestion(message);
        else if (!clientCanAnswer(clientCapabilities(meta), message.method, message.params)) {
          await refuseQuestion(message);
          control.abort();
          yield { kind: 'message', message: errorResponse(request.id, missingCapability(message.method)) };
          return;
        } else {
          keep = true;
          const question = { method: message.method, ...withParams(withoutElicitationId(message.params)) };
          yield { kind: 'message', message: resultResponse(request.id, keepWaiting(iterator, message.id, question, control)) };
          return;
        }
      }
    } finally {
      unlink();
      if (!keep) await iterator.return?.();
    }
  }

  function translateResponse(request: JsonRpcRequest, response: JsonRpcResponse): JsonRpcResponse {
    if (!isErrorResponse(response)) return resultResponse(request.id, toModernResult(request.method, response.result, description.serverInfo));
    const { error } = response;
    if (error.code === ErrorCode.URL_ELICITATION_REQUIRED) {
      const asked = elicitationsIn(error.data);
      if (asked !== undefined) return resultResponse(request.id, { resultType: 'input_required', inputRequests: asked });
    }
    return errorResponse(request.id, toModernError(error));
  }

  function refuseQuestion({ id, method }: JsonRpcRequest): Promise<void> {
    return leg.respond(errorResponse(id, { code: ErrorCode.METHOD_NOT_FOUND, message: `the client does not answer ${method}` }));
  }

  async function followLogLevel(meta: JsonObject): Promise<void> {
    const wanted = meta[MetaKey.LOG_LEVEL];
    if (typeof wanted !== 'string' || !('logging' in description.capabilities)) return;
    const current = options.logging.level;
    if (current !== undefined && LEVELS.indexOf(current) <= LEVELS.indexOf(wanted)) return;
    options.logging.level = wanted;
    await settle(await leg.exchange({ jsonrpc: '2.0', id: `mzt-${randomUUID()}`, method: 'logging/setLevel', params: { level: wanted } }, {}));
  }

  return { era: 'modern', exchange };
}

/** Aborts `control` when `signal` does, until the answered function is called. */
function follow(signal: AbortSignal | undefined, control: AbortController): () => void {
  if (signal === undefined) return () => {};
  const abort = () => control.abort();
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  return () => signal.removeEventListener('abort', abort);
}

function discover(description: UpstreamDescription): JsonObject {
  const result = {
    supportedVersions: [LATEST_MODERN],
    capabilities: knownServerCapabilities(description.capabilities),
    ...(description.instructions === undefined ? {} : { instructions: description.instructions }),
  };
  return toModernResult('server/discover', result, description.serverInfo);
}

/** The call cannot go on without something that the client did not declare (MCP 2026-07-28, capabilities). */
function missingCapability(method: string): JsonRpcErrorObject {
  const needed = neededCapability(method) as string;
  return { code: ErrorCode.MISSING_CLIENT_CAPABILITY, message: `the server needs the client capability ${needed}`, data: { requiredCapabilities: { [needed]: {} } } };
}

function withParams(params: JsonObject | undefined): { params?: JsonObject } {
  return params === undefined ? {} : { params };
}

function clientCapabilities(meta: JsonObject): JsonObject {
  const declared = meta[MetaKey.CLIENT_CAPABILITIES];
  return isJsonObject(declared) ? declared : {};
}

/** Progress always; log messages only at the level that the request asked for; changes go to `subscriptions/listen`. */
function belongsToRequest(notification: JsonRpcNotification, meta: JsonObject): boolean {
  if (notification.method === 'notifications/progress') return true;
  if (notification.method !== 'notifications/message') return false;
  const wanted = meta[MetaKey.LOG_LEVEL];
  return typeof wanted === 'string' && LEVELS.indexOf(String(notification.params?.level)) >= LEVELS.indexOf(wanted);
}

function elicitationsIn(data: unknown): JsonObject | undefined {
  if (!isJsonObject(data) || !Array.isArray(data.elicitations)) return undefined;
  const requests: JsonObject = {};
  data.elicitations.forEach((elicitation, index) => {
    if (isJsonObject(elicitation)) requests[`elicitation-${index}`] = { method: 'elicitation/create', params: withoutElicitationId(elicitation) };
  });
  return Object.keys(requests).length === 0 ? undefined : requests;
}
