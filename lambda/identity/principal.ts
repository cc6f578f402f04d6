import type { JsonObject } from '../protocol';

declare const principalIdBrand: unique symbol;

/** Who is calling, as the token's issuer names them. Branded: never mix it up with a token or a server name. */
export type PrincipalId = string & { readonly [principalIdBrand]: true };

export function principalId(value: string): PrincipalId {
  return value as PrincipalId;
}

/** The caller of a request, after authentication. Nothing of the token itself is kept. */
export interface Principal {
  /** `Agent` for a client that acts on its own behalf, `User` for a person. Cedar entity types `Mcp::User`, `Mcp::Agent`. */
  readonly type: 'User' | 'Agent';
  readonly id: PrincipalId;
  /** Names of groups, parents of the principal in Cedar (`Mcp::Group`). */
  readonly groups: readonly string[];
  /** OAuth scopes of the token. */
  readonly scopes: readonly string[];
  /** Where the principal comes from: a token's issuer, or `anonymous`. */
  readonly issuer: string;
  /** How it proved who it is (CV-3, IAM-4). Absent where no token did. */
  readonly authentication?: TokenAuthentication;
  /** The only tools that the token is good for, by its audience (IAM-3) or its authorization details (IAM-2). @default - the token does not say */
  readonly tools?: readonly ToolAuthorization[];
  /** What the token's issuer says of the circumstances, by the claims that the configuration names (JIT-2, JIT-3). */
  readonly circumstances?: TokenCircumstances;
}

/** What a token says of how its subject signed in, and how it was presented. */
export interface TokenAuthentication {
  /** `dpop` and `mtls`: whoever presented the token holds the key that it is bound to. */
  readonly method: 'bearer' | 'dpop' | 'mtls';
  readonly senderConstrained: boolean;
  /** Authentication context class reference, `acr` (RFC 9470). */
  readonly acr?: string;
  /** When the person signed in, seconds since the epoch, `auth_time`. */
  readonly authTime?: number;
  /** When the token ends, milliseconds since the epoch: what was opened with it does not outlive it. @default - the issuer does not say */
  readonly expiresAt?: number;
}

/** One tool that a token allows. */
export interface ToolAuthorization {
  readonly tool: string;
  /** Arguments that a call must have, with exactly these values. @default - any */
  readonly arguments?: JsonObject;
}

export interface TokenCircumstances {
  readonly purpose?: string;
  /** 0 to 100. */
  readonly risk?: number;
  readonly device?: { readonly trusted: boolean };
}

/** A key that tells principals apart across issuers; for caches and limits, never shown. */
export function principalKey(principal: Principal): string {
  let key = keys.get(principal);
  if (key === undefined) keys.set(principal, (key = JSON.stringify([principal.issuer, principal.type, principal.id])));
  return key;
}

const keys = new WeakMap<Principal, string>();
