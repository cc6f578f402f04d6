import type { AuthenticationInput } from './authenticator';

/** No access token may be longer, in characters. */
export const MAX_TOKEN_LENGTH = 16 * 1024;

export type PresentedToken =
  /** The request has no `Authorization` header and no token elsewhere. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly scheme: TokenScheme; readonly token: string }
  /** Credentials of a scheme other than `Bearer` and `DPoP`. */
  | { readonly kind: 'other_scheme' }
  | { readonly kind: 'malformed'; readonly reason: MalformedReason };

/** `Bearer` (RFC 6750), also for tokens that are bound to a certificate (RFC 8705); `DPoP` (RFC 9449 section 7.1). */
export type TokenScheme = 'Bearer' | 'DPoP';

export type MalformedReason = 'token_in_query' | 'malformed_authorization' | 'token_too_large';

const TOKEN = /^(Bearer|DPoP) +([A-Za-z0-9\-._~+/]+=*)$/i;
const OTHER_SCHEME = /^(?!(?:Bearer|DPoP)(?:[ ,]|$))[!#$%&'*+\-.^_`|~0-9A-Za-z]+ +[^,]+$/i;
/** Room for the scheme and the space before the token. */
const MAX_HEADER_LENGTH = MAX_TOKEN_LENGTH + 'Bearer '.length;

const ABSENT: PresentedToken = { kind: 'absent' };

/**
 * The access token of a request, from the `Authorization` header alone (RFC 6750 section 2.1). A token in the query is
 * refused even next to a good header, because it has been in logs already (MCP authorization, access token usage).
 */
export function readAccessToken(input: Pick<AuthenticationInput, 'headers' | 'url'>): PresentedToken {
  if (hasTokenInQuery(input.url)) return { kind: 'malformed', reason: 'token_in_query' };
  const header = input.headers.get('authorization');
  if (header === null) return ABSENT;
  if (header.length > MAX_HEADER_LENGTH) return { kind: 'malformed', reason: 'token_too_large' };
  // Two Authorization fields arrive joined by a comma, which no token holds.
  const [, scheme, token] = TOKEN.exec(header) ?? [];
  if (scheme !== undefined && token !== undefined) return { kind: 'present', scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token };
  return OTHER_SCHEME.test(header) ? { kind: 'other_scheme' } : { kind: 'malformed', reason: 'malformed_authorization' };
}

/** Whether a token stands where logs keep it. */
export function hasTokenInQuery(url: string): boolean {
  const start = url.indexOf('?');
  if (start < 0) return false;
  const end = url.indexOf('#', start);
  const query = new URLSearchParams(url.slice(start + 1, end < 0 ? undefined : end));
  for (const name of query.keys()) {
    if (name.toLowerCase() === 'access_token') return true;
  }
  return false;
}
