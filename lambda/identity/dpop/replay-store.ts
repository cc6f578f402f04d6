/** Remembers which proofs were used, so that none is taken twice (RFC 9449 section 11.1). */
export interface ReplayStore {
  /**
   * Takes note of `key`; of any number of claims on one key, at one or several instances, exactly one gets `true`.
   * Rejects where that cannot be said: then the proof must not be accepted.
   *
   * @param key digest of what identifies the proof
   * @param expiresAt milliseconds since the epoch after which the proof is too old to be accepted anyway
   */
  claim(key: string, expiresAt: number): boolean | Promise<boolean>;
}

/**
 * Proofs that one instance has seen, in memory. Where there are several instances, a proof is good once at each of them:
 * use `createDynamoDbReplayStore` there.
 *
 * Proofs live equally long, so the oldest are the first to go. When more than `max` are alive, it refuses rather than
 * forgets.
 *
 * @param max proofs that are remembered at one time. @default 1000000
 * @param clock milliseconds since the epoch. @default Date.now
 */
export function createMemoryReplayStore({ max = 1_000_000, clock = Date.now }: { readonly max?: number; readonly clock?: () => number } = {}): ReplayStore {
  const used = new Map<string, number>();
  return {
    claim(key, expiresAt) {
      const now = clock();
      const known = used.get(key);
      if (known !== undefined && known >= now) return false;
      if (known !== undefined) used.delete(key);
      for (const [oldest, until] of used) {
        if (until >= now) break;
        used.delete(oldest);
      }
      if (used.size >= max) throw new Error('More proofs are in use than can be remembered');
      used.set(key, expiresAt);
      return true;
    },
  };
}

/** Takes every proof as new: for the first of two checks of the same request, of which the second keeps account. */
export const NO_REPLAY_STORE: ReplayStore = { claim: () => true };
