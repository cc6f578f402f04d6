/** Who is calling: access tokens to principals, proofs that they are in the right hands, challenges, and the metadata that tells a client where to get a token. */
export * from './anonymous-authenticator';
export * from './authenticator';
export { toolAudience } from './authorization-details';
export { bearerChallenge } from './challenge';
export { createClientAuthenticator, type ClientAuthentication, type SecretText } from './client-authentication';
export { readAccessToken } from './access-token';
export { circumstancesOf } from './circumstances';
export * from './demo-issuer';
export { discoverIssuer } from './discovery';
export { createMemoryReplayStore, NO_REPLAY_STORE, type DpopOptions, type ReplayStore } from './dpop';
export type { IntrospectionOptions } from './introspection';
export * from './principal';
export * from './protected-resource-metadata';
export * from './token-authenticator';
export * from './token-requirement';
export * from './trusted-issuer';
