import { randomUUID } from 'node:crypto';
import type { RequestId, JsonObject } from '../../protocol';
import type { Seal } from '../sessions';
import type { UpstreamEvent } from '../upstream';

/** A call to a legacy server that waits for the client's answer. It lives with the instance that holds its stream. */
export interface WaitingCall {
  /** Server and principal: whose call it is. */
  readonly binding: string;
  readonly iterator: AsyncIterator<UpstreamEvent>;
  /** The call as the server knows it. */
  readonly upstreamId: RequestId;
  readonly questionId: RequestId;
  readonly question: { readonly method: string; readonly params?: JsonObject };
  /** Gives the upstream call up. Follows whichever client request is open for it, and none in between. */
  readonly control: AbortController;
  /** Lets go of what the call needed while it waited. */
  release(): void;
  /** The client did not come back in time. */
  expire(): void;
}

/** Calls that wait for their client, each by the sealed request state that the client has to bring back. */
export interface WaitingCalls {
  /** Keeps the call, for so long, and answers the state that names it. */
  put(call: WaitingCall, ms: number): string;
  /** The call that `state` names, where it is one of `binding`'s. */
  find(binding: string, state: string): WaitingCall | undefined;
  /** Answers whether the call was still waiting: it goes on once. */
  take(call: WaitingCall): boolean;
  readonly size: number;
  /** Expires all of them. */
  close(): void;
}

const PURPOSE = 'request-state';
/** Calls of one principal to one server that wait. */
const MAX_WAITING = 64;

export function createWaitingCalls(seal: Seal): WaitingCalls {
  const calls = new Map<string, WaitingCall>();
  const kept = new Map<WaitingCall, { readonly id: string; readonly timer: NodeJS.Timeout }>();

  function take(call: WaitingCall): boolean {
    const place = kept.get(call);
    if (place === undefined) return false;
    clearTimeout(place.timer);
    kept.delete(call);
    calls.delete(place.id);
    call.release();
    return true;
  }

  function expire(call: WaitingCall): void {
    if (take(call)) call.expire();
  }

  return {
    put(call, ms) {
      const own = [...calls.values()].filter(({ binding }) => binding === call.binding);
      const oldest = own[0];
      if (oldest !== undefined && own.length >= MAX_WAITING) expire(oldest);
      const id = randomUUID();
      const timer = setTimeout(expire, ms, call);
      timer.unref();
      calls.set(id, call);
      kept.set(call, { id, timer });
      return seal.seal(PURPOSE, { binding: call.binding, call: id });
    },
    find(binding, state) {
      const opened = seal.open(PURPOSE, state);
      if (opened?.binding !== binding || typeof opened.call !== 'string') return undefined;
      return calls.get(opened.call);
    },
    take,
    get size() {
      return calls.size;
    },
    close() {
      for (const call of [...calls.values()]) expire(call);
    },
  };
}
