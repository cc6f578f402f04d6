import { canonicalJson, NotCanonical } from '../protocol';
import type { JsonValue } from '../protocol';
import { hmacSha256 } from './hmac';
import type { PlainText } from './plain-text';

/**
 * HMAC-SHA-256, in hexadecimal, of the canonical JSON (RFC 8785) of a call's arguments: equal arguments have equal
 * digests whatever the order of their members, and without the key nobody can try out what they were (LOG-1).
 * `undefined` for arguments without a canonical form (half a surrogate pair, nested beyond measure); such a call is
 * recorded without a digest.
 */
export function digestArguments(key: Uint8Array, value: JsonValue): PlainText | undefined {
  try {
    return hmacSha256(key, canonicalJson(value)) as PlainText;
  } catch (error) {
    if (error instanceof NotCanonical) return undefined;
    throw error;
  }
}
