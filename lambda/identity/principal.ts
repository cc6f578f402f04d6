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
}

/** A key that tells principals apart across issuers; for caches and limits, never shown. */
export function principalKey(principal: Principal): string {
  return JSON.stringify([principal.issuer, principal.type, principal.id]);
}
