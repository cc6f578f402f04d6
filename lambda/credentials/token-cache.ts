import { LRUCache } from 'lru-cache';

/** An access token that was issued to us. */
export interface IssuedToken {
  readonly accessToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Tokens by what they are for. */
export interface TokenCache {
  /** The token of `key`; `issue` gets one where there is none, or where it is about to expire. */
  get(key: string, issue: () => Promise<IssuedToken>): Promise<string>;
  forget(key: string): void;
}

/** No request leaves with a token that expires on the way, milliseconds. */
const MARGIN_MS = 5_000;
/** After this part of its life a token is renewed in the background. */
const RENEW_AT = 0.75;
/** How long a failure is the answer to everybody, milliseconds: an authorization server in trouble is left alone. */
const FAILURE_MS = 2_000;
const MAX_TOKENS = 10_000;

interface Kept extends IssuedToken {
  readonly renewAt: number;
}

interface Failed {
  readonly error: unknown;
  readonly until: number;
}

/**
 * Keeps issued tokens until shortly before they expire. However many requests wait for a token, it is asked for once.
 *
 * @param clock milliseconds since the epoch
 */
export function createTokenCache(clock: () => number): TokenCache {
  const tokens = new LRUCache<string, Kept>({ max: MAX_TOKENS });
  const failures = new LRUCache<string, Failed>({ max: MAX_TOKENS });
  const pending = new Map<string, Promise<string>>();

  async function renew(key: string, issue: () => Promise<IssuedToken>): Promise<string> {
    const asked = clock();
    try {
      const token = await issue();
      tokens.set(key, { ...token, renewAt: asked + (token.expiresAt - asked) * RENEW_AT });
      failures.delete(key);
      return token.accessToken;
    } catch (error) {
      failures.set(key, { error, until: clock() + FAILURE_MS });
      throw error;
    } finally {
      pending.delete(key);
    }
  }

  function renewed(key: string, issue: () => Promise<IssuedToken>): Promise<string> {
    const running = pending.get(key);
    if (running !== undefined) return running;
    const failure = failures.get(key);
    if (failure !== undefined && clock() < failure.until) return Promise.reject(failure.error);
    const started = renew(key, issue);
    pending.set(key, started);
    return started;
  }

  return {
    async get(key, issue) {
      const kept = tokens.get(key);
      const now = clock();
      if (kept === undefined || now >= kept.expiresAt - MARGIN_MS) return renewed(key, issue);
      // Nobody waits for it: while it fails, the token of now is good still.
      if (now >= kept.renewAt) renewed(key, issue).catch(() => {});
      return kept.accessToken;
    },
    forget(key) {
      tokens.delete(key);
    },
  };
}
