import type { AuthenticationInput } from './authenticator';

/** No access token may be longer, in characters. */
export const MAX_TOKEN_LENGTH = 16 * 1024;

export type BearerToken =
  /** The request has no `Authorization` header and no token elsewhere. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly token: string }
  /** Credentials of a scheme other than `Bearer`. */
  | { readonly kind: 'other_scheme' }
  | { readonly kind: 'malformed'; readonly reason: MalformedReason };

export type MalformedReason = 'token_in_query' | 'malformed_authorization' | 'token_too_large';

const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i;
const OTHER_SCHEME = /^(?!Bearer(?:[ ,]|$))[!#$%&'*+\-.^_`|~0-9A-Za-z]+ +[^,]+$/i;
/** Room for the scheme and the space before the token. */
const MAX_HEADER_LENGTH = MAX_TOKEN_LENGTH + 'Bearer '.length;

const ABSENT: BearerToken = { kind: 'absent' };

/**
 * The bearer token of a request, from the `Authorization` header alone (RFC 6750 section 2.1). A token in the query is
 * refused even next to a good header, because it has been in logs already (MCP authorization, access token usage).
 */
export function readBearerToken(input: Pick<AuthenticationInput, 'headers' | 'url'>): BearerToken {
  if (hasTokenInQuery(input.url)) return { kind: 'malformed', reason: 'token_in_query' };
  const header = input.headers.get('authorization');
  if (header === null) return ABSENT;
  if (header.length > MAX_HEADER_LENGTH) return { kind: 'malformed', reason: 'token_too_large' };
  // Two Authorization fields arrive joined by a comma, which no token holds.
  const token = BEARER.exec(header)?.[1];
  if (token !== undefined) return { kind: 'present', token };
  return OTHER_SCHEME.test(header) ? { kind: 'other_scheme' } : { kind: 'malformed', reason: 'malformed_authorization' };
}

function hasTokenInQuery(url: string): boolean {
  const start = url.indexOf('?');
  if (start < 0) return false;
  const end = url.indexOf('#', start);
  const query = new URLSearchParams(url.slice(start + 1, end < 0 ? undefined : end));
  for (const name of query.keys()) {
    if (name.toLowerCase() === 'access_token') return true;
  }
  return false;
}
