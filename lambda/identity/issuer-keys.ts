import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors } from 'jose';
import type { FetchImplementation, JWTVerifyGetKey } from 'jose';
import type { TrustedIssuer } from './trusted-issuer';

/** The keys of an issuer cannot be had now. */
export class KeysUnavailable extends Error {
  constructor(cause: unknown) {
    super('The keys of the issuer cannot be had', { cause });
    this.name = 'KeysUnavailable';
  }
}

const FETCH_TIMEOUT_MS = 5_000;
/** A token with an unknown key id makes us look for new keys at most this often. */
const UNKNOWN_KEY_COOLDOWN_MS = 30_000;
/** Keys are fetched anew at this age, so that a withdrawn key stops working (IAM-5). */
const KEYS_MAX_AGE_MS = 600_000;
/** After a failed fetch the issuer is left alone for this long. */
const FAILURE_PAUSE_MS = 5_000;
const MAX_KEY_SET_BYTES = 512 * 1024;

/**
 * Finds the key that a token's header names, among the issuer's keys only: `jwk`, `jku`, `x5c` and `x5u` of the header
 * are never looked at. Keys at a URL are kept for ten minutes; an unknown key id refreshes them at most every 30 s.
 * @throws KeysUnavailable when they cannot be fetched
 */
export function createKeyResolver(jwks: TrustedIssuer['jwks'], fetch: typeof globalThis.fetch, clock: () => number): JWTVerifyGetKey {
  if (!(jwks instanceof URL)) return createLocalJWKSet(jwks);
  const remote = createRemoteJWKSet(jwks, {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cooldownDuration: UNKNOWN_KEY_COOLDOWN_MS,
    cacheMaxAge: KEYS_MAX_AGE_MS,
    [customFetch]: pausingAfterFailure(fetch, clock),
  });
  return async (header, token) => {
    try {
      return await remote(header, token);
    } catch (error) {
      const aboutTheToken =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys ||
        error instanceof errors.JOSENotSupported;
      throw aboutTheToken ? error : new KeysUnavailable(error);
    }
  };
}

/** `fetch` for key sets: small answers with status 200 only, and a pause after a failure, so that no flood reaches the issuer. */
function pausingAfterFailure(fetch: typeof globalThis.fetch, clock: () => number): FetchImplementation {
  let failedAt = -Infinity;
  return async (url, options) => {
    const sinceFailure = clock() - failedAt;
    if (sinceFailure >= 0 && sinceFailure < FAILURE_PAUSE_MS) throw new Error('The last fetch of the key set failed a moment ago');
    try {
      const response = await fetch(url, options);
      if (response.status !== 200) throw new Error(`The key set came with status ${response.status}, expected 200`);
      const body = await readLimited(response);
      failedAt = -Infinity;
      return new Response(body, { status: 200 });
    } catch (error) {
      failedAt = clock();
      throw error;
    }
  };
}

async function readLimited(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_KEY_SET_BYTES) throw new Error(`The key set is larger than ${MAX_KEY_SET_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
