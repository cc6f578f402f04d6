import type { JWTPayload } from 'jose';
import { createOutbound, type Outbound } from '../outbound';
import { hasTokenInQuery, readAccessToken, type PresentedToken } from './access-token';
import type { AuthenticationFailure, AuthenticationInput, AuthenticationResult, Authenticator } from './authenticator';
import { toolsOf } from './authorization-details';
import { assertScopes, insufficientScope } from './challenge';
import { principalFromClaims } from './claims';
import { confirmationOf, type Confirmation } from './confirmation';
import { createDpopNonces, createMemoryReplayStore, createProofVerifier, type DpopOptions, type ProofVerifier } from './dpop';
import { invalidProof, invalidToken, malformedRequest, nonceRequired, notDecidable, tokenRequired, TokenRefused } from './failure';
import { createIntrospector, IntrospectionUnavailable, type IntrospectedToken } from './introspection';
import { createKeyResolver, KeysUnavailable } from './issuer-keys';
import { isCanonicalJws, issuerOf, refusalReason, SIGNATURE_ALGORITHMS, verifyJwt, type IssuerWithKeys, type SignatureAlgorithm } from './jwt-verifier';
import type { Principal } from './principal';
import { RecentTokens } from './recent-tokens';
import { assertIssuers } from './trusted-issuer';
import type { TrustedIssuer } from './trusted-issuer';

export interface TokenAuthenticatorOptions {
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
  /** How proofs of DPoP are checked, where a server takes them. @default - proofs of 5 minutes, without nonces, remembered by this instance */
  readonly dpop?: DpopOptions;
  /**
   * How many verified tokens are remembered for each resource. One is remembered for at most a minute, never beyond its `exp`, and only
   * for the resource it was verified for.
   * @default 10000
   */
  readonly maxCachedTokens?: number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** Asks issuers for keys, metadata and tokens. @default - over the network, under the rules for learned URLs */
  readonly outbound?: Outbound;
}

/** A token verified now is believed for this long without looking at it again. */
const CACHE_MS = 60_000;
const DEFAULT_PROOF_AGE_SECONDS = 300;

/**
 * Authenticates requests by access tokens: signed ones in the form of RFC 9068 by signature, issuer, audience (RFC 8707,
 * IAM-3), lifetime and type; opaque ones by asking their issuer (RFC 7662). A token that is bound to a key is accepted only
 * from whoever holds it (RFC 9449, RFC 8705, IAM-4). Never throws for a request; anything unexpected about a token refuses it.
 *
 * @example
 * const authenticator = createTokenAuthenticator({
 *   issuers: [{ issuer: 'https://login.example.com' }],
 *   requiredScopes: ['mcp'],
 * });
 * @throws TypeError when the options are not safe to run with
 */
export function createTokenAuthenticator(options: TokenAuthenticatorOptions): Authenticator {
  return new TokenAuthenticator(options);
}

interface OpaqueIssuer {
  readonly issuer: TrustedIssuer;
  introspect(token: string): Promise<IntrospectedToken>;
}

/** All that is known of a token, wherever it came from; not yet who presented it. */
interface VerifiedToken {
  readonly presented: Presented;
  readonly result: { readonly ok: true; readonly principal: Principal };
  readonly confirmation: Confirmation | undefined;
  readonly hasScopes: boolean;
  /** Milliseconds since the epoch. */
  readonly believedUntil: number;
}

type Presented = Extract<PresentedToken, { kind: 'present' }>;

class TokenAuthenticator implements Authenticator {
  private readonly issuers: ReadonlyMap<string, IssuerWithKeys>;
  private readonly opaque: OpaqueIssuer | undefined;
  private readonly algorithms: readonly SignatureAlgorithm[];
  private readonly toleranceSeconds: number;
  private readonly requiredScopes: readonly string[];
  private readonly challengeScopes: readonly string[];
  private readonly clock: () => number;
  private readonly recent: RecentTokens<VerifiedToken>;
  private readonly verifyProof: ProofVerifier;

  constructor(options: TokenAuthenticatorOptions) {
    assertIssuers(options.issuers);
    this.clock = options.clock ?? Date.now;
    const outboundOf = (issuer: TrustedIssuer) => options.outbound ?? createOutbound({ configured: configuredUrls(issuer) });
    this.issuers = new Map(
      options.issuers.map((issuer) => [issuer.issuer, { ...issuer, keys: createKeyResolver(issuer, outboundOf(issuer), this.clock) }]),
    );
    const asked = options.issuers.find(({ introspection }) => introspection !== undefined);
    this.opaque = asked?.introspection && { issuer: asked, introspect: createIntrospector(asked.issuer, asked.introspection, outboundOf(asked), this.clock) };
    this.algorithms = acceptedAlgorithms(options.algorithms);
    this.toleranceSeconds = tolerance(options.clockToleranceSeconds);
    this.requiredScopes = options.requiredScopes ?? [];
    this.challengeScopes = options.challengeScopes ?? this.requiredScopes;
    assertScopes(this.requiredScopes, 'requiredScopes');
    assertScopes(this.challengeScopes, 'challengeScopes');
    this.recent = new RecentTokens(options.maxCachedTokens ?? 10_000, this.clock);
    this.verifyProof = proofVerifier(options.dpop ?? {}, this.clock);
  }

  authenticate(input: AuthenticationInput): AuthenticationResult | Promise<AuthenticationResult> {
    const known = this.recent.get(input.resource, input.headers.get('authorization'));
    if (known !== undefined && !hasTokenInQuery(input.url)) return this.admit(input, known);
    const presented = readAccessToken(input);
    switch (presented.kind) {
      case 'absent':
        return tokenRequired(input, 'no_token', this.challengeScopes);
      case 'other_scheme':
        return tokenRequired(input, 'other_scheme', this.challengeScopes);
      case 'malformed':
        return malformedRequest(input, presented.reason);
      case 'present':
        return this.verifyAndAdmit(input, presented);
    }
  }

  private async verifyAndAdmit(input: AuthenticationInput, presented: Presented): Promise<AuthenticationResult> {
    const verified = await this.verify(input, presented);
    return 'ok' in verified ? verified : this.admit(input, verified);
  }

  private async verify(input: AuthenticationInput, presented: Presented): Promise<VerifiedToken | AuthenticationFailure> {
    try {
      const verified = isCanonicalJws(presented.token) ? await this.verifySigned(input, presented) : await this.verifyOpaque(input, presented);
      this.recent.remember(input.resource, input.headers.get('authorization'), verified);
      return verified;
    } catch (error) {
      if (error instanceof KeysUnavailable) return notDecidable(input, 'keys_unavailable', this.challengeScopes);
      if (error instanceof IntrospectionUnavailable) return notDecidable(input, 'introspection_unavailable', this.challengeScopes);
      return invalidToken(input, refusalReason(error), this.challengeScopes, presented.scheme);
    }
  }

  private async verifySigned(input: AuthenticationInput, presented: Presented): Promise<VerifiedToken> {
    const { token } = presented;
    const issuer = issuerOf(token, this.issuers);
    const now = this.clock();
    const claims = await verifyJwt(token, issuer, { algorithms: this.algorithms, toleranceSeconds: this.toleranceSeconds }, now);
    return this.believe(input, presented, claims, issuer, Math.min(now + CACHE_MS, claims.exp * 1000));
  }

  private async verifyOpaque(input: AuthenticationInput, presented: Presented): Promise<VerifiedToken> {
    if (this.opaque === undefined) throw new TokenRefused('malformed_token');
    const { claims, believedUntil } = await this.opaque.introspect(presented.token);
    const now = this.clock() / 1000;
    const { exp = Infinity, nbf = -Infinity } = claims;
    if (typeof exp !== 'number' || typeof nbf !== 'number') throw new TokenRefused('malformed_claim');
    if (exp <= now - this.toleranceSeconds) throw new TokenRefused('expired');
    if (nbf > now + this.toleranceSeconds) throw new TokenRefused('not_yet_valid');
    return this.believe(input, presented, claims, this.opaque.issuer, Math.min(believedUntil, exp * 1000));
  }

  private believe({ resource }: AuthenticationInput, presented: Presented, claims: JWTPayload, issuer: TrustedIssuer, believedUntil: number): VerifiedToken {
    const tools = toolsOf(claims, resource, issuer.audiences ?? []);
    const confirmation = confirmationOf(claims);
    const method = confirmation === undefined ? 'bearer' : confirmation.thumbprint === undefined ? 'mtls' : 'dpop';
    const principal = principalFromClaims(claims, issuer, { method, tools });
    const hasScopes = this.requiredScopes.every((scope) => principal.scopes.includes(scope));
    return { presented, result: { ok: true, principal }, confirmation, hasScopes, believedUntil };
  }

  /** A good token is good only from whom it was issued to, where it says so. */
  private admit(input: AuthenticationInput, verified: VerifiedToken): AuthenticationResult | Promise<AuthenticationResult> {
    const { presented, confirmation } = verified;
    const { senderConstraint = 'off' } = input;
    const refuse = (reason: TokenRefused['reason']) => invalidToken(input, reason, this.challengeScopes, presented.scheme);
    if (confirmation === undefined) return senderConstraint === 'required' || presented.scheme === 'DPoP' ? refuse('not_bound') : this.withScopes(input, verified);
    // RFC 9449 section 7.1, RFC 8705 section 3: a bound token without its proof is a stolen one.
    if (senderConstraint === 'off') return refuse('proof_required');
    if (confirmation.certificate !== undefined && confirmation.certificate !== input.clientCertificate) return refuse('wrong_certificate');
    if (confirmation.thumbprint === undefined) return presented.scheme === 'DPoP' ? refuse('not_bound') : this.withScopes(input, verified);
    return presented.scheme === 'DPoP' ? this.admitProved(input, verified, confirmation.thumbprint) : refuse('wrong_scheme');
  }

  private async admitProved(input: AuthenticationInput, verified: VerifiedToken, thumbprint: string): Promise<AuthenticationResult> {
    const proof = await this.verifyProof(input, { accessToken: verified.presented.token, thumbprint, now: this.clock() });
    switch (proof.kind) {
      case 'refused':
        return invalidProof(input, proof.reason, this.challengeScopes);
      case 'nonce_required':
        return nonceRequired(input, proof.nonce, this.challengeScopes);
      case 'unavailable':
        return notDecidable(input, 'replay_store_unavailable', this.challengeScopes);
      case 'proved': {
        const admitted = this.withScopes(input, verified);
        return admitted.ok && proof.nonce !== undefined ? { ...admitted, headers: { 'dpop-nonce': proof.nonce } } : admitted;
      }
    }
  }

  private withScopes(input: AuthenticationInput, { presented, hasScopes, result }: VerifiedToken): AuthenticationResult {
    return hasScopes ? result : insufficientScope(input, this.requiredScopes, presented.scheme);
  }
}

function proofVerifier({ replayStore, maxProofAgeSeconds = DEFAULT_PROOF_AGE_SECONDS, nonceKey }: DpopOptions, clock: () => number): ProofVerifier {
  if (!(maxProofAgeSeconds >= 5 && maxProofAgeSeconds <= 600)) throw new TypeError(`maxProofAgeSeconds: ${maxProofAgeSeconds}; expected a number between 5 and 600`);
  if (nonceKey !== undefined && nonceKey.length < 32) throw new TypeError('nonceKey: expected at least 32 bytes');
  const nonces = nonceKey && createDpopNonces(nonceKey, maxProofAgeSeconds * 1000);
  return createProofVerifier(replayStore ?? createMemoryReplayStore({ clock }), maxProofAgeSeconds, nonces);
}

/** The URLs of an issuer that its configuration names: the operator has vouched for these. */
function configuredUrls({ issuer, jwks, introspection }: TrustedIssuer): URL[] {
  return [jwks instanceof URL ? jwks : undefined, introspection?.endpoint, URL.canParse(issuer) ? new URL(issuer) : undefined].filter((url) => url !== undefined);
}

function acceptedAlgorithms(algorithms: readonly SignatureAlgorithm[] = SIGNATURE_ALGORITHMS): readonly SignatureAlgorithm[] {
  const unknown = algorithms.find((algorithm) => !SIGNATURE_ALGORITHMS.includes(algorithm));
  if (unknown !== undefined || algorithms.length === 0) {
    throw new TypeError(`algorithms: ${unknown ?? 'none given'}; expected some of ${SIGNATURE_ALGORITHMS.join(', ')}`);
  }
  return algorithms;
}

function tolerance(seconds = 30): number {
  if (seconds >= 0 && seconds <= 300) return seconds;
  throw new TypeError(`clockToleranceSeconds: ${seconds}; expected a number between 0 and 300`);
}
