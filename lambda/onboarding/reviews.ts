import { asPin, type Pin } from '../integrity';
import type { JsonObject } from '../protocol';
import { RevisionConflict, type DocumentStore } from '../stores';

/** A workflow that waits for people to decide on a definition. */
export interface OpenReview {
  readonly pin: Pin;
  readonly taskToken: string;
  readonly execution: string;
}

/** Which workflow waits for a decision on which subject. */
export interface Reviews {
  find(id: string): Promise<OpenReview | undefined>;
  /** Takes the place of the one that was open. */
  open(id: string, review: OpenReview): Promise<void>;
}

const COLLECTION = 'reviews';

export function createReviews(store: DocumentStore): Reviews {
  return {
    async find(id) {
      const document = await store.get(COLLECTION, id);
      return document && reviewOf(document.value);
    },
    async open(id, review) {
      for (;;) {
        const { revision = 0 } = (await store.get(COLLECTION, id)) ?? {};
        try {
          await store.put(COLLECTION, id, review as unknown as JsonObject, revision);
          return;
        } catch (error) {
          if (!(error instanceof RevisionConflict)) throw error;
        }
      }
    },
  };
}

function reviewOf({ pin, taskToken, execution }: JsonObject): OpenReview {
  return { pin: asPin(String(pin)), taskToken: String(taskToken), execution: String(execution) };
}
