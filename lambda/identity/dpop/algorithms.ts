import { constants, verify, type KeyObject } from 'node:crypto';

/** Signature algorithms of DPoP proofs: asymmetric ones only (RFC 9449 section 4.3). Named in challenges and metadata. */
export const DPOP_ALGORITHMS = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'] as const;
export type DpopAlgorithm = (typeof DPOP_ALGORITHMS)[number];

const CURVES: Readonly<Partial<Record<DpopAlgorithm, string>>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };
const MIN_RSA_BITS = 2048;

/** Whether `key` is one for `algorithm`, and strong enough (RFC 7518, RFC 8037). */
export function fits(key: KeyObject, algorithm: DpopAlgorithm): boolean {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  switch (algorithm) {
    case 'ES256':
    case 'ES384':
    case 'ES512':
      return key.asymmetricKeyType === 'ec' && namedCurve === CURVES[algorithm];
    case 'EdDSA':
    case 'Ed25519':
      return key.asymmetricKeyType === 'ed25519';
    default:
      return key.asymmetricKeyType === 'rsa' && modulusLength >= MIN_RSA_BITS;
  }
}

/** Whether `signature` is that of `key` over `input`. At once, in this thread: on the way of every request a change of threads costs more than it saves. */
export function isSignedBy(key: KeyObject, algorithm: DpopAlgorithm, input: Buffer, signature: Buffer): boolean {
  const digest = `sha${algorithm.slice(2)}`;
  switch (algorithm) {
    case 'ES256':
    case 'ES384':
    case 'ES512':
      return verify(digest, input, { key, dsaEncoding: 'ieee-p1363' }, signature);
    case 'EdDSA':
    case 'Ed25519':
      return verify(null, input, key, signature);
    case 'PS256':
    case 'PS384':
    case 'PS512':
      return verify(digest, input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature);
    case 'RS256':
    case 'RS384':
    case 'RS512':
      return verify(digest, input, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
  }
}
