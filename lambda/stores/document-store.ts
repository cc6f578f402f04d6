import type { JsonObject } from '../protocol';

/** A document as it was read: writing it again takes its revision. */
export interface Document {
  /** Unique within its collection. */
  readonly id: string;
  /** 1 for the first version, one more for each later one. */
  readonly revision: number;
  readonly value: JsonObject;
}

/** Which documents of a collection, in the order of their ids (UTF-8 bytes). */
export interface ListOptions {
  /** Only ids that come after this one. @default - from the first */
  readonly after?: string;
  /** Only ids that begin so; not together with `after`. @default - all */
  readonly prefix?: string;
}

export interface PutOptions {
  /**
   * When the document may be removed for good, milliseconds since the epoch (DynamoDB's TTL, which comes some time later).
   * For cleaning up alone: who reads must not conclude anything from a document that is still there. @default - never
   */
  readonly removeAfter?: number;
}

/**
 * Documents in collections. Reads see every write that has ended; a write names the revision that it replaces, so that
 * nobody overwrites what they have not read (optimistic concurrency).
 */
export interface DocumentStore {
  get(collection: string, id: string): Promise<Document | undefined>;
  /** The documents, in the order of their ids. */
  list(collection: string, options?: ListOptions): Promise<readonly Document[]>;
  /**
   * Writes `value` as the revision after `replaces`; 0 stands for a document that does not exist yet.
   * @throws RevisionConflict where the document has another revision now
   * @throws DocumentTooLarge above 350,000 bytes of JSON
   */
  put(collection: string, id: string, value: JsonObject, replaces: number, options?: PutOptions): Promise<Document>;
}

/** Someone else has written the document since it was read. */
export class RevisionConflict extends Error {
  constructor(collection: string, id: string) {
    super(`The document ${id} of ${collection} was changed by someone else at the same time`);
    this.name = 'RevisionConflict';
  }
}

/** Size of a document's JSON in UTF-8 above which it is refused; DynamoDB takes items of 400 KiB with all that belongs to them. */
export const MAX_DOCUMENT_BYTES = 350_000;

export class DocumentTooLarge extends Error {
  constructor(collection: string, id: string) {
    super(`The document ${id} of ${collection} is larger than ${MAX_DOCUMENT_BYTES} bytes`);
    this.name = 'DocumentTooLarge';
  }
}
