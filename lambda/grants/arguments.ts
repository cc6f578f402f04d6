import { createHash } from 'node:crypto';
import { canonicalJson, NotCanonical, type JsonObject } from '../protocol';
import type { ArgumentLimit } from './grant';

/** Characters of canonical JSON above which nobody reads what they approve. */
export const MAX_SHOWN_CHARACTERS = 16_000;

/**
 * SHA-256 of the canonical form (RFC 8785): equal arguments have equal digests, in whatever order and spelling they came.
 * `undefined` for what has no canonical form: no grant fits it.
 */
export function digestOf(given: JsonObject): string | undefined {
  const text = canonical(given);
  return text === undefined ? undefined : createHash('sha256').update(text).digest('hex');
}

/** The limit to exactly these arguments; `undefined` where they have no canonical form or are too long to be read. */
export function exactly(given: JsonObject): Extract<ArgumentLimit, { kind: 'exact' }> | undefined {
  const text = canonical(given);
  if (text === undefined || text.length > MAX_SHOWN_CHARACTERS) return undefined;
  return { kind: 'exact', digest: createHash('sha256').update(text).digest('hex'), shown: given };
}

function canonical(given: JsonObject): string | undefined {
  try {
    return canonicalJson(given);
  } catch (error) {
    if (error instanceof NotCanonical) return undefined;
    throw error;
  }
}

/** A short name of a limit among the requests for one tool. */
export function limitHash(limit: ArgumentLimit, ...more: readonly number[]): string {
  return createHash('sha256').update(JSON.stringify([limit.kind, textOf(limit), ...more])).digest('hex').slice(0, 16);
}

export function isSameLimit(a: ArgumentLimit, b: ArgumentLimit): boolean {
  return a.kind === b.kind && textOf(a) === textOf(b);
}

function textOf(limit: ArgumentLimit): string {
  return limit.kind === 'exact' ? limit.digest : limit.kind === 'condition' ? limit.cedar : '';
}
