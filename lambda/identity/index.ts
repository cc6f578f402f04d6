/** Who is calling: access tokens to principals, proofs that they are in the right hands, challenges, and the metadata that tells a client where to get a token. */
export * from './anonymous-authenticator';
export * from './authenticator';
export { TOOL_AUTHORIZATION_TYPE, toolAudience } from './authorization-details';
export { bearerChallenge, insufficientScope, type Challenge } from './challenge';
export { createClientAuthenticator, readSecret, type ClientAuthentication, type ClientCredentials, type SecretText } from './client-authentication';
export { readAccessToken } from './access-token';
export { circumstancesOf } from './circumstances';
export * from './demo-issuer';
export { discoverIssuer, type IssuerMetadata } from './discovery';
export { createMemoryReplayStore, NO_REPLAY_STORE, type DpopOptions, type ReplayStore } from './dpop';
export type { IntrospectionOptions } from './introspection';
export { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from './jwt-verifier';
export * from './principal';
export * from './protected-resource-metadata';
export * from './token-authenticator';
export * from './token-requirement';
export * from './trusted-issuer';
