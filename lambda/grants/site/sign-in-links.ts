import { createHash, randomBytes } from 'node:crypto';
import type { Principal } from '../../identity';
import { isJsonObject } from '../../protocol';
import { RevisionConflict, type DocumentStore } from '../../stores';
import { principalOf } from './session';

/** Links that sign one approver in, once; for a gateway on one machine, whose user gives them to the approvers. */
export interface SignInLinks {
  /** The secret of a new link. */
  issue(principal: Principal): Promise<string>;
  /** Whom the secret signs in; only the first who brings it learns it, wherever. */
  redeem(secret: string): Promise<Principal | undefined>;
}

const COLLECTION = 'sign-in-links';
/** How long a link can be used, milliseconds. */
const LINK_MS = 8 * 3_600_000;

/** Only a hash of each secret is kept. */
export function createSignInLinks(store: DocumentStore, clock: () => number = Date.now): SignInLinks {
  const idOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
  return {
    async issue({ type, id, issuer, groups, scopes }) {
      const secret = randomBytes(24).toString('base64url');
      const until = clock() + LINK_MS;
      await store.put(COLLECTION, idOf(secret), { principal: { type, id, issuer, groups: [...groups], scopes: [...scopes] }, until, isUsed: false }, 0, { removeAfter: until });
      return secret;
    },
    async redeem(secret) {
      const found = await store.get(COLLECTION, idOf(secret));
      if (found === undefined) return undefined;
      const { principal, until, isUsed } = found.value;
      if (isUsed !== false || Number(until) <= clock() || !isJsonObject(principal)) return undefined;
      try {
        await store.put(COLLECTION, found.id, { ...found.value, isUsed: true }, found.revision, { removeAfter: Number(until) });
        return principalOf(principal);
      } catch (error) {
        if (error instanceof RevisionConflict) return undefined;
        throw error;
      }
    },
  };
}
