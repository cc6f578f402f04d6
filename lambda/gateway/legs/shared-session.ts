import { randomUUID } from 'node:crypto';
import { ErrorCode, errorResponse, isRequest, resultResponse, type JsonRpcRequest } from '../../protocol';
import { type CancelSignal, EventQueue, type UpstreamEvent } from '../upstream';
import { settle, type LegacyLeg, type UpstreamDescription } from './leg';

/** A legacy session of the gateway's own, which the modern clients of one principal share. */
export interface SharedSession {
  readonly leg: LegacyLeg;
  readonly description: UpstreamDescription;
  /** The level that was last asked of the server. */
  logLevel?: string;
  /** An id that no other request of the session has. */
  nextId(): string;
  /**
   * Joins those who listen to the session's one open stream, and subscribes to resources until `signal` or the reader
   * ends it. `undefined` where the server offers no stream.
   */
  listen(uris: readonly string[], signal: CancelSignal | undefined): Promise<EventQueue | undefined>;
  /**
   * Puts the questions to `attendant` that the server asks on the open stream and that it accepts, unless a newer one
   * does, until the answered function is called. `undefined` where the server offers no stream.
   */
  attend(attendant: Attendant): Promise<(() => void) | undefined>;
  /** Aborts with `close`. */
  readonly closed: AbortSignal;
  /** Lets go of the open stream. */
  close(): void;
}

/** Somebody who can answer a server that does not say whom it asks. */
export interface Attendant {
  accepts(question: JsonRpcRequest): boolean;
  ask(event: UpstreamEvent): void;
}

interface OpenStream {
  readonly control: AbortController;
  /** Who listens, and how each leaves. */
  readonly listeners: Map<EventQueue, () => void>;
  readonly isOpen: Promise<boolean>;
}

const MAX_HELD_EVENTS = 1_000;

export function shareSession(leg: LegacyLeg, description: UpstreamDescription): SharedSession {
  const prefix = randomUUID();
  const subscribers = new Map<string, number>();
  let ids = 0;
  let current: OpenStream | undefined;
  const attendants = new Set<Attendant>();
  const closing = new AbortController();
  let offersStream = true;
  /** Once somebody attended, the stream is kept for the next one. */
  let isKept = false;

  const nextId = () => `mzt-${prefix}-${(ids += 1)}`;

  function openStream(): OpenStream {
    const control = new AbortController();
    const listeners: OpenStream['listeners'] = new Map();
    const opened = leg.listen({ signal: control.signal });
    const stream: OpenStream = { control, listeners, isOpen: opened.then((exchange) => exchange !== undefined) };
    void pump();
    return stream;

    async function pump(): Promise<void> {
      try {
        for await (const event of (await opened)?.events ?? []) {
          if (event.kind === 'message' && isRequest(event.message)) put(event, event.message);
          else for (const queue of listeners.keys()) if (!queue.full) queue.push(event);
        }
      } catch {
        // Whoever listens sees the stream end.
      } finally {
        if (current === stream) current = undefined;
        for (const leave of [...listeners.values()]) leave();
      }
    }
  }

  function put(event: UpstreamEvent, question: JsonRpcRequest): void {
    const attendant = [...attendants].reverse().find(({ accepts }) => accepts(question));
    if (question.method !== 'ping' && attendant !== undefined) return attendant.ask(event);
    const refusal = { code: ErrorCode.METHOD_NOT_FOUND, message: `no client is there that answers ${question.method}` };
    void leg.respond(question.method === 'ping' ? resultResponse(question.id, {}) : errorResponse(question.id, refusal)).catch(() => {});
  }

  async function tell(method: 'resources/subscribe' | 'resources/unsubscribe', uri: string): Promise<void> {
    await settle(await leg.exchange({ jsonrpc: '2.0', id: nextId(), method, params: { uri } }, {}));
  }

  async function subscribe(uri: string): Promise<void> {
    const count = subscribers.get(uri) ?? 0;
    subscribers.set(uri, count + 1);
    if (count === 0) await tell('resources/subscribe', uri);
  }

  function unsubscribe(uri: string): void {
    const count = (subscribers.get(uri) ?? 1) - 1;
    if (count > 0) {
      subscribers.set(uri, count);
      return;
    }
    subscribers.delete(uri);
    void tell('resources/unsubscribe', uri).catch(() => {});
  }

  return {
    leg,
    description,
    nextId,
    async listen(uris, signal) {
      const stream = (current ??= openStream());
      let joined: string[] = [];
      const leave = () => {
        queue.end();
        for (const uri of joined.splice(0)) unsubscribe(uri);
        if (!stream.listeners.delete(queue) || stream.listeners.size > 0 || isKept) return;
        if (current === stream) current = undefined;
        stream.control.abort();
      };
      const queue = new EventQueue({ capacity: MAX_HELD_EVENTS, onReturn: leave });
      stream.listeners.set(queue, leave);
      signal?.addEventListener('abort', leave, { once: true });
      try {
        if (!(await stream.isOpen)) {
          leave();
          return undefined;
        }
        if (!stream.listeners.has(queue)) return queue;
        joined = [...uris];
        await Promise.all(uris.map(subscribe));
        return queue;
      } catch (failure) {
        leave();
        throw failure;
      }
    },
    async attend(attendant) {
      if (!offersStream) return undefined;
      isKept = true;
      attendants.add(attendant);
      const leave = () => void attendants.delete(attendant);
      try {
        offersStream = await (current ??= openStream()).isOpen;
      } catch {
        leave();
        return undefined;
      }
      if (offersStream) return leave;
      leave();
      return undefined;
    },
    closed: closing.signal,
    close() {
      closing.abort();
      current?.control.abort();
    },
  };
}
