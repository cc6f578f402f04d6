import type { Principal } from './principal';

/** What of an HTTP request authentication looks at. */
export interface AuthenticationInput {
  readonly headers: Pick<Headers, 'get'>;
  readonly method: string;
  /** The URL as it was requested, with its query: a token in it is refused. Only the part from `?` on is read. */
  readonly url: string;
  /** The public URL of the protected resource, `https://gateway.example.com/mcp/files`. */
  readonly resource: string;
  /** Where this resource's RFC 9728 metadata is published. */
  readonly resourceMetadataUrl: string;
  /** @default 'off' */
  readonly senderConstraint?: SenderConstraint;
  /**
   * SHA-256 of the client's certificate (DER), base64url, where the connection has one: its key was proved by the handshake.
   * @default - the client showed no certificate
   */
  readonly clientCertificate?: string;
}

/**
 * Whether tokens are bound to a key that their sender has to prove (IAM-4). `off`: they are bearer tokens, and bound ones are
 * refused. `optional`: both are accepted, bound ones only with their proof. `required`: only bound ones.
 */
export const SENDER_CONSTRAINTS = ['off', 'optional', 'required'] as const;
export type SenderConstraint = (typeof SENDER_CONSTRAINTS)[number];

export type AuthenticationResult =
  | {
      readonly ok: true;
      readonly principal: Principal;
      /** For the answer, whatever it is: a `DPoP-Nonce` for the next request. @default - none */
      readonly headers?: Readonly<Record<string, string>>;
    }
  | AuthenticationFailure;

export interface AuthenticationFailure {
  readonly ok: false;
  /**
   * 400 malformed, 401 no or invalid token, 403 a scope that the client can go and get, 503 the issuer cannot be asked now,
   * so nothing can be said of the token.
   */
  readonly status: 400 | 401 | 403 | 503;
  /** Value of `WWW-Authenticate`. */
  readonly challenge: string;
  /** Other headers of the answer, in lower case. @default - none */
  readonly headers?: Readonly<Record<string, string>>;
  /** A word for the audit event (`no_token`, `expired`, `wrong_audience`, ...); never part of a token. */
  readonly reason: string;
}

export interface Authenticator {
  authenticate(input: AuthenticationInput): AuthenticationResult | Promise<AuthenticationResult>;
}
