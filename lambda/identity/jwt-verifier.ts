import { decodeJwt, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { showsAccessToken } from './claims';
import { TokenRefused } from './failure';
import type { TokenRefusalReason } from './failure';
import type { TrustedIssuer } from './trusted-issuer';

/** Signature algorithms that can be accepted: asymmetric ones only, so that no public key can pass for a secret. */
export const SIGNATURE_ALGORITHMS = [
  'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512',
] as const;
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

export interface IssuerWithKeys extends TrustedIssuer {
  readonly keys: JWTVerifyGetKey;
}

export interface JwtRules {
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly toleranceSeconds: number;
}

/** The issuer that a token claims to be from; nothing of it is believed before its signature is checked. */
export function issuerOf<Issuer>(token: string, issuers: ReadonlyMap<string, Issuer>): Issuer {
  const { iss } = decodeJwt(token);
  const issuer = typeof iss === 'string' ? issuers.get(iss) : undefined;
  if (issuer === undefined) throw new TokenRefused('unknown_issuer');
  return issuer;
}

/**
 * The claims of a signed access token in the form of RFC 9068: signature, issuer, lifetime, type. Whom it is for, the caller checks.
 * @throws TokenRefused, KeysUnavailable, an error of `jose`: see `refusalReason`
 */
export async function verifyJwt(token: string, issuer: IssuerWithKeys, rules: JwtRules, now: number): Promise<JWTPayload & { readonly exp: number }> {
  const { payload, protectedHeader } = await jwtVerify(token, issuer.keys, {
    algorithms: [...rules.algorithms],
    issuer: issuer.issuer,
    requiredClaims: ['exp', 'sub', 'aud'],
    clockTolerance: rules.toleranceSeconds,
    currentDate: new Date(now),
  });
  if (!isAccessToken(protectedHeader.typ, payload, issuer)) throw new TokenRefused('wrong_type');
  return payload as JWTPayload & { exp: number };
}

function isAccessToken(typ: string | undefined, claims: JWTPayload, issuer: TrustedIssuer): boolean {
  const type = typ?.toLowerCase().replace(/^application\//, '');
  if (type === 'at+jwt') return true;
  return issuer.acceptPlainJwt === true && (type === undefined || type === 'jwt') && showsAccessToken(claims);
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Three segments of base64url without spare bits: two different strings are never the same token. */
export function isCanonicalJws(token: string): boolean {
  const segments = token.split('.');
  return segments.length === 3 && segments.every((segment) => {
    const last = BASE64URL.indexOf(segment.at(-1) ?? '.');
    switch (segment.length % 4) {
      case 0:
        return last >= 0;
      case 2:
        return last >= 0 && (last & 0b1111) === 0;
      case 3:
        return last >= 0 && (last & 0b11) === 0;
      default:
        return false;
    }
  });
}

/** The word for what `verifyJwt` threw. */
export function refusalReason(error: unknown): TokenRefusalReason {
  if (error instanceof TokenRefused) return error.reason;
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing') return 'missing_claim';
    if (error.reason === 'invalid') return 'malformed_claim';
    return ({ nbf: 'not_yet_valid', iss: 'unknown_issuer' } as const)[error.claim] ?? 'malformed_claim';
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm_not_allowed';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) return 'unknown_key';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad_signature';
  return 'malformed_token';
}
