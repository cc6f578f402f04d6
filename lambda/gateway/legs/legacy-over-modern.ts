import { randomUUID } from 'node:crypto';
import {
  ErrorCode,
  MetaKey,
  errorResponse,
  isErrorResponse,
  isJsonObject,
  isNotification,
  isResponse,
  resultResponse,
  type JsonObject,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type RequestId,
} from '../../protocol';
import { checkInputRequests } from '../inbound';
import { type CancelSignal, type UpstreamEvent, UpstreamFailure } from '../upstream';
import { clientCanAnswer } from './capabilities';
import { modernMeta } from './gateway-info';
import { answered, type Exchange, type ExchangeOptions, type LegacyLeg, type ModernLeg } from './leg';
import type { ClientQuestions } from './client-questions';
import { toLegacyError, toLegacyResult, withoutMeta } from './translate';

const MAX_ROUNDS = 16;
const MAX_SUBSCRIPTIONS = 1_000;

/** What an instance remembers of a legacy session in front of a modern server. Losing it costs a log level and subscriptions. */
export interface TranslatedSession {
  logLevel?: string;
  readonly subscriptions: Set<string>;
  /** Requests that are open, by the client's ids, so that the client can cancel them. */
  readonly calls: Map<RequestId, AbortController>;
  /** The open stream: one for each session, as every message is sent on one stream only. */
  stream?: {
    /** Begins anew, with the subscriptions that there are now. */
    restart(): void;
    end(): void;
  };
}

export function newTranslatedSession(): TranslatedSession {
  return { subscriptions: new Set(), calls: new Map() };
}

export interface LegacyOverModernOptions {
  readonly leg: ModernLeg;
  /** Names the session; answers are accepted from it alone. */
  readonly session: string;
  readonly state: TranslatedSession;
  readonly clientCapabilities: JsonObject;
  readonly clientInfo?: JsonObject;
  readonly questions: ClientQuestions;
}

/**
 * Lets a legacy client talk to a modern server: `input_required` becomes requests to the client and a retried call,
 * `resources/subscribe` and the open stream become `subscriptions/listen`, `ping` and `logging/setLevel` are answered here.
 */
export function createLegacyOverModernLeg(options: LegacyOverModernOptions): LegacyLeg {
  const { leg, state, questions } = options;

  async function exchange(request: JsonRpcRequest, { signal, ...rest }: ExchangeOptions): Promise<Exchange> {
    const local = answerLocally(request);
    if (local !== undefined) return answered('ok', local);
    const control = new AbortController();
    const abort = () => control.abort();
    signal?.addEventListener('abort', abort, { once: true });
    state.calls.set(request.id, control);
    const done = () => {
      signal?.removeEventListener('abort', abort);
      if (state.calls.get(request.id) === control) state.calls.delete(request.id);
    };
    const exchangeOptions = { ...rest, signal: control.signal };
    try {
      const first = await send(request, {}, exchangeOptions);
      if (first.response === undefined || asksForInput(first.response)) return { status: first.status, events: run(request, first, exchangeOptions, done) };
      done();
      return answered(first.status, translate(first.response));
    } catch (failure) {
      done();
      throw failure;
    }
  }

  function answerLocally(request: JsonRpcRequest): JsonRpcResponse | undefined {
    const uri = String(request.params?.uri);
    switch (request.method) {
      case 'ping':
        break;
      case 'logging/setLevel':
        state.logLevel = String(request.params?.level);
        break;
      case 'resources/subscribe':
        if (state.subscriptions.size >= MAX_SUBSCRIPTIONS) return errorResponse(request.id, { code: ErrorCode.INVALID_REQUEST, message: `a session has at most ${MAX_SUBSCRIPTIONS} subscriptions` });
        state.subscriptions.add(uri);
        state.stream?.restart();
        break;
      case 'resources/unsubscribe':
        state.subscriptions.delete(uri);
        state.stream?.restart();
        break;
      default:
        return undefined;
    }
    return resultResponse(request.id, {});
  }

  function metaOf(params: JsonObject | undefined): JsonObject {
    const meta = modernMeta(options.clientCapabilities, options.clientInfo, isJsonObject(params?._meta) ? params._meta : undefined);
    if (state.logLevel !== undefined) meta[MetaKey.LOG_LEVEL] = state.logLevel;
    return meta;
  }

  function send(request: JsonRpcRequest, retry: JsonObject, exchangeOptions: ExchangeOptions): Promise<Exchange> {
    return leg.exchange({ ...request, params: { ...request.params, ...retry, _meta: metaOf(request.params) } }, exchangeOptions);
  }

  async function* run(request: JsonRpcRequest, first: Exchange, exchangeOptions: ExchangeOptions, done: () => void): AsyncGenerator<UpstreamEvent> {
    try {
      let current = first;
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const response = current.response ?? (yield* passNotifications(current));
        if (!asksForInput(response)) {
          yield { kind: 'message', message: translate(response) };
          return;
        }
        const { inputRequests, requestState } = response.result;
        const input = yield* askClient(request, inputRequests, exchangeOptions.signal);
        if (input === undefined) return;
        current = await send(request, { inputResponses: input, ...(requestState === undefined ? {} : { requestState }) }, exchangeOptions);
      }
      throw new UpstreamFailure('garbage', `the upstream asked for input more than ${MAX_ROUNDS} times`);
    } finally {
      done();
    }
  }

  /** The client's answers, by the keys of `inputRequests`; `undefined` when the call has ended with an error. */
  async function* askClient(request: JsonRpcRequest, inputRequests: unknown, signal: CancelSignal | undefined): AsyncGenerator<UpstreamEvent, JsonObject | undefined> {
    const refused = (code: number, message: string): UpstreamEvent => ({ kind: 'message', message: errorResponse(request.id, { code, message }) });
    const problem = checkInputRequests(inputRequests as JsonObject | undefined);
    if (problem !== undefined) throw new UpstreamFailure('garbage', `the upstream asks for input that is not MCP: ${problem}`);
    const inputResponses: JsonObject = {};
    for (const [key, input] of Object.entries(isJsonObject(inputRequests) ? inputRequests : {})) {
      const { method, params } = questionOf(input as JsonObject);
      if (!clientCanAnswer(options.clientCapabilities, method, params)) {
        yield refused(ErrorCode.INVALID_REQUEST, 'the server asks for input that this client does not offer');
        return undefined;
      }
      const { id, answer, forget } = questions.ask(options.session, method, signal);
      try {
        yield { kind: 'message', message: { jsonrpc: '2.0', id, method, params } };
        const given = await answer;
        if (isErrorResponse(given)) {
          yield refused(given.error.code, 'the client did not give the input that the server asked for');
          return undefined;
        }
        inputResponses[key] = given.result;
      } finally {
        forget();
      }
    }
    return inputResponses;
  }

  async function* changesOf(subscription: Exchange): AsyncGenerator<UpstreamEvent> {
    for await (const event of subscription.events) {
      if (event.kind !== 'message' || !isNotification(event.message)) continue;
      if (event.message.method !== 'notifications/subscriptions/acknowledged') yield { kind: 'message', message: untagged(event.message) };
    }
  }

  function subscribe(signal: CancelSignal): Promise<Exchange> {
    const notifications = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true, resourceSubscriptions: [...state.subscriptions] };
    const params = { notifications, _meta: metaOf(undefined) };
    return leg.exchange({ jsonrpc: '2.0', id: `mzt-${randomUUID()}`, method: 'subscriptions/listen', params }, { signal });
  }

  /** Changes on one stream, taken up anew whenever the subscriptions change. `undefined` where the server has none to offer. */
  async function listen(signal: CancelSignal | undefined): Promise<Exchange | undefined> {
    state.stream?.end();
    let current = new AbortController();
    let next: 'end' | 'restart' = 'end';
    const stream = {
      restart: () => {
        next = 'restart';
        current.abort();
      },
      end: () => {
        next = 'end';
        current.abort();
      },
    };
    const forget = () => {
      if (state.stream === stream) delete state.stream;
    };

    async function* events(first: Exchange): AsyncGenerator<UpstreamEvent> {
      let subscription = first;
      try {
        for (;;) {
          try {
            yield* changesOf(subscription);
          } catch (failure) {
            if (!current.signal.aborted) throw failure;
          }
          if (next === 'end') return;
          next = 'end';
          current = new AbortController();
          subscription = await subscribe(current.signal);
        }
      } finally {
        forget();
        current.abort();
      }
    }

    state.stream = stream;
    signal?.addEventListener('abort', stream.end, { once: true });
    try {
      const first = await subscribe(current.signal);
      if (first.response === undefined) return { status: first.status, events: events(first) };
    } catch (failure) {
      forget();
      throw failure;
    }
    forget();
    return undefined;
  }

  return {
    era: 'legacy',
    exchange,
    async notify({ method, params }) {
      const requestId = method === 'notifications/cancelled' ? params?.requestId : undefined;
      if (typeof requestId === 'string' || typeof requestId === 'number') state.calls.get(requestId)?.abort();
    },
    respond: async (response) => questions.answer(options.session, response),
    listen: ({ signal }) => listen(signal),
    async end() {
      state.stream?.end();
      for (const control of state.calls.values()) control.abort();
      return 204;
    },
  };
}

/** A modern server makes no requests; whatever it sends as one is not passed on. */
async function* passNotifications({ events }: Exchange): AsyncGenerator<UpstreamEvent, JsonRpcResponse> {
  for await (const event of events) {
    if (event.kind !== 'message') continue;
    if (isResponse(event.message)) return event.message;
    if (isNotification(event.message)) yield { kind: 'message', message: event.message };
  }
  throw new UpstreamFailure('closed', 'the upstream ended its stream before it answered');
}

function asksForInput(response: JsonRpcResponse): response is Extract<JsonRpcResponse, { result: JsonObject }> {
  return !isErrorResponse(response) && response.result.resultType === 'input_required';
}

function translate(response: JsonRpcResponse): JsonRpcResponse {
  return isErrorResponse(response) ? { ...response, error: toLegacyError(response.error) } : { ...response, result: toLegacyResult(response.result) };
}

function untagged(notification: JsonRpcNotification): JsonRpcNotification {
  const { _meta, ...params } = notification.params ?? {};
  const meta = isJsonObject(_meta) ? withoutMeta(_meta, [MetaKey.SUBSCRIPTION_ID]) : {};
  const kept = Object.keys(meta).length === 0 ? params : { ...params, _meta: meta };
  const { jsonrpc, method } = notification;
  return Object.keys(kept).length === 0 ? { jsonrpc, method } : { jsonrpc, method, params: kept };
}

/** The request to the client that an entry of `inputRequests` stands for. */
function questionOf(input: JsonObject): { readonly method: string; readonly params: JsonObject } {
  const params = isJsonObject(input.params) ? input.params : {};
  const method = String(input.method);
  return { method, params: method === 'elicitation/create' && params.mode === 'url' ? { elicitationId: randomUUID(), ...params } : params };
}
