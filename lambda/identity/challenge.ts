import type { AuthenticationFailure, AuthenticationInput } from './authenticator';

/** What a `WWW-Authenticate: Bearer` challenge tells the client (RFC 6750 section 3, RFC 9728 section 5.1). */
export interface BearerChallenge {
  /** Absent where the request carried no credentials at all (RFC 6750 section 3.1). */
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope';
  readonly description?: string;
  /** Scopes that the client should ask for, all of them. */
  readonly scopes?: readonly string[];
  /** Where the resource's RFC 9728 metadata is. */
  readonly resourceMetadataUrl: string;
}

/** The value of `WWW-Authenticate`. Whatever the parts hold, they stay inside their quotes and on one line. */
export function bearerChallenge(challenge: BearerChallenge): string {
  const parameters: string[] = [];
  if (challenge.error !== undefined) parameters.push(`error=${quoted(challenge.error)}`);
  if (challenge.description !== undefined) parameters.push(`error_description=${quoted(challenge.description)}`);
  if (challenge.scopes?.length) parameters.push(`scope=${quoted(challenge.scopes.join(' '))}`);
  parameters.push(`resource_metadata=${quoted(challenge.resourceMetadataUrl)}`);
  return `Bearer ${parameters.join(', ')}`;
}

/** 403 for a request whose token lacks a scope; names all that are needed, so that one new token is enough. */
export function insufficientScope(
  input: Pick<AuthenticationInput, 'resourceMetadataUrl'>,
  scopes: readonly string[],
): AuthenticationFailure {
  const challenge = bearerChallenge({
    error: 'insufficient_scope',
    description: 'The access token lacks a scope that this request needs',
    scopes,
    resourceMetadataUrl: input.resourceMetadataUrl,
  });
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
