import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTHeaderParameters } from 'jose';
import { NOW, RESOURCE } from './tokens';

/** A client with a DPoP key of its own. */
export interface Prover {
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
  readonly thumbprint: string;
  /** A proof for `token`; `undefined` as a value removes a claim or header of the good proof. */
  prove(token: string, claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
}

export async function createProver(alg = 'ES256'): Promise<Prover> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return {
    jwk,
    privateKey,
    thumbprint: await calculateJwkThumbprint(jwk),
    prove(token, claims = {}, header = {}) {
      const payload = { jti: randomUUID(), htm: 'POST', htu: RESOURCE, iat: NOW, ath: athOf(token), ...claims };
      return new SignJWT(defined(payload)).setProtectedHeader(defined({ alg, typ: 'dpop+jwt', jwk, ...header }) as unknown as JWTHeaderParameters).sign(privateKey);
    },
  };
}

export function athOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

function defined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
