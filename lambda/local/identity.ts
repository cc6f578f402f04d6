import { randomBytes } from 'node:crypto';
import { createAnonymousAuthenticator, createDemoIssuer, createTokenAuthenticator, type Authenticator, type DemoIssuer } from '../identity';
import type { LocalConfig } from './config';

/** Who may come in. */
export interface LocalIdentity {
  readonly authenticator: Authenticator;
  readonly authorizationServers: readonly string[];
  readonly scopes: readonly string[];
  /** Issues tokens of the gateway's own, where the configuration names no other way in. Its key ends with the process. */
  readonly issuer?: DemoIssuer;
}

/** The way in that `config` describes; failing that, tokens that this process issues itself. */
export async function createLocalIdentity(config: LocalConfig, publicUrl: string): Promise<LocalIdentity> {
  const { identity, anonymous } = config;
  if (identity) {
    const { trusted, requiredScopes, clockToleranceSeconds, dpop } = identity;
    const { maxProofAgeSeconds, nonce = false } = dpop ?? {};
    const tokens = createTokenAuthenticator({
      issuers: [trusted],
      requiredScopes,
      clockToleranceSeconds,
      dpop: { maxProofAgeSeconds, nonceKey: nonce ? randomBytes(32) : undefined },
    });
    return {
      authenticator: anonymous ? createAnonymousAuthenticator(anonymous, tokens) : tokens,
      authorizationServers: [trusted.issuer],
      scopes: requiredScopes,
    };
  }
  if (anonymous) return { authenticator: createAnonymousAuthenticator(anonymous), authorizationServers: [], scopes: [] };
  const issuer = await createDemoIssuer({ issuer: publicUrl });
  const authenticator = createTokenAuthenticator({ issuers: [{ issuer: issuer.issuer, jwks: issuer.jwks, audiences: [publicUrl] }] });
  return { authenticator, authorizationServers: [publicUrl], scopes: [], issuer };
}
