import { Token } from 'aws-cdk-lib';
import { assertIssuers } from '../../lambda/identity/trusted-issuer';
import type { TrustedIssuer } from '../../lambda/identity/trusted-issuer';

type KeySet = Exclude<NonNullable<TrustedIssuer['jwks']>, URL>;

/** An authorization server whose access tokens the gateway accepts (IAM-1). */
export interface McpTokenIssuer {
  /** The exact value of the tokens' `iss` claim. */
  readonly issuer: string;

  /**
   * Where the issuer publishes its public keys, an https URL.
   *
   * @default - the keys are given with `jwks`
   */
  readonly jwksUri?: string;

  /**
   * The issuer's public keys themselves, a JSON Web Key Set as JSON, for a gateway that cannot reach the issuer. When the issuer changes
   * its keys, this has to change with them.
   *
   * @default - the keys are fetched from `jwksUri`, and again when they change
   */
  readonly jwks?: string;

  /**
   * Values of `aud` that are accepted besides the URL of the MCP server itself, for issuers that put their own name of the API
   * there (IAM-3).
   *
   * @default - only the URL of the MCP server
   */
  readonly audiences?: string[];

  /**
   * The claim that lists the groups of the subject: `cognito:groups` for Amazon Cognito.
   *
   * @default 'groups'
   */
  readonly groupsClaim?: string;

  /**
   * Accept tokens whose header does not say that they are access tokens. Amazon Cognito, Okta, Entra ID and Keycloak need it.
   *
   * @default false
   */
  readonly acceptPlainJwt?: boolean;

  /**
   * Put before the names of principals and groups of this issuer, so that no issuer can name another's. Required where there is
   * more than one issuer.
   *
   * @default ''
   */
  readonly subjectPrefix?: string;
}

/** @throws when the issuers could not be told apart, or their keys are not to be had safely. What is a token is not looked at. */
export function assertTokenIssuers(issuers: readonly McpTokenIssuer[]): void {
  if (issuers.length === 0) throw new Error('tokenIssuers is empty, expected at least one authorization server whose tokens are accepted');
  if (issuers.some(({ issuer, jwksUri }) => Token.isUnresolved(issuer) || Token.isUnresolved(jwksUri))) return;
  assertIssuers(issuers.map((issuer) => {
    const { jwksUri: _uri, jwks: _set, ...rest } = issuer;
    const keys = keysOf(issuer);
    return { ...rest, jwks: typeof keys === 'string' ? new URL(keys) : keys };
  }));
}

/**
 * The keys of an issuer as the functions are told of them: a URL, or a key set.
 *
 * @throws Error when there is neither or both, or a key set that is none
 */
export function keysOf({ issuer, jwksUri, jwks }: McpTokenIssuer): string | KeySet {
  if ((jwksUri === undefined) === (jwks === undefined)) throw new Error(`the token issuer ${JSON.stringify(issuer)} has ${jwks === undefined ? 'neither jwksUri nor' : 'both jwksUri and'} jwks, expected one of them`);
  if (jwksUri !== undefined) return jwksUri;
  const set = parsed(jwks!) as KeySet | undefined;
  if (!Array.isArray(set?.keys) || set.keys.length === 0) throw new Error(`the jwks of the token issuer ${JSON.stringify(issuer)} is no JSON Web Key Set, expected {"keys": [...]}`);
  const secret = set.keys.find((key) => key.d !== undefined || key.k !== undefined);
  if (secret) throw new Error(`the jwks of the token issuer ${JSON.stringify(issuer)} has a private or symmetric key, expected public keys`);
  return set;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
