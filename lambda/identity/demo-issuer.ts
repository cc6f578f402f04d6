import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JSONWebKeySet } from 'jose';

export interface DemoIssuerOptions {
  /** Value of `iss`. */
  readonly issuer: string;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

export interface DemoToken {
  readonly subject: string;
  /** `Agent`: the token says that the client acts on its own behalf. @default 'User' */
  readonly type?: 'User' | 'Agent';
  /** @default - none */
  readonly groups?: readonly string[];
  /** @default - none */
  readonly scopes?: readonly string[];
  /** URL of the resource, or of several, that the token is for. */
  readonly audience: string | readonly string[];
  /** @default 3600 */
  readonly lifetimeSeconds?: number;
}

export interface DemoIssuer {
  readonly issuer: string;
  /** The public key; for `TrustedIssuer.jwks`. */
  readonly jwks: JSONWebKeySet;
  mint(token: DemoToken): Promise<string>;
}

/** Client id of the tokens of persons. */
const DEMO_CLIENT = 'demo-client';

/**
 * Issues RFC 9068 access tokens with a key pair (ES256) that lives as long as this object: for a gateway on one machine
 * and for tests. It asks nobody who they are; never trust it in a deployment.
 */
export async function createDemoIssuer(options: DemoIssuerOptions): Promise<DemoIssuer> {
  const { issuer, clock = Date.now } = options;
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return {
    issuer,
    jwks: { keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] },
    mint({ subject, type = 'User', groups = [], scopes = [], audience, lifetimeSeconds = 3600 }) {
      const now = Math.floor(clock() / 1000);
      const claims = { client_id: type === 'Agent' ? subject : DEMO_CLIENT, groups, scope: scopes.join(' ') };
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
        .setIssuer(issuer)
        .setSubject(subject)
        .setAudience(typeof audience === 'string' ? audience : [...audience])
        .setIssuedAt(now)
        .setExpirationTime(now + lifetimeSeconds)
        .setJti(randomUUID())
        .sign(privateKey);
    },
  };
}
