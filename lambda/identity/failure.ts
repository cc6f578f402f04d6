import type { MalformedReason, TokenScheme } from './access-token';
import type { AuthenticationFailure } from './authenticator';
import { challengeFor, type Challenged } from './challenge';

/** Why a token was refused: the word of the audit event, and the sentence that the client reads. */
const TOKEN_REFUSALS = {
  malformed_token: 'The access token is not a signed JWT',
  algorithm_not_allowed: 'The access token is signed with an algorithm that is not accepted',
  unknown_issuer: 'The access token is from an issuer that is not accepted',
  unknown_key: 'The access token is signed with a key that its issuer does not publish',
  bad_signature: 'The signature of the access token is not valid',
  wrong_type: 'The token is not an access token of a type that is accepted',
  wrong_audience: 'The access token is not for this resource',
  expired: 'The access token expired',
  not_yet_valid: 'The access token is not valid yet',
  not_active: 'The access token is not active, says its issuer',
  missing_claim: 'The access token lacks a claim that is required',
  malformed_claim: 'A claim of the access token is not of the form that is expected',
  groups_left_out: 'The access token leaves out groups of its subject',
  proof_required: 'The access token is bound to a key and needs a proof, which is not supported',
  unknown_binding: 'The access token is bound in a way that is not supported',
  not_bound: 'The access token is not bound to a key of its sender',
  wrong_scheme: 'The access token is bound to a key: the DPoP scheme and a proof are needed',
  wrong_certificate: 'The access token is bound to another certificate than the one of this connection',
  token_not_accepted: 'This resource takes no access tokens',
} as const;

export type TokenRefusalReason = keyof typeof TOKEN_REFUSALS;

/** Thrown while a token is checked. Carries a word, never a part of the token. */
export class TokenRefused extends Error {
  constructor(readonly reason: TokenRefusalReason) {
    super(TOKEN_REFUSALS[reason]);
    this.name = 'TokenRefused';
  }
}

/** Why a DPoP proof was refused (RFC 9449 section 4.3). */
const PROOF_REFUSALS = {
  proof_missing: 'The request has no DPoP proof',
  proof_several: 'The request has more than one DPoP header',
  proof_malformed: 'The DPoP proof is not a signed JWT of type dpop+jwt with all claims',
  proof_algorithm: 'The DPoP proof is signed with an algorithm that is not accepted',
  proof_key: 'The key of the DPoP proof is not a public key that fits its algorithm',
  proof_signature: 'The signature of the DPoP proof is not valid',
  proof_method: 'The DPoP proof is for another method',
  proof_url: 'The DPoP proof is for another URL',
  proof_time: 'The DPoP proof is too old, or from the future',
  proof_token: 'The DPoP proof is for another access token',
  proof_wrong_key: 'The DPoP proof is of another key than the access token is bound to',
  proof_replayed: 'The DPoP proof was used before',
} as const;

export type ProofRefusalReason = keyof typeof PROOF_REFUSALS;

const MALFORMED: Record<MalformedReason, string> = {
  token_in_query: 'An access token goes into the Authorization header, never into the query',
  malformed_authorization: 'The Authorization header is not one access token',
  token_too_large: 'The access token is too large',
};

/** 400: the credentials cannot be read (RFC 6750 section 3.1, `invalid_request`). */
export function malformedRequest(input: Challenged, reason: MalformedReason): AuthenticationFailure {
  const challenge = challengeFor(input, { error: 'invalid_request', description: MALFORMED[reason] });
  return { ok: false, status: 400, challenge, reason };
}

/** 401 without an error code: the client did not know yet that it needs a token (RFC 6750 section 3.1). */
export function tokenRequired(input: Challenged, reason: 'no_token' | 'other_scheme', scopes: readonly string[]): AuthenticationFailure {
  return { ok: false, status: 401, challenge: challengeFor(input, { scopes }), reason };
}

/** 401 `invalid_token`. */
export function invalidToken(input: Challenged, reason: TokenRefusalReason, scopes: readonly string[], used?: TokenScheme): AuthenticationFailure {
  const challenge = challengeFor(input, { error: 'invalid_token', description: TOKEN_REFUSALS[reason], scopes }, used);
  return { ok: false, status: 401, challenge, reason };
}

/** 401 `invalid_dpop_proof` (RFC 9449 section 7.1). */
export function invalidProof(input: Challenged, reason: ProofRefusalReason, scopes: readonly string[]): AuthenticationFailure {
  const challenge = challengeFor(input, { error: 'invalid_dpop_proof', description: PROOF_REFUSALS[reason], scopes }, 'DPoP');
  return { ok: false, status: 401, challenge, reason };
}

/** 401 `use_dpop_nonce` with the nonce that the next proof has to hold (RFC 9449 section 9). */
export function nonceRequired(input: Challenged, nonce: string, scopes: readonly string[]): AuthenticationFailure {
  const challenge = challengeFor(input, { error: 'use_dpop_nonce', description: 'The DPoP proof needs the nonce of this answer', scopes }, 'DPoP');
  return { ok: false, status: 401, challenge, headers: { 'dpop-nonce': nonce, 'cache-control': 'no-store' }, reason: 'nonce_required' };
}

/** 503: a new token would not help, trying again later might. */
export function notDecidable(input: Challenged, reason: 'keys_unavailable' | 'introspection_unavailable' | 'replay_store_unavailable', scopes: readonly string[]): AuthenticationFailure {
  return { ok: false, status: 503, challenge: challengeFor(input, { scopes }), reason };
}
