import type { AuthenticationFailure, AuthenticationInput } from './authenticator';
import type { MalformedReason } from './bearer-token';
import { bearerChallenge } from './challenge';

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
  missing_claim: 'The access token lacks a claim that is required',
  malformed_claim: 'A claim of the access token is not of the form that is expected',
  groups_left_out: 'The access token leaves out groups of its subject',
  proof_required: 'The access token is bound to a key and needs a proof, which is not supported',
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

const MALFORMED: Record<MalformedReason, string> = {
  token_in_query: 'An access token goes into the Authorization header, never into the query',
  malformed_authorization: 'The Authorization header is not one Bearer token',
  token_too_large: 'The access token is too large',
};

type ChallengeInput = Pick<AuthenticationInput, 'resourceMetadataUrl'>;

/** 400: the credentials cannot be read (RFC 6750 section 3.1, `invalid_request`). */
export function malformedRequest(input: ChallengeInput, reason: MalformedReason): AuthenticationFailure {
  const { resourceMetadataUrl } = input;
  const challenge = bearerChallenge({ error: 'invalid_request', description: MALFORMED[reason], resourceMetadataUrl });
  return { ok: false, status: 400, challenge, reason };
}

/** 401 without an error code: the client did not know yet that it needs a token (RFC 6750 section 3.1). */
export function tokenRequired(
  input: ChallengeInput,
  reason: 'no_token' | 'other_scheme',
  scopes: readonly string[],
): AuthenticationFailure {
  const challenge = bearerChallenge({ scopes, resourceMetadataUrl: input.resourceMetadataUrl });
  return { ok: false, status: 401, challenge, reason };
}

/** 401 `invalid_token`. */
export function invalidToken(input: ChallengeInput, reason: TokenRefusalReason, scopes: readonly string[]): AuthenticationFailure {
  const challenge = bearerChallenge({
    error: 'invalid_token',
    description: TOKEN_REFUSALS[reason],
    scopes,
    resourceMetadataUrl: input.resourceMetadataUrl,
  });
  return { ok: false, status: 401, challenge, reason };
}

/** 503: a new token would not help, trying again later might. */
export function keysUnavailable(input: ChallengeInput, scopes: readonly string[]): AuthenticationFailure {
  const challenge = bearerChallenge({ scopes, resourceMetadataUrl: input.resourceMetadataUrl });
  return { ok: false, status: 503, challenge, reason: 'keys_unavailable' };
}
