/** Who is calling: access tokens to principals, challenges, and the metadata that tells a client where to get a token. */
export * from './anonymous-authenticator';
export * from './authenticator';
export { bearerChallenge, insufficientScope } from './challenge';
export type { BearerChallenge } from './challenge';
export * from './demo-issuer';
export * from './jwt-authenticator';
export * from './principal';
export * from './protected-resource-metadata';
export * from './trusted-issuer';
