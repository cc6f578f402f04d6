import type { JsonObject } from '../protocol';
import type { DocumentStore } from '../stores';
import type { Grant } from './grant';
import { endOf } from './life-cycle';

/** A grant with the revision that the next step replaces. */
export interface StoredGrant {
  readonly grant: Grant;
  readonly revision: number;
}

/** Grants as documents. Two who write the same revision: one of them gets a RevisionConflict. */
export interface GrantStore {
  find(id: string): Promise<StoredGrant | undefined>;
  /** Those whose ids begin so, or all. */
  list(prefix?: string): Promise<readonly StoredGrant[]>;
  /** @throws RevisionConflict */
  put(grant: Grant, replaces: number): Promise<StoredGrant>;
}

const COLLECTION = 'grants';

/** @param keepMs How long after its end a grant may still be read. */
export function createGrantStore(store: DocumentStore, keepMs: number): GrantStore {
  return {
    async find(id) {
      const document = await store.get(COLLECTION, id);
      return document && { grant: grantOf(document.value), revision: document.revision };
    },
    async list(prefix) {
      const documents = await store.list(COLLECTION, prefix === undefined ? {} : { prefix });
      return documents.map(({ value, revision }) => ({ grant: grantOf(value), revision }));
    },
    async put(grant, replaces) {
      const { revision } = await store.put(COLLECTION, grant.id, grant as unknown as JsonObject, replaces, { removeAfter: endOf(grant) + keepMs });
      return { grant, revision };
    },
  };
}

function grantOf(value: JsonObject): Grant {
  if (typeof value.state !== 'string' || typeof value.id !== 'string') throw new Error('A document of the grants is not a grant');
  return value as unknown as Grant;
}
