import { CredentialUnavailable, type Caller, type UpstreamCredentials } from './upstream-credentials';
import { createTokenCache, type IssuedToken } from './token-cache';

/** What all credentials that are bearer tokens share: one cache, and one key for each owner. */
export interface IssuedTokenOptions {
  readonly owner: UpstreamCredentials['owner'];
  /** What the token is for; part of the cache's key beside the caller. */
  readonly purpose: readonly string[];
  issue(caller: Caller | undefined): Promise<IssuedToken>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Bearer tokens that an authorization server issues to us, each kept for its owner alone. */
export function createIssuedTokenCredentials({ owner, purpose, issue, clock }: IssuedTokenOptions): UpstreamCredentials {
  const cache = createTokenCache(clock);
  const keyOf = (caller: Caller | undefined) => JSON.stringify([owner === 'principal' ? caller?.key : undefined, ...purpose]);
  return {
    owner,
    async headersFor(_request, caller) {
      if (owner === 'principal' && caller === undefined) throw new CredentialUnavailable('there is no principal whose token could be exchanged');
      return { authorization: `Bearer ${await cache.get(keyOf(caller), () => issue(caller))}` };
    },
    refused: (caller) => cache.forget(keyOf(caller)),
  };
}
