import { LRUCache } from 'lru-cache';
import type { Caller, UpstreamCredentials } from '../credentials';
import { readAccessToken, type Principal } from '../identity';
import type { ServerUpstream } from './legs';
import { withCredentials, type HttpTransport } from './upstream';

/** A server as each caller reaches it: with credentials that are the caller's own, and nothing shared between two of them (MUL-6). */
export interface CallerUpstreams {
  of(principal: Principal, principalKey: string, request: Parameters<typeof readAccessToken>[0]): ServerUpstream;
  /** Lets go of what belongs to callers; the transport is not its own. */
  close(): void;
}

/** How long what belongs to a caller is kept without use, milliseconds. */
const IDLE_MS = 3_600_000;
const MAX_CALLERS = 1_000;

interface Kept {
  /** The newest token: an older one may have expired. */
  caller: Caller | undefined;
  readonly upstream: ServerUpstream;
}

/** @param create makes the upstream over a transport that a caller has for itself */
export function createCallerUpstreams(
  url: string,
  transport: HttpTransport,
  credentials: UpstreamCredentials,
  create: (transport: HttpTransport) => ServerUpstream,
): CallerUpstreams {
  const kept = new LRUCache<string, Kept>({ max: MAX_CALLERS, ttl: IDLE_MS, updateAgeOnGet: true, dispose: ({ upstream }) => void upstream.close() });

  function open(): Kept {
    const opened: Kept = { caller: undefined, upstream: create(withCredentials({ ...transport, close: () => Promise.resolve() }, url, credentials, () => opened.caller)) };
    return opened;
  }

  return {
    of(principal, principalKey, request) {
      const key = callerKey(principal, principalKey);
      let own = kept.get(key);
      if (own === undefined) {
        own = open();
        kept.set(key, own);
      }
      const presented = readAccessToken(request);
      own.caller = presented.kind === 'present' ? { key, token: presented.token } : undefined;
      return own.upstream;
    },
    close: () => kept.clear(),
  };
}

/** Two tokens of one principal that allow different things get different credentials. */
function callerKey({ scopes, tools }: Principal, principalKey: string): string {
  return JSON.stringify([principalKey, [...scopes].sort(), tools]);
}
