import { Token } from 'aws-cdk-lib';
import { assertIssuers } from '../../lambda/identity/trusted-issuer';

/** An authorization server whose access tokens the gateway accepts (IAM-1). */
export interface McpTokenIssuer {
  /** The exact value of the tokens' `iss` claim. */
  readonly issuer: string;

  /** Where the issuer publishes its public keys, an https URL. */
  readonly jwksUri: string;

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

/** @throws when the issuers could not be told apart, or keys are not fetched over https. What is a token is not looked at. */
export function assertTokenIssuers(issuers: readonly McpTokenIssuer[]): void {
  if (issuers.length === 0) throw new Error('tokenIssuers is empty, expected at least one authorization server whose tokens are accepted');
  if (issuers.some(({ issuer, jwksUri }) => Token.isUnresolved(issuer) || Token.isUnresolved(jwksUri))) return;
  assertIssuers(issuers.map(({ jwksUri, ...issuer }) => ({ ...issuer, jwks: new URL(jwksUri) })));
}
