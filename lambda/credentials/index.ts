/** What the gateway shows the servers behind it: never the client's token, but one that was issued for that server, a secret, or a signature (IAM-3). */
export { createClientCredentials, type ClientCredentialsOptions } from './client-credentials';
export { createIdentityAssertion, type IdentityAssertionOptions } from './identity-assertion';
export { fileSecret, fixedSecret, type Secret } from './secret';
export { createSecretHeader, type SecretHeaderOptions } from './secret-header';
export * from './settings';
export type { AuthorizationServer } from './token-endpoint';
export { createTokenExchange, type TokenExchangeOptions } from './token-exchange';
export * from './upstream-credentials';
