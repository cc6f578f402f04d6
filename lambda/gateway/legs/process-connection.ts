import { randomUUID } from 'node:crypto';
import {
  LATEST_LEGACY,
  MetaKey,
  errorResponse,
  isErrorResponse,
  isJsonObject,
  isRequest,
  isResponse,
  ErrorCode,
  type Era,
  type JsonObject,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type RequestId,
} from '../../protocol';
import { UpstreamFailure, type ServerProcess, type UpstreamEvent, type UpstreamLimits } from '../upstream';
import { clientCanAnswer } from './capabilities';
import { GATEWAY_INFO, describeDiscover, describeInitialize, modernMeta } from './gateway-info';
import type { Exchange, LegacyLeg, ModernLeg, UpstreamDescription } from './leg';
import { createEventQueue, type EventQueue } from './queue';

const MAX_QUEUED_EVENTS = 1_000;
const CHANGE_NOTIFICATION = /^notifications\/(tools|prompts|resources)\/(list_changed|updated)$/;

interface Call {
  readonly view: string;
  readonly clientId: RequestId;
  readonly clientToken: RequestId | undefined;
  readonly capabilities: JsonObject;
  readonly queue: EventQueue<UpstreamEvent>;
  timer: NodeJS.Timeout | undefined;
  readonly startedAt: number;
}

interface Listener {
  readonly view: string;
  readonly queue: EventQueue<UpstreamEvent>;
}

/**
 * One child process that several conversations of the same principal share. Ids and progress tokens are replaced by
 * ones of the connection, so that conversations cannot meet; what the process sends without saying to whom goes to the
 * newest call that is still open, and failing that to the open streams.
 */
export interface ProcessConnection {
  readonly era: Era;
  readonly description: UpstreamDescription;
  modernLeg(): ModernLeg;
  /** @param view names the conversation; answers to the server's questions are accepted from it alone */
  legacyLeg(view: string, capabilities: JsonObject): LegacyLeg;
  stop(): Promise<void>;
}

export interface ProcessConnectionOptions {
  readonly name: string;
  /** Era to try first; the other one is tried where the server does not speak it. */
  readonly prefer: Era;
  readonly clientCapabilities: JsonObject;
  readonly limits: UpstreamLimits;
  start(handlers: { onMessage(message: JsonRpcMessage): void; onExit(reason: string): void }): Promise<ServerProcess>;
  onListChanged(): void;
}

export async function connectProcess(options: ProcessConnectionOptions): Promise<ProcessConnection> {
  const { name, limits } = options;
  const calls = new Map<RequestId, Call>();
  const tokens = new Map<RequestId, RequestId>();
  const listeners = new Set<Listener>();
  const questions = new Map<RequestId, { readonly upstreamId: RequestId; readonly view: string }>();
  let nextId = 0;
  let dead: UpstreamFailure | undefined;

  const process = await options.start({ onMessage: receive, onExit: fail });

  function fail(reason: string): void {
    dead = new UpstreamFailure('closed', reason);
    for (const id of [...calls.keys()]) finish(id, dead);
    for (const listener of listeners) listener.queue.end();
    listeners.clear();
    questions.clear();
  }

  function finish(id: RequestId, error?: UpstreamFailure): void {
    const call = calls.get(id);
    if (call === undefined) return;
    calls.delete(id);
    if (call.clientToken !== undefined) tokens.delete(id);
    clearTimeout(call.timer);
    call.queue.end(error);
  }

  function giveUp(id: RequestId, error?: UpstreamFailure): void {
    if (!calls.has(id)) return;
    finish(id, error);
    sendQuietly({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason: 'given up by the gateway' } });
  }

  function sendQuietly(message: JsonRpcMessage): void {
    if (dead === undefined) process.send(message);
  }

  function armTimer(id: RequestId, call: Call, first: boolean): void {
    clearTimeout(call.timer);
    const left = limits.totalMs - (Date.now() - call.startedAt);
    const wait = Math.max(0, Math.min(first ? limits.firstByteMs : limits.idleMs, left));
    call.timer = setTimeout(() => giveUp(id, new UpstreamFailure('timeout', `server ${name} did not answer in time`)), wait);
  }

  function deliver(id: RequestId, call: Call, message: JsonRpcMessage): void {
    if (call.queue.push({ kind: 'message', message })) return;
    giveUp(id, new UpstreamFailure('too_large', `server ${name} sent more messages than the client took`));
  }

  function receive(message: JsonRpcMessage): void {
    if (isResponse(message)) return receiveResponse(message);
    if (isRequest(message)) return receiveQuestion(message);
    receiveNotification(message);
  }

  function receiveResponse(message: JsonRpcResponse): void {
    const id = message.id;
    const call = id === undefined || id === null ? undefined : calls.get(id);
    if (call === undefined || id === undefined || id === null) return;
    const response = { ...message, id: call.clientId };
    deliver(id, call, 'result' in response ? { ...response, result: withSubscriptionId(response.result, id, call.clientId) } : response);
    finish(id);
  }

  /** A listen request's id tags every message of its subscription; the client knows it by its own id. */
  function withSubscriptionId(holder: JsonObject, upstreamId: RequestId, clientId: RequestId): JsonObject {
    const meta = holder._meta;
    if (!isJsonObject(meta) || meta[MetaKey.SUBSCRIPTION_ID] !== upstreamId) return holder;
    return { ...holder, _meta: { ...meta, [MetaKey.SUBSCRIPTION_ID]: clientId } };
  }

  function newestCall(): [RequestId, Call] | undefined {
    return [...calls].at(-1);
  }

  function receiveNotification(message: JsonRpcNotification): void {
    if (CHANGE_NOTIFICATION.test(message.method)) options.onListChanged();
    const meta = message.params?._meta;
    const subscription = isJsonObject(meta) ? meta[MetaKey.SUBSCRIPTION_ID] : undefined;
    if (subscription !== undefined) {
      const call = calls.get(subscription as RequestId);
      if (call === undefined) return;
      armTimer(subscription as RequestId, call, false);
      deliver(subscription as RequestId, call, { ...message, params: withSubscriptionId(message.params ?? {}, subscription as RequestId, call.clientId) });
      return;
    }
    if (message.method === 'notifications/progress') {
      const id = tokens.get(message.params?.progressToken as RequestId);
      const call = id === undefined ? undefined : calls.get(id);
      if (id === undefined || call === undefined) return;
      armTimer(id, call, false);
      deliver(id, call, { ...message, params: { ...message.params, progressToken: call.clientToken } });
      return;
    }
    const newest = CHANGE_NOTIFICATION.test(message.method) ? undefined : newestCall();
    if (newest !== undefined) return deliver(newest[0], newest[1], message);
    for (const listener of listeners) listener.queue.push({ kind: 'message', message });
  }

  function receiveQuestion(message: JsonRpcRequest): void {
    if (message.method === 'ping') return sendQuietly({ jsonrpc: '2.0', id: message.id, result: {} });
    const newest = newestCall();
    const [listener] = listeners;
    const view = newest?.[1].view ?? listener?.view;
    const canAnswer = newest === undefined ? listener !== undefined : clientCanAnswer(newest[1].capabilities, message.method, message.params);
    if (view === undefined || !canAnswer) {
      return sendQuietly(errorResponse(message.id, { code: ErrorCode.METHOD_NOT_FOUND, message: `no client is there that answers ${message.method}` }));
    }
    const id = `mzt-${randomUUID()}`;
    questions.set(id, { upstreamId: message.id, view });
    const asked = { ...message, id };
    if (newest !== undefined) {
      clearTimeout(newest[1].timer);
      deliver(newest[0], newest[1], asked);
    } else listener?.queue.push({ kind: 'message', message: asked });
  }

  async function call(view: string, capabilities: JsonObject, request: JsonRpcRequest, signal: AbortSignal | undefined): Promise<Exchange> {
    if (dead !== undefined) throw dead;
    const id = `${(nextId += 1)}`;
    const meta = request.params?._meta;
    const token = isJsonObject(meta) ? meta.progressToken : undefined;
    const clientToken = typeof token === 'string' || typeof token === 'number' ? token : undefined;
    const queue = createEventQueue<UpstreamEvent>(MAX_QUEUED_EVENTS, () => giveUp(id));
    const started: Call = { view, clientId: request.id, clientToken, capabilities, queue, timer: undefined, startedAt: Date.now() };
    const params = clientToken === undefined ? request.params : { ...request.params, _meta: { ...(meta as JsonObject), progressToken: id } };
    calls.set(id, started);
    if (clientToken !== undefined) tokens.set(id, id);
    if (request.method !== 'subscriptions/listen') armTimer(id, started, true);
    signal?.addEventListener('abort', () => giveUp(id, reasonOf(signal)), { once: true });
    process.send({ ...request, id, ...(params === undefined ? {} : { params }) });
    return { status: 'ok', events: queue };
  }

  async function ask(method: string, params: JsonObject, timeoutMs: number): Promise<JsonRpcResponse> {
    const deadline = new AbortController();
    const late = new UpstreamFailure('timeout', `server ${name} did not answer ${method} in time`);
    const timer = setTimeout(() => deadline.abort(late), timeoutMs);
    try {
      const { events } = await call('', {}, { jsonrpc: '2.0', id: method, method, params }, deadline.signal);
      for await (const event of events) {
        if (event.kind === 'message' && isResponse(event.message)) return event.message;
      }
    } finally {
      clearTimeout(timer);
    }
    throw new UpstreamFailure('closed', `server ${name} ended before it answered ${method}`);
  }

  /** Any answer but a good one means: not this era. Servers of the other era answer in many ways, or not at all. */
  async function tryModern(timeoutMs: number): Promise<UpstreamDescription | undefined> {
    try {
      const answer = await ask('server/discover', { _meta: modernMeta(options.clientCapabilities, undefined) }, timeoutMs);
      return isErrorResponse(answer) ? undefined : describeDiscover(answer.result);
    } catch (failure) {
      if (dead !== undefined) throw failure;
      return undefined;
    }
  }

  async function tryLegacy(): Promise<UpstreamDescription | undefined> {
    const params = { protocolVersion: LATEST_LEGACY, capabilities: options.clientCapabilities, clientInfo: GATEWAY_INFO };
    const answer = await ask('initialize', params, limits.firstByteMs);
    if (isErrorResponse(answer)) return undefined;
    process.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return describeInitialize(answer.result);
  }

  async function negotiate(): Promise<{ era: Era; description: UpstreamDescription }> {
    const probeMs = Math.min(limits.firstByteMs, 3_000);
    const order: readonly Era[] = options.prefer === 'modern' ? ['modern', 'legacy'] : ['legacy', 'modern'];
    for (const era of order) {
      const description = era === 'modern' ? await tryModern(probeMs) : await tryLegacy();
      if (description !== undefined) return { era, description };
    }
    throw new UpstreamFailure('garbage', `server ${name} speaks neither era of MCP`);
  }

  const { era, description } = await negotiate().catch(async (failure: unknown) => {
    await process.stop();
    throw failure;
  });

  return {
    era,
    description,
    modernLeg: () => ({ era: 'modern', exchange: (request, { signal }) => call('', {}, request, signal) }),
    legacyLeg: (view, capabilities) => ({
      era: 'legacy',
      exchange: (request, { signal }) => call(view, capabilities, request, signal),
      async notify(notification) {
        const cancelled = notification.method === 'notifications/cancelled' ? notification.params?.requestId : undefined;
        if (cancelled === undefined) {
          if (notification.method === 'notifications/roots/list_changed') sendQuietly(notification);
          return;
        }
        for (const [id, open] of calls) if (open.view === view && open.clientId === cancelled) giveUp(id);
      },
      async respond(response) {
        const { id } = response;
        const question = id === undefined || id === null ? undefined : questions.get(id);
        if (question === undefined || id === undefined || id === null || question.view !== view) return;
        questions.delete(id);
        sendQuietly({ ...response, id: question.upstreamId });
        const asking = [...calls].filter(([, open]) => open.view === view).at(-1);
        if (asking !== undefined) armTimer(asking[0], asking[1], false);
      },
      async listen({ signal }) {
        const listener: Listener = { view, queue: createEventQueue<UpstreamEvent>(MAX_QUEUED_EVENTS, () => listeners.delete(listener)) };
        listeners.add(listener);
        signal?.addEventListener('abort', () => (listeners.delete(listener), listener.queue.end()), { once: true });
        return { status: 'ok', events: listener.queue };
      },
      async end() {
        for (const [id, open] of calls) if (open.view === view) giveUp(id);
        for (const listener of [...listeners].filter((open) => open.view === view)) {
          listeners.delete(listener);
          listener.queue.end();
        }
        return 204;
      },
    }),
    stop: () => process.stop(),
  };
}

function reasonOf(signal: AbortSignal): UpstreamFailure {
  const reason: unknown = signal.reason;
  return reason instanceof UpstreamFailure ? reason : new UpstreamFailure('aborted', 'the client went away');
}
