import type { TokenScheme } from './access-token';
import type { AuthenticationFailure, AuthenticationInput } from './authenticator';
import { DPOP_ALGORITHMS } from './dpop/algorithms';

/** What a challenge in `WWW-Authenticate` tells the client (RFC 6750 section 3, RFC 9449 section 7.1, RFC 9470, RFC 9728 section 5.1). */
export interface Challenge {
  /** Absent where the request carried no credentials at all (RFC 6750 section 3.1). */
  readonly error?: ChallengeError;
  readonly description?: string;
  /** Scopes that the client should ask for, all of them. */
  readonly scopes?: readonly string[];
  /** Ways to sign in of which one is needed (RFC 9470). */
  readonly acrValues?: readonly string[];
  /** How long ago the person may have signed in, seconds (RFC 9470). */
  readonly maxAgeSeconds?: number;
  /** Where the resource's RFC 9728 metadata is. */
  readonly resourceMetadataUrl: string;
}

export type ChallengeError =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'insufficient_user_authentication';

/** Where a challenge goes to: what the resource accepts, and what the client used. */
export type Challenged = Pick<AuthenticationInput, 'resourceMetadataUrl' | 'senderConstraint'>;

/** The value of `WWW-Authenticate: Bearer`. Whatever the parts hold, they stay inside their quotes and on one line. */
export function bearerChallenge(challenge: Challenge): string {
  return formatChallenge('Bearer', challenge);
}

/**
 * The value of `WWW-Authenticate`: a challenge for each scheme that the resource takes, with the error at the one that the
 * client used.
 */
export function challengeFor(input: Challenged, challenge: Omit<Challenge, 'resourceMetadataUrl'>, used: TokenScheme = 'Bearer'): string {
  const { resourceMetadataUrl, senderConstraint = 'off' } = input;
  const whole: Challenge = { ...challenge, resourceMetadataUrl };
  if (senderConstraint === 'off') return formatChallenge('Bearer', whole);
  if (senderConstraint === 'required') return formatChallenge('DPoP', whole);
  const { error: _error, description: _description, ...plain } = whole;
  return [formatChallenge('Bearer', used === 'Bearer' ? whole : plain), formatChallenge('DPoP', used === 'DPoP' ? whole : plain)].join(', ');
}

function formatChallenge(scheme: TokenScheme, challenge: Challenge): string {
  const parameters: string[] = [];
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined && value !== '') parameters.push(`${name}=${quoted(value)}`);
  };
  if (challenge.error !== undefined) add('error', challenge.error);
  if (challenge.description !== undefined) parameters.push(`error_description=${quoted(challenge.description)}`);
  // Between client and issuer alone (MCP authorization).
  add('scope', challenge.scopes?.filter((scope) => scope !== 'offline_access').join(' '));
  add('acr_values', challenge.acrValues?.join(' '));
  add('max_age', challenge.maxAgeSeconds?.toString());
  if (scheme === 'DPoP') add('algs', DPOP_ALGORITHMS.join(' '));
  parameters.push(`resource_metadata=${quoted(challenge.resourceMetadataUrl)}`);
  return `${scheme} ${parameters.join(', ')}`;
}

/** 403 for a request whose token lacks a scope; names all that are needed, so that one new token is enough. */
export function insufficientScope(input: Challenged, scopes: readonly string[], used?: TokenScheme): AuthenticationFailure {
  const challenge = challengeFor(input, { error: 'insufficient_scope', description: 'The access token lacks a scope that this request needs', scopes }, used);
  return { ok: false, status: 403, challenge, reason: 'insufficient_scope' };
}

/** RFC 9110 quoted-string, printable ASCII only. */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '').replace(/["\\]/g, '\\$&')}"`;
}

/** One scope as RFC 6749 section 3.3 writes it. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * @throws TypeError when one of `scopes` is not a scope token of RFC 6749
 */
export function assertScopes(scopes: readonly string[], where: string): void {
  const bad = scopes.find((scope) => !SCOPE_TOKEN.test(scope));
  if (bad !== undefined) {
    throw new TypeError(`${where}: ${JSON.stringify(bad)} is not a scope; expected printable ASCII without space, quote or backslash`);
  }
}
