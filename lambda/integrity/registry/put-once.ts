import type { JsonObject } from '../../protocol';
import { RevisionConflict, type DocumentStore } from '../../stores';

/** Puts a document that is the same whoever puts it; one that is there already stays. */
export async function putOnce(store: DocumentStore, collection: string, id: string, value: JsonObject): Promise<void> {
  try {
    await store.put(collection, id, value, 0);
  } catch (error) {
    if (!(error instanceof RevisionConflict)) throw error;
  }
}
