import { createLocalJWKSet, errors } from 'jose';
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import type { Outbound } from '../outbound';
import { discoverIssuer } from './discovery';
import { isPublicKey } from './public-key';
import type { TrustedIssuer } from './trusted-issuer';

/** The keys of an issuer cannot be had now. */
export class KeysUnavailable extends Error {
  constructor(cause?: unknown) {
    super('The keys of the issuer cannot be had', { cause });
    this.name = 'KeysUnavailable';
  }
}

/** A token with an unknown key id makes us look for new keys at most this often. */
const UNKNOWN_KEY_COOLDOWN_MS = 30_000;
/** Keys of this age are fetched anew in the background. */
const KEYS_FRESH_MS = 300_000;
/** Keys are not believed beyond this age, so that a withdrawn key stops working (IAM-5). */
const KEYS_MAX_AGE_MS = 600_000;
/** After a failed fetch the issuer is left alone for this long, and for twice as long after each further one. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;
/** How long the place of the keys is believed, where it was discovered. */
const LOCATION_MS = 3_600_000;

/**
 * Finds the key that a token's header names, among the issuer's keys only: `jwk`, `jku`, `x5c` and `x5u` of the header
 * are never looked at. Keys at a URL are kept for ten minutes; an unknown key id refreshes them at most every 30 s.
 * @throws KeysUnavailable when they cannot be fetched
 */
export function createKeyResolver(issuer: TrustedIssuer, outbound: Outbound, clock: () => number): JWTVerifyGetKey {
  const { jwks } = issuer;
  if (jwks !== undefined && !(jwks instanceof URL)) return createLocalJWKSet(jwks);
  const locate = jwks === undefined ? createLocator(issuer.issuer, outbound, clock) : async () => jwks;
  return createRemoteKeys(locate, outbound, clock);
}

type KeySet = ReturnType<typeof createLocalJWKSet>;

function createRemoteKeys(locate: () => Promise<URL>, outbound: Outbound, clock: () => number): JWTVerifyGetKey {
  let keys: KeySet | undefined;
  let fetchedAt = -Infinity;
  let failures = 0;
  let pauseUntil = -Infinity;
  let pending: Promise<KeySet> | undefined;

  function refresh(): Promise<KeySet> {
    if (clock() < pauseUntil) return Promise.reject(new KeysUnavailable());
    pending ??= fetchKeys().finally(() => (pending = undefined));
    return pending;
  }

  async function fetchKeys(): Promise<KeySet> {
    try {
      const { status, body } = await outbound(await locate());
      if (status !== 200) throw new Error(`The key set came with status ${status}, expected 200`);
      keys = createLocalJWKSet(publicKeysOf(JSON.parse(body) as JSONWebKeySet));
      fetchedAt = clock();
      failures = 0;
      pauseUntil = -Infinity;
      return keys;
    } catch (error) {
      pauseUntil = clock() + Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
      failures += 1;
      throw new KeysUnavailable(error);
    }
  }

  return async (header, token) => {
    const age = clock() - fetchedAt;
    const isUsable = keys !== undefined && age >= 0 && age <= KEYS_MAX_AGE_MS;
    const current = isUsable ? keys! : await refresh();
    // Nobody waits for it, and what fails here fails again when the keys are too old.
    if (isUsable && age > KEYS_FRESH_MS) refresh().catch(() => {});
    try {
      return await current(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || clock() - fetchedAt < UNKNOWN_KEY_COOLDOWN_MS || clock() < pauseUntil) throw error;
      return (await refresh())(header, token);
    }
  };
}

/** Without what can sign: a key set that leaks a secret must not make it a way in. */
function publicKeysOf(jwks: JSONWebKeySet): JSONWebKeySet {
  if (!Array.isArray(jwks?.keys)) throw new Error('The answer is not a key set');
  return { keys: jwks.keys.filter(isPublicKey) };
}

function createLocator(issuer: string, outbound: Outbound, clock: () => number): () => Promise<URL> {
  let known: { readonly url: URL; readonly at: number } | undefined;
  return async () => {
    if (known === undefined || clock() - known.at > LOCATION_MS) {
      const { jwksUri } = await discoverIssuer(issuer, outbound);
      if (jwksUri === undefined) throw new Error('The metadata of the issuer names no key set');
      known = { url: jwksUri, at: clock() };
    }
    return known.url;
  };
}
