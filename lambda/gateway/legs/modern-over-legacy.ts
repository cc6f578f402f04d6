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
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type RequestId,
} from '../../protocol';
import { checkAnswer, checkInputRequests } from '../inbound';
import { type CancelSignal, type UpstreamEvent, UpstreamFailure } from '../upstream';
import { hearAsides, withAsides, type Asides } from './asides';
import { clientCanAnswer, isServerRequestMethod, knownClientCapabilities, knownServerCapabilities, missingCapability } from './capabilities';
import { answered, settle, type Exchange, type ExchangeOptions, type ModernLeg, type UpstreamDescription } from './leg';
import { listenOverLegacy } from './listen-over-legacy';
import { resuming } from './resuming';
import type { SharedSession } from './shared-session';
import { toLegacyParams, toModernError, toModernResult, withoutElicitationId } from './translate';
import type { WaitingCall, WaitingCalls } from './waiting-calls';

/** Methods whose answer may be `input_required` (MCP 2026-07-28, multi round-trip requests). */
const MAY_ASK: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

export interface ModernOverLegacyOptions {
  readonly session: SharedSession;
  readonly waiting: WaitingCalls;
  /** Server and principal: whose request state this is. */
  readonly binding: string;
  readonly inputMs: number;
  /** The server may ask on the session's open stream what belongs to a call. @default false */
  readonly asksAside?: boolean;
  /** Keeps the upstream alive while a call waits. Answers how to let it go. @default - nothing is needed */
  retain?(): () => void;
}

/** One call on its way: the request that a client has open for it, and how the server knows it. */
interface OpenCall {
  readonly request: JsonRpcRequest;
  readonly meta: JsonObject;
  readonly upstreamId: RequestId;
  readonly control: AbortController;
  /** Stops following the client. */
  unlink(): void;
}

const QUESTION_KEY = 'question';
const UNKNOWN_STATE: JsonRpcErrorObject = { code: ErrorCode.INVALID_PARAMS, message: 'requestState is unknown, expired or not yours: call again without it' };

/**
 * Lets a modern client talk to a legacy server: `server/discover` is answered from `initialize`, a server's question
 * becomes `input_required` whose retry continues the open call, notifications that belong to the request stay on it.
 * Clients share the session, so requests get ids and progress tokens of the session's own.
 */
export function createModernOverLegacyLeg(options: ModernOverLegacyOptions): ModernLeg {
  const { session, waiting, binding } = options;
  const { leg, description } = session;

  async function exchange(request: JsonRpcRequest, exchangeOptions: ExchangeOptions): Promise<Exchange> {
    if (exchangeOptions.signal?.aborted === true) throw new UpstreamFailure('aborted', 'the client went away');
    if (request.method === 'server/discover') return answered('ok', resultResponse(request.id, discover(description)));
    if (request.method === 'subscriptions/listen') return listenOverLegacy(session, request, exchangeOptions.signal);
    const meta = isJsonObject(request.params?._meta) ? request.params._meta : {};
    const state = request.params?.requestState;
    if (typeof state === 'string') return resume(state, request, meta, exchangeOptions.signal);
    await followLogLevel(meta);

    const upstreamId = session.nextId();
    const control = new AbortController();
    control.signal.addEventListener('abort', () => void cancel(upstreamId), { once: true });
    const unlink = follow(exchangeOptions.signal, control);
    const call: OpenCall = { request, meta, upstreamId, control, unlink };
    const params = withToken(toLegacyParams(request.params), meta.progressToken === undefined ? undefined : upstreamId);
    const sent: JsonRpcRequest = { jsonrpc: '2.0', id: upstreamId, method: request.method, ...withParams(params) };
    const asides = await hear(request, meta, control.signal);
    try {
      const posted = leg.exchange(sent, { ...exchangeOptions, signal: control.signal });
      if (asides !== undefined) return await exchangeBeside(asides, posted, call);
      const begun = await posted;
      if (begun.response === undefined) return { status: begun.status, events: run(resuming(session, begun.events, control.signal), call) };
      unlink();
      return answered(begun.status, translateResponse(request, meta, begun.response));
    } catch (failure) {
      unlink();
      await asides?.events.return();
      throw failure;
    }
  }

  async function hear({ method }: JsonRpcRequest, meta: JsonObject, signal: AbortSignal): Promise<Asides | undefined> {
    const capabilities = clientCapabilities(meta);
    if (options.asksAside !== true || !MAY_ASK.has(method) || Object.keys(knownClientCapabilities(capabilities)).length === 0) return undefined;
    return hearAsides(session, ({ method: asked, params }) => clientCanAnswer(capabilities, asked, params), signal);
  }

  /** The answer where it comes first, otherwise what comes until it does. */
  async function exchangeBeside(asides: Asides, posted: Promise<Exchange>, call: OpenCall): Promise<Exchange> {
    const { request, meta, control, unlink } = call;
    const begun = await Promise.race([posted, asides.asked]);
    if (begun?.response !== undefined) {
      unlink();
      await asides.events.return();
      return answered(begun.status, translateResponse(request, meta, begun.response));
    }
    const answer = posted.then(({ response, events }) => (response === undefined ? resuming(session, events, control.signal) : alone(response)));
    answer.catch(() => {});
    return { status: begun?.status ?? 'ok', events: run(withAsides(answer, asides), call) };
  }

  /** Closing a connection cancels nothing in the legacy era: the server is told (MCP 2025-11-25, cancellation). */
  async function cancel(requestId: RequestId): Promise<void> {
    const reason = 'given up by the client';
    await leg.notify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, reason } }).catch(() => {});
  }

  async function resume(state: string, request: JsonRpcRequest, meta: JsonObject, signal: CancelSignal | undefined): Promise<Exchange> {
    const call = waiting.find(binding, state);
    if (call === undefined) return answered('ok', errorResponse(request.id, UNKNOWN_STATE));
    const responses = request.params?.inputResponses;
    const answer = isJsonObject(responses) ? responses[QUESTION_KEY] : undefined;
    if (!isJsonObject(answer)) return answered('ok', resultResponse(request.id, inputRequired(call.question, state)));
    const problem = checkAnswer(call.question.method, answer);
    if (problem !== undefined) {
      const message = `Invalid params: inputResponses.${QUESTION_KEY}: ${problem}`;
      return answered('ok', errorResponse(request.id, { code: ErrorCode.INVALID_PARAMS, message }));
    }
    if (!waiting.take(call)) return answered('ok', errorResponse(request.id, UNKNOWN_STATE));
    const { iterator, upstreamId, control } = call;
    try {
      await leg.respond(resultResponse(call.questionId, answer));
    } catch (failure) {
      control.abort();
      throw failure;
    }
    return { status: 'ok', events: run(iterator, { request, meta, upstreamId, control, unlink: follow(signal, control) }) };
  }

  function wait(call: OpenCall, iterator: AsyncIterator<UpstreamEvent>, { id, method, params }: JsonRpcRequest): JsonObject {
    const question = { method, ...withParams(withoutElicitationId(params)) };
    const release = options.retain?.();
    const { upstreamId, control } = call;
    const waitingCall: WaitingCall = {
      binding,
      iterator,
      upstreamId,
      questionId: id,
      question,
      control,
      release: () => release?.(),
      expire() {
        void leg.respond(errorResponse(id, { code: ErrorCode.INTERNAL_ERROR, message: 'the client did not answer in time' })).catch(() => {});
        control.abort();
      },
    };
    return inputRequired(question, waiting.put(waitingCall, options.inputMs));
  }

  async function* run(iterator: AsyncIterator<UpstreamEvent>, call: OpenCall): AsyncGenerator<UpstreamEvent> {
    const { request, meta, control } = call;
    let keep = false;
    try {
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        if (next.value.kind === 'checkpoint') continue;
        const { message } = next.value;
        if (isResponse(message)) {
          yield { kind: 'message', message: translateResponse(request, meta, message) };
          return;
        }
        if (!isRequest(message)) {
          const own = ownNotification(message, call);
          if (own !== undefined) yield { kind: 'message', message: own };
          continue;
        }
        if (message.method === 'ping') await leg.respond(resultResponse(message.id, {}));
        else if (!isServerRequestMethod(message.method) || !MAY_ASK.has(request.method)) await refuseQuestion(message, 'the client does not answer it');
        else if (checkInputRequests({ [QUESTION_KEY]: { method: message.method, params: message.params } }) !== undefined) await refuseQuestion(message, 'its parameters are not MCP');
        else if (!clientCanAnswer(clientCapabilities(meta), message.method, message.params)) {
          await refuseQuestion(message, 'the client does not answer it');
          control.abort();
          yield { kind: 'message', message: errorResponse(request.id, missingCapability(message.method, message.params)) };
          return;
        } else {
          keep = true;
          yield { kind: 'message', message: resultResponse(request.id, wait(call, iterator, message)) };
          return;
        }
      }
      throw new UpstreamFailure('closed', 'the upstream ended its stream before it answered');
    } finally {
      call.unlink();
      if (!keep) await iterator.return?.();
    }
  }

  function translateResponse(request: JsonRpcRequest, meta: JsonObject, response: JsonRpcResponse): JsonRpcResponse {
    if (!isErrorResponse(response)) return resultResponse(request.id, toModernResult(request.method, response.result, description.serverInfo));
    const { error } = response;
    const asked = error.code === ErrorCode.URL_ELICITATION_REQUIRED ? elicitationsIn(error.data) : undefined;
    if (asked === undefined) return errorResponse(request.id, toModernError(error));
    const params: JsonObject = { mode: 'url' };
    if (!clientCanAnswer(clientCapabilities(meta), 'elicitation/create', params)) return errorResponse(request.id, missingCapability('elicitation/create', params));
    return resultResponse(request.id, { resultType: 'input_required', inputRequests: asked });
  }

  async function refuseQuestion({ id, method }: JsonRpcRequest, why: string): Promise<void> {
    await leg.respond(errorResponse(id, { code: ErrorCode.METHOD_NOT_FOUND, message: `${method} was refused: ${why}` }));
  }

  async function followLogLevel(meta: JsonObject): Promise<void> {
    const wanted = meta[MetaKey.LOG_LEVEL];
    if (typeof wanted !== 'string' || !('logging' in description.capabilities)) return;
    const current = session.logLevel;
    if (current !== undefined && LEVELS.indexOf(current) <= LEVELS.indexOf(wanted)) return;
    session.logLevel = wanted;
    await settle(await leg.exchange({ jsonrpc: '2.0', id: session.nextId(), method: 'logging/setLevel', params: { level: wanted } }, {}));
  }

  return { era: 'modern', exchange };
}

async function* alone(message: JsonRpcResponse): AsyncGenerator<UpstreamEvent> {
  yield { kind: 'message', message };
}

function inputRequired(question: WaitingCall['question'], requestState: string): JsonObject {
  return { resultType: 'input_required', inputRequests: { [QUESTION_KEY]: question as unknown as JsonObject }, requestState };
}

/** Aborts `control` when `signal` does, until the answered function is called. */
function follow(signal: CancelSignal | undefined, control: AbortController): () => void {
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

function withParams(params: JsonObject | undefined): { params?: JsonObject } {
  return params === undefined ? {} : { params };
}

function withToken(params: JsonObject | undefined, token: RequestId | undefined): JsonObject | undefined {
  if (token === undefined) return params;
  const meta = isJsonObject(params?._meta) ? params._meta : {};
  return { ...params, _meta: { ...meta, progressToken: token } };
}

function clientCapabilities(meta: JsonObject): JsonObject {
  const declared = meta[MetaKey.CLIENT_CAPABILITIES];
  return isJsonObject(declared) ? declared : {};
}

/** Progress by the client's token; log messages at the level that the request asked for; changes go to `subscriptions/listen`. */
function ownNotification(notification: JsonRpcNotification, { meta, upstreamId }: OpenCall): JsonRpcNotification | undefined {
  const { method, params } = notification;
  if (method === 'notifications/progress') {
    const isOwn = params?.progressToken === upstreamId && meta.progressToken !== undefined;
    return isOwn ? { ...notification, params: { ...params, progressToken: meta.progressToken } } : undefined;
  }
  if (method !== 'notifications/message') return undefined;
  const wanted = meta[MetaKey.LOG_LEVEL];
  return typeof wanted === 'string' && LEVELS.indexOf(String(params?.level)) >= LEVELS.indexOf(wanted) ? notification : undefined;
}

function elicitationsIn(data: unknown): JsonObject | undefined {
  if (!isJsonObject(data) || !Array.isArray(data.elicitations)) return undefined;
  const requests: JsonObject = {};
  data.elicitations.forEach((elicitation, index) => {
    if (isJsonObject(elicitation)) requests[`elicitation-${index}`] = { method: 'elicitation/create', params: withoutElicitationId(elicitation) };
  });
  return Object.keys(requests).length === 0 ? undefined : requests;
}
