import { randomUUID } from 'node:crypto';
import {
  ErrorCode,
  MetaKey,
  errorResponse,
  isErrorResponse,
  isJsonObject,
  isResponse,
  resultResponse,
  type JsonObject,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type RequestId,
} from '../../protocol';
import { UpstreamFailure, type UpstreamEvent } from '../upstream';
import { clientCanAnswer } from './capabilities';
import { modernMeta } from './gateway-info';
import { answered, type Exchange, type ExchangeOptions, type LegacyLeg, type ModernLeg } from './leg';
import { toLegacyError, toLegacyResult, withoutMeta } from './translate';

const MAX_ROUNDS = 16;

/** What an instance remembers of a legacy session in front of a modern server. Losing it costs a log level and subscriptions. */
export interface TranslatedSession {
  logLevel?: string;
  readonly subscriptions: Set<string>;
  /** Restarts the open stream after a change of the subscriptions. */
  restart?: () => void;
  /** The client has ended the session: its stream ends, too. */
  ended?: boolean;
}

/** Questions that were put to legacy clients of this instance and are not answered yet. */
export type OpenQuestions = Map<RequestId, { readonly session: string; answer(response: JsonRpcResponse): void }>;

export interface LegacyOverModernOptions {
  readonly leg: ModernLeg;
  /** Names the session; answers are accepted from it alone. */
  readonly session: string;
  readonly state: TranslatedSession;
  readonly clientCapabilities: JsonObject;
  readonly clientInfo?: JsonObject;
  readonly questions: OpenQuestions;
  readonly inputMs: number;
}

/**
 * Lets a legacy client talk to a modern server: `input_required` becomes requests to the client and a retried call,
 * `resources/subscribe` and the open stream become `subscriptions/listen`, `ping` and `logging/setLevel` are answered here.
 */
export function createLegacyOverModernLeg(options: LegacyOverModernOptions): LegacyLeg {
  const { leg, state, questions } = options;

  async function exchange(request: JsonRpcRequest, exchangeOptions: ExchangeOptions): Promise<Exchange> {
    const local = answerLocally(request);
    if (local !== undefined) return answered('ok', resultResponse(request.id, local));
    const first = await send(request, {}, exchangeOptions);
    if (first.response !== undefined && !asksForInput(first.response)) return answered(first.status, translate(first.response));
    return { status: first.status, events: run(request, first, exchangeOptions) };
  }

  function answerLocally(request: JsonRpcRequest): JsonObject | undefined {
    const uri = request.params?.uri;
    switch (request.method) {
      case 'ping':
        return {};
      case 'logging/setLevel':
        state.logLevel = String(request.params?.level);
        return {};
      case 'resources/subscribe':
        state.subscriptions.add(String(uri));
        state.restart?.();
        return {};
      case 'resources/unsubscribe':
        state.subscriptions.delete(String(uri));
        state.restart?.();
        return {};
      default:
        return undefined;
    }
  }

  function metaOf(params: JsonObject | undefined): JsonObject {
    const meta = modernMeta(options.clientCapabilities, options.clientInfo, isJsonObject(params?._meta) ? params._meta : undefined);
    if (state.logLevel !== undefined) meta[MetaKey.LOG_LEVEL] = state.logLevel;
    return meta;
  }

  function send(request: JsonRpcRequest, retry: JsonObject, exchangeOptions: ExchangeOptions): Promise<Exchange> {
    return leg.exchange({ ...request, params: { ...request.params, ...retry, _meta: metaOf(request.params) } }, exchangeOptions);
  }

  async function* run(request: JsonRpcRequest, first: Exchange, exchangeOptions: ExchangeOptions): AsyncGenerator<UpstreamEvent> {
    let current = first;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      let response = current.response;
      if (response === undefined) {
        for await (const event of current.events) {
          if (event.kind !== 'message') continue;
          if (isResponse(event.message)) {
            response = event.message;
            break;
          }
          yield event;
        }
      }
      if (response === undefined) throw new UpstreamFailure('closed', 'the upstream ended its stream before it answered');
      if (!asksForInput(response)) {
        yield { kind: 'message', message: translate(response) };
        return;
      }
      const { inputRequests, requestState } = response.result;
      const inputResponses: JsonObject = {};
      for (const [key, input] of Object.entries(isJsonObject(inputRequests) ? inputRequests : {})) {
        const asked = questionOf(input);
        if (asked === undefined || !clientCanAnswer(options.clientCapabilities, asked.method, asked.params)) {
          const message = 'the server asks for input that this client does not offer';
          yield { kind: 'message', message: errorResponse(request.id, { code: ErrorCode.INVALID_REQUEST, message }) };
          return;
        }
        const { answer, forget } = expectAnswer(asked.id);
        try {
          yield { kind: 'message', message: { jsonrpc: '2.0', id: asked.id, method: asked.method, params: asked.params } };
          const given = await answer;
          if (isErrorResponse(given)) {
            yield { kind: 'message', message: errorResponse(request.id, { code: given.error.code, message: 'the client did not give the input that the server asked for' }) };
            return;
          }
          inputResponses[key] = given.result;
        } finally {
          forget();
        }
      }
      current = await send(request, { inputResponses, ...(requestState === undefined ? {} : { requestState }) }, exchangeOptions);
    }
    throw new UpstreamFailure('garbage', `the upstream asked for input more than ${MAX_ROUNDS} times`);
  }

  function expectAnswer(id: RequestId): { readonly answer: Promise<JsonRpcResponse>; forget(): void } {
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<JsonRpcResponse>((resolve, reject) => {
      questions.set(id, { session: options.session, answer: resolve });
      timer = setTimeout(() => reject(new UpstreamFailure('timeout', 'the client did not answer in time')), options.inputMs);
    });
    answer.catch(() => {});
    return {
      answer,
      forget: () => {
        questions.delete(id);
        clearTimeout(timer);
      },
    };
  }

  async function* listenForever(signal: AbortSignal | undefined): AsyncGenerator<UpstreamEvent> {
    while (signal?.aborted !== true && state.ended !== true) {
      const control = new AbortController();
      const stop = () => control.abort();
      signal?.addEventListener('abort', stop, { once: true });
      let restarted = false;
      state.restart = () => {
        restarted = true;
        stop();
      };
      const filter = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true, resourceSubscriptions: [...state.subscriptions] };
      try {
        const request = { jsonrpc: '2.0', id: `mzt-${randomUUID()}`, method: 'subscriptions/listen', params: { notifications: filter, _meta: metaOf(undefined) } } as const;
        const stream = await leg.exchange(request, { signal: control.signal });
        if (stream.response !== undefined) return;
        for await (const event of stream.events) {
          if (event.kind !== 'message' || !('method' in event.message) || 'id' in event.message) continue;
          if (event.message.method === 'notifications/subscriptions/acknowledged') continue;
          const { method, params } = event.message;
          const meta = isJsonObject(params?._meta) ? withoutMeta(params._meta, [MetaKey.SUBSCRIPTION_ID]) : {};
          yield { kind: 'message', message: { jsonrpc: '2.0', method, params: { ...params, ...(Object.keys(meta).length === 0 ? { _meta: undefined } : { _meta: meta }) } } };
        }
      } catch (failure) {
        if (!restarted) throw failure;
      } finally {
        signal?.removeEventListener('abort', stop);
        control.abort();
      }
      if (!restarted) return;
    }
  }

  return {
    era: 'legacy',
    exchange,
    notify: async () => {},
    async respond(response) {
      const { id } = response;
      const question = id === undefined || id === null ? undefined : questions.get(id);
      if (question?.session === options.session) question.answer(response);
    },
    listen: async ({ signal }) => ({ status: 'ok', events: listenForever(signal) }),
    end: async () => {
      state.ended = true;
      state.restart?.();
      return 204;
    },
  };
}

function asksForInput(response: JsonRpcResponse): response is Extract<JsonRpcResponse, { result: JsonObject }> {
  return !isErrorResponse(response) && response.result.resultType === 'input_required';
}

function translate(response: JsonRpcResponse): JsonRpcResponse {
  return isErrorResponse(response) ? { ...response, error: toLegacyError(response.error) } : { ...response, result: toLegacyResult(response.result) };
}

/** The request to the client that an entry of `inputRequests` stands for. */
function questionOf(input: unknown): { readonly id: RequestId; readonly method: string; readonly params: JsonObject } | undefined {
  if (!isJsonObject(input) || typeof input.method !== 'string') return undefined;
  const params = isJsonObject(input.params) ? input.params : {};
  const isUrl = input.method === 'elicitation/create' && params.mode === 'url';
  return { id: `mzt-${randomUUID()}`, method: input.method, params: isUrl ? { elicitationId: randomUUID(), ...params } : params };
}
