import type { Principal } from './principal';

/** What of an HTTP request authentication looks at. */
export interface AuthenticationInput {
  readonly headers: Headers;
  readonly method: string;
  /** The URL as it was requested, with its query: a token in it is refused. Only the part from `?` on is read. */
  readonly url: string;
  /** The public URL of the protected resource, `https://gateway.example.com/mcp/files`. */
  readonly resource: string;
  /** Where this resource's RFC 9728 metadata is published. */
  readonly resourceMetadataUrl: string;
}

export type AuthenticationResult =
  | { readonly ok: true; readonly principal: Principal }
  | AuthenticationFailure;

export interface AuthenticationFailure {
  readonly ok: false;
  /**
   * 400 malformed, 401 no or invalid token, 403 a scope that the client can go and get, 503 the issuer's keys cannot be
   * had now, so nothing can be said of the token.
   */
  readonly status: 400 | 401 | 403 | 503;
  /** Value of `WWW-Authenticate`. */
  readonly challenge: string;
  /** A word for the audit event (`no_token`, `expired`, `wrong_audience`, ...); never part of a token. */
  readonly reason: string;
}

export interface Authenticator {
  authenticate(input: AuthenticationInput): Promise<AuthenticationResult>;
}
