import { hash } from 'node:crypto';
import { decodeJwt, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import type { AuthenticationInput, AuthenticationResult, Authenticator } from './authenticator';
import { readBearerToken } from './bearer-token';
import { assertScopes, insufficientScope } from './challenge';
import { principalFromClaims, showsAccessToken } from './claims';
import { invalidToken, keysUnavailable, malformedRequest, tokenRequired, TokenRefused } from './failure';
import type { TokenRefusalReason } from './failure';
import { createKeyResolver, KeysUnavailable } from './issuer-keys';
import { assertIssuers } from './trusted-issuer';
import type { TrustedIssuer } from './trusted-issuer';

/** Signature algorithms that can be accepted: asymmetric ones only, so that no public key can pass for a secret. */
export const SIGNATURE_ALGORITHMS = [
  'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512',
] as const;
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

export interface JwtAuthenticatorOptions {
  readonly issuers: readonly TrustedIssuer[];
  /** @default - all of `SIGNATURE_ALGORITHMS` */
  readonly algorithms?: readonly SignatureAlgorithm[];
  /**
   * How far the issuer's clock may be off, between 0 and 300. The default is a tenth of the shortest usual token
   * lifetime (5 minutes) and far above the drift of synchronised clocks.
   * @default 30
   */
  readonly clockToleranceSeconds?: number;
  /** Scopes that every token must have; a 401 names them too. @default - none */
  readonly requiredScopes?: readonly string[];
  /**
   * Scopes that a 401 asks the client to request.
   * @default - `requiredScopes`
   */
  readonly challengeScopes?: readonly string[];
  /**
   * How many verified tokens are remembered. One is remembered for at most a minute, never beyond its `exp`, and only
   * for the resource it was verified for.
   * @default 10000
   */
  readonly maxCachedTokens?: number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** Gets key sets. @default - the global fetch */
  readonly fetch?: typeof globalThis.fetch;
}

/** A token verified now is believed for this long without looking at it again. */
const CACHE_MS = 60_000;

/**
 * Authenticates requests by signed access tokens in the form of RFC 9068: signature, issuer, audience (RFC 8707,
 * IAM-3), lifetime, type. Never throws for a request; anything unexpected about a token refuses it.
 *
 * @example
 * const authenticator = createJwtAuthenticator({
 *   issuers: [{ issuer: 'https://login.example.com', jwks: new URL('https://login.example.com/jwks.json') }],
 *   requiredScopes: ['mcp'],
 * });
 * @throws TypeError when the options are not safe to run with
 */
export function createJwtAuthenticator(options: JwtAuthenticatorOptions): Authenticator {
  return new JwtAuthenticator(options);
}

interface IssuerWithKeys extends TrustedIssuer {
  readonly keys: JWTVerifyGetKey;
}

interface VerifiedToken {
  readonly result: AuthenticationResult & { ok: true };
  /** Milliseconds since the epoch. */
  readonly believedUntil: number;
}

class JwtAuthenticator implements Authenticator {
  private readonly issuers: ReadonlyMap<string, IssuerWithKeys>;
  private readonly algorithms: SignatureAlgorithm[];
  private readonly toleranceSeconds: number;
  private readonly requiredScopes: readonly string[];
  private readonly challengeScopes: readonly string[];
  private readonly clock: () => number;
  private readonly verified: LRUCache<string, VerifiedToken>;

  constructor(options: JwtAuthenticatorOptions) {
    assertIssuers(options.issuers);
    this.clock = options.clock ?? Date.now;
    const fetch = options.fetch ?? globalThis.fetch;
    this.issuers = new Map(
      options.issuers.map((issuer) => [issuer.issuer, { ...issuer, keys: createKeyResolver(issuer.jwks, fetch, this.clock) }]),
    );
    this.algorithms = acceptedAlgorithms(options.algorithms);
    this.toleranceSeconds = tolerance(options.clockToleranceSeconds);
    this.requiredScopes = options.requiredScopes ?? [];
    this.challengeScopes = options.challengeScopes ?? this.requiredScopes;
    assertScopes(this.requiredScopes, 'requiredScopes');
    assertScopes(this.challengeScopes, 'challengeScopes');
    this.verified = new LRUCache({ max: options.maxCachedTokens ?? 10_000 });
  }

  async authenticate(input: AuthenticationInput): Promise<AuthenticationResult> {
    const bearer = readBearerToken(input);
    switch (bearer.kind) {
      case 'absent':
        return tokenRequired(input, 'no_token', this.challengeScopes);
      case 'other_scheme':
        return tokenRequired(input, 'other_scheme', this.challengeScopes);
      case 'malformed':
        return malformedRequest(input, bearer.reason);
      case 'present':
        return this.remembered(input, bearer.token) ?? this.verify(input, bearer.token);
    }
  }

  private remembered(input: AuthenticationInput, token: string): AuthenticationResult | undefined {
    const known = this.verified.get(cacheKey(input.resource, token));
    return known !== undefined && this.clock() < known.believedUntil ? known.result : undefined;
  }

  private async verify(input: AuthenticationInput, token: string): Promise<AuthenticationResult> {
    try {
      const issuer = this.issuerOf(token);
      const claims = await this.verifiedClaims(token, issuer, input.resource);
      const principal = principalFromClaims(claims, issuer);
      if (!this.requiredScopes.every((scope) => principal.scopes.includes(scope))) {
        return insufficientScope(input, this.requiredScopes);
      }
      const result = { ok: true, principal } as const;
      const now = this.clock();
      const believedUntil = Math.min(now + CACHE_MS, claims.exp * 1000);
      if (now < believedUntil) this.verified.set(cacheKey(input.resource, token), { result, believedUntil });
      return result;
    } catch (error) {
      if (error instanceof KeysUnavailable) return keysUnavailable(input, this.challengeScopes);
      return invalidToken(input, refusalReason(error), this.challengeScopes);
    }
  }

  /** The issuer that a token claims to be from; nothing of it is believed before its signature is checked. */
  private issuerOf(token: string): IssuerWithKeys {
    if (!isCanonicalJws(token)) throw new TokenRefused('malformed_token');
    const { iss } = decodeJwt(token);
    const issuer = typeof iss === 'string' ? this.issuers.get(iss) : undefined;
    if (issuer === undefined) throw new TokenRefused('unknown_issuer');
    return issuer;
  }

  private async verifiedClaims(token: string, issuer: IssuerWithKeys, resource: string): Promise<JWTPayload & { exp: number }> {
    const { payload, protectedHeader } = await jwtVerify(token, issuer.keys, {
      algorithms: this.algorithms,
      issuer: issuer.issuer,
      audience: [resource, ...(issuer.audiences ?? [])],
      requiredClaims: ['exp', 'sub'],
      clockTolerance: this.toleranceSeconds,
      currentDate: new Date(this.clock()),
    });
    if (!isAccessToken(protectedHeader.typ, payload, issuer)) throw new TokenRefused('wrong_type');
    // RFC 9449 section 7.1, RFC 8705 section 3: a bound token without its proof is a stolen one.
    if (payload.cnf !== undefined) throw new TokenRefused('proof_required');
    return payload as JWTPayload & { exp: number };
  }
}

function isAccessToken(typ: string | undefined, claims: JWTPayload, issuer: TrustedIssuer): boolean {
  const type = typ?.toLowerCase().replace(/^application\//, '');
  if (type === 'at+jwt') return true;
  return issuer.acceptPlainJwt === true && (type === undefined || type === 'jwt') && showsAccessToken(claims);
}

/** No token can hold the line feed, so no two pairs of resource and token have one key. */
function cacheKey(resource: string, token: string): string {
  return hash('sha256', `${resource}\n${token}`, 'base64');
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Three segments of base64url without spare bits: two different strings are never the same token. */
function isCanonicalJws(token: string): boolean {
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

function refusalReason(error: unknown): TokenRefusalReason {
  if (error instanceof TokenRefused) return error.reason;
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing') return 'missing_claim';
    if (error.reason === 'invalid') return 'malformed_claim';
    return ({ aud: 'wrong_audience', nbf: 'not_yet_valid', iss: 'unknown_issuer' } as const)[error.claim] ?? 'malformed_claim';
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm_not_allowed';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) return 'unknown_key';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad_signature';
  return 'malformed_token';
}

function acceptedAlgorithms(algorithms: readonly SignatureAlgorithm[] = SIGNATURE_ALGORITHMS): SignatureAlgorithm[] {
  const unknown = algorithms.find((algorithm) => !SIGNATURE_ALGORITHMS.includes(algorithm));
  if (unknown !== undefined || algorithms.length === 0) {
    throw new TypeError(`algorithms: ${unknown ?? 'none given'}; expected some of ${SIGNATURE_ALGORITHMS.join(', ')}`);
  }
  return [...algorithms];
}

function tolerance(seconds = 30): number {
  if (seconds >= 0 && seconds <= 300) return seconds;
  throw new TypeError(`clockToleranceSeconds: ${seconds}; expected a number between 0 and 300`);
}
