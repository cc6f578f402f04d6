import type { JsonObject } from '../../lambda/protocol';
import { RevisionConflict, type Document, type DocumentStore } from '../../lambda/stores';

/** Documents of one simulated day: hundreds of thousands of questions are not asked over a socket. */
export function createMemoryStore(): DocumentStore {
  const collections = new Map<string, Map<string, Document>>();
  const documents = (collection: string) => collections.get(collection) ?? new Map<string, Document>();
  return {
    get: async (collection, id) => documents(collection).get(id),
    list: async (collection, { after, prefix } = {}) => [...documents(collection).values()].filter(({ id }) => (after === undefined || id > after) && (prefix === undefined || id.startsWith(prefix))).sort((a, b) => (a.id < b.id ? -1 : 1)),
    async put(collection, id, value: JsonObject, replaces) {
      if ((documents(collection).get(id)?.revision ?? 0) !== replaces) throw new RevisionConflict(collection, id);
      const document = { id, revision: replaces + 1, value };
      collections.set(collection, documents(collection).set(id, document));
      return document;
    },
  };
}
