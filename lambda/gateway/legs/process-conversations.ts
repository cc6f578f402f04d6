import {
  MetaKey,
  isJsonObject,
  isRequest,
  isResponse,
  resultResponse,
  type JsonObject,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type RequestId,
} from '../../protocol';
import { type CancelSignal, EventQueue, UpstreamFailure, type UpstreamLimits } from '../upstream';
import { clientCanAnswer } from './capabilities';
import { ProcessQuestions, push } from './process-questions';

/** Who takes part in a conversation with a process, and what its client can be asked. */
export interface View {
  /** Tells conversations apart; the server's questions are answered by the one that they were put to. */
  readonly name: string;
  readonly capabilities: JsonObject;
}

interface OpenCall {
  readonly view: View;
  readonly clientId: RequestId;
  readonly clientToken: RequestId | undefined;
  readonly queue: EventQueue;
  /** It stays open for as long as both sides keep it. */
  readonly endless: boolean;
  endsAt: number;
  openQuestions: number;
  timer: NodeJS.Timeout | undefined;
}

interface Listener {
  readonly view: View;
  readonly queue: EventQueue;
}

export interface ProcessConversationsOptions {
  readonly name: string;
  readonly limits: UpstreamLimits;
  /** How long the server's question waits for its answer, milliseconds. */
  readonly inputMs: number;
  /** @throws UpstreamFailure when the process takes no more messages */
  send(message: JsonRpcMessage): void;
  onListChanged(): void;
}

/** Messages that a client has not taken yet, above which its call is given up and its stream misses some. */
const MAX_HELD_EVENTS = 1_000;
const CHANGE = /^notifications\/(tools|prompts|resources)\/(list_changed|updated)$/;

/**
 * The conversations that share one child process, all of one principal. Ids and progress tokens are replaced by ones of
 * the process, so that conversations cannot meet. What the process says without saying to whom goes to the newest call
 * that is open, and failing that to the open streams.
 */
export class ProcessConversations {
  private readonly calls = new Map<RequestId, OpenCall>();
  private readonly questions: ProcessQuestions;
  /** One stream for each view: every message is sent on one of a client's streams only. */
  private readonly listeners = new Map<string, Listener>();
  /** Which views watch a resource. */
  private readonly watchers = new Map<string, Set<string>>();
  private ids = 0;
  private dead: UpstreamFailure | undefined;

  constructor(private readonly options: ProcessConversationsOptions) {
    this.questions = new ProcessQuestions(options.inputMs, (message) => this.tell(message));
  }

  /** Sends a request. What comes back until its answer is the queue's; leaving the queue early gives the request up. */
  call(view: View, request: JsonRpcRequest, signal?: CancelSignal): EventQueue {
    if (this.dead !== undefined) throw this.dead;
    if (signal?.aborted === true) throw reasonOf(signal);
    const { limits } = this.options;
    const id = `${(this.ids += 1)}`;
    const meta = request.params?._meta;
    const token = isJsonObject(meta) ? meta.progressToken : undefined;
    const clientToken = typeof token === 'string' || typeof token === 'number' ? token : undefined;
    const giveUp = () => this.giveUp(id, signal === undefined ? undefined : reasonOf(signal));
    const queue = new EventQueue({
      capacity: MAX_HELD_EVENTS,
      onFull: () => this.giveUp(id, this.failure('too_large', 'sent more messages than the client took')),
      onReturn: () => this.giveUp(id),
    });
    const endless = request.method === 'subscriptions/listen';
    const call: OpenCall = { view, clientId: request.id, clientToken, queue, endless, endsAt: Date.now() + limits.totalMs, openQuestions: 0, timer: undefined };
    const params = clientToken === undefined ? request.params : { ...request.params, _meta: { ...(meta as JsonObject), progressToken: id } };
    this.calls.set(id, call);
    this.expect(id, call, 'firstByteMs');
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      this.options.send({ ...request, id, ...(params === undefined ? {} : { params }) });
    } catch (failure) {
      this.finish(id);
      throw failure;
    }
    return queue;
  }

  /** Gives up the calls of a view with this id: its client cancelled them. */
  cancel(view: View, clientId: RequestId): void {
    for (const [id, call] of this.calls) {
      if (call.view.name === view.name && call.clientId === clientId) this.giveUp(id, new UpstreamFailure('aborted', 'the client cancelled the request'));
    }
  }

  /** Passes an answer to a question of the server on. Answers what is wrong with it, where something is. */
  answer(view: View, response: JsonRpcResponse): string | undefined {
    return this.questions.answer(view.name, response);
  }

  /** The stream of a view: what the server says outside of its calls. It takes the place of an earlier one. */
  listen(view: View, signal?: CancelSignal): EventQueue {
    if (this.dead !== undefined) throw this.dead;
    const queue = new EventQueue({ capacity: MAX_HELD_EVENTS, onReturn: () => leave() });
    const leave = () => {
      if (this.listeners.get(view.name)?.queue === queue) this.listeners.delete(view.name);
      queue.end();
    };
    this.listeners.get(view.name)?.queue.end();
    this.listeners.set(view.name, { view, queue });
    if (signal?.aborted === true) leave();
    signal?.addEventListener('abort', leave, { once: true });
    return queue;
  }

  /** From now on the view hears of changes of the resource. */
  watch(view: View, uri: string): void {
    const watching = this.watchers.get(uri);
    if (watching === undefined) this.watchers.set(uri, new Set([view.name]));
    else watching.add(view.name);
  }

  /** Answers whether nobody is left who watches the resource. */
  unwatch(view: View, uri: string): boolean {
    const watching = this.watchers.get(uri);
    watching?.delete(view.name);
    if (watching !== undefined && watching.size > 0) return false;
    this.watchers.delete(uri);
    return true;
  }

  /** Ends all that a view has open. */
  leave(view: View): void {
    for (const [id, call] of this.calls) if (call.view.name === view.name) this.giveUp(id);
    this.listeners.get(view.name)?.queue.end();
    this.listeners.delete(view.name);
    for (const [uri, watching] of this.watchers) {
      if (!watching.has(view.name) || !this.unwatch(view, uri)) continue;
      this.tell({ jsonrpc: '2.0', id: `${(this.ids += 1)}`, method: 'resources/unsubscribe', params: { uri } });
    }
  }

  /** Sends what needs no answer. A process that takes no more messages ends its calls by itself. */
  tell(message: JsonRpcMessage): void {
    if (this.dead !== undefined) return;
    try {
      this.options.send(message);
    } catch {
      // Every open call has its time limit, and the process its exit.
    }
  }

  /** A message of the process, whatever it is. Never throws. */
  receive(message: JsonRpcMessage): void {
    if (isResponse(message)) this.receiveResponse(message);
    else if (isRequest(message)) this.receiveQuestion(message);
    else this.receiveNotification(message);
  }

  /** The process is gone. */
  die(failure: UpstreamFailure): void {
    this.dead = failure;
    for (const id of [...this.calls.keys()]) this.finish(id, failure);
    for (const { queue } of this.listeners.values()) queue.end();
    this.listeners.clear();
    this.questions.forget();
  }

  private receiveResponse(message: JsonRpcResponse): void {
    const { id } = message;
    const call = id === undefined || id === null ? undefined : this.calls.get(id);
    if (call === undefined || id === undefined || id === null) return;
    const response = { ...message, id: call.clientId };
    call.queue.push({ kind: 'message', message: 'result' in response ? { ...response, result: withSubscriptionId(response.result, id, call.clientId) } : response });
    this.finish(id);
  }

  private receiveNotification(message: JsonRpcNotification): void {
    const { method, params } = message;
    const isChange = CHANGE.test(method);
    if (isChange) this.options.onListChanged();
    const subscription = isJsonObject(params?._meta) ? params._meta[MetaKey.SUBSCRIPTION_ID] : undefined;
    if (subscription !== undefined) {
      const call = this.calls.get(subscription as RequestId);
      if (call?.endless !== true) return;
      this.deliver(subscription as RequestId, call, { ...message, params: withSubscriptionId(params ?? {}, subscription as RequestId, call.clientId) });
    } else if (method === 'notifications/progress') {
      const call = this.calls.get(params?.progressToken as RequestId);
      if (call?.clientToken === undefined) return;
      this.deliver(params?.progressToken as RequestId, call, { ...message, params: { ...params, progressToken: call.clientToken } });
    } else if (method === 'notifications/cancelled') {
      this.questions.withdraw(message);
    } else if (method === 'notifications/resources/updated') {
      for (const view of this.watchers.get(String(params?.uri)) ?? []) push(this.listeners.get(view)?.queue, message);
    } else {
      const newest = isChange ? undefined : this.newestCall();
      if (newest !== undefined) this.deliver(newest[0], newest[1], message);
      else for (const { queue } of this.listeners.values()) push(queue, message);
    }
  }

  private receiveQuestion(message: JsonRpcRequest): void {
    const { method, params } = message;
    if (method === 'ping') return this.tell(resultResponse(message.id, {}));
    const canAnswer = ({ view }: { readonly view: View }) => clientCanAnswer(view.capabilities, method, params);
    const call = this.newestCall(canAnswer);
    const target = call?.[1] ?? [...this.listeners.values()].filter(canAnswer).at(-1);
    if (target === undefined || this.questions.isFull) return this.questions.refuse(message.id, `no client is there that answers ${method}`);
    this.questions.put(message, { view: target.view.name, queue: target.queue, onClosed: call && ((waitedMs) => this.goOn(call, waitedMs)) });
    if (call === undefined) return;
    // The server waits for a person now, so its own time stands still.
    call[1].openQuestions += 1;
    clearTimeout(call[1].timer);
  }

  private goOn([id, call]: [RequestId, OpenCall], waitedMs: number): void {
    call.openQuestions -= 1;
    call.endsAt += waitedMs;
    if (this.calls.get(id) === call) this.expect(id, call, 'idleMs');
  }

  private newestCall(accepts: (call: OpenCall) => boolean = () => true): [RequestId, OpenCall] | undefined {
    let newest: [RequestId, OpenCall] | undefined;
    for (const entry of this.calls) if (!entry[1].endless && accepts(entry[1])) newest = entry;
    return newest;
  }

  private deliver(id: RequestId, call: OpenCall, message: JsonRpcMessage): void {
    this.expect(id, call, 'idleMs');
    call.queue.push({ kind: 'message', message });
  }

  /** The next message of the call has to come within `limit`, and its answer within the limit on the whole. */
  private expect(id: RequestId, call: OpenCall, limit: 'firstByteMs' | 'idleMs'): void {
    clearTimeout(call.timer);
    if (call.openQuestions > 0 || (call.endless && limit === 'idleMs')) return;
    const { [limit]: longest, totalMs } = this.options.limits;
    const left = Math.max(0, call.endsAt - Date.now());
    const what = left < longest ? `did not finish within ${totalMs} ms` : limit === 'idleMs' ? `sent nothing for ${longest} ms` : `did not begin to answer within ${longest} ms`;
    call.timer = setTimeout(() => this.giveUp(id, this.failure('timeout', what)), Math.min(longest, left));
  }

  private giveUp(id: RequestId, failure?: UpstreamFailure): void {
    if (!this.calls.has(id)) return;
    this.finish(id, failure);
    this.tell({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason: 'given up by the gateway' } });
  }

  private finish(id: RequestId, failure?: UpstreamFailure): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    this.calls.delete(id);
    clearTimeout(call.timer);
    call.queue.end(failure);
  }

  private failure(code: UpstreamFailure['code'], what: string): UpstreamFailure {
    return new UpstreamFailure(code, `The server "${this.options.name}" ${what}.`);
  }
}

/** A listen request's id tags every message of its subscription; the client knows it by its own id. */
function withSubscriptionId(holder: JsonObject, upstreamId: RequestId, clientId: RequestId): JsonObject {
  const meta = holder._meta;
  if (!isJsonObject(meta) || meta[MetaKey.SUBSCRIPTION_ID] !== upstreamId) return holder;
  return { ...holder, _meta: { ...meta, [MetaKey.SUBSCRIPTION_ID]: clientId } };
}

function reasonOf(signal: CancelSignal): UpstreamFailure {
  const reason: unknown = signal.reason;
  return reason instanceof UpstreamFailure ? reason : new UpstreamFailure('aborted', 'the client went away');
}
