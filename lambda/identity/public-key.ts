import type { JWK } from 'jose';

/** Whether a key is one of a pair, without its private half. */
export function isPublicKey(key: JWK): boolean {
  return key.kty !== 'oct' && key.d === undefined && key.priv === undefined;
}
