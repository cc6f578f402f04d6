/** Access tokens for the suite's requests, as bearer tokens and bound to a key with a proof for every request (RFC 9449). */
import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JSONWebKeySet } from 'jose';
import type { Authorize } from './authorizing-shim';

export interface TestIssuer {
  readonly issuer: string;
  readonly jwks: JSONWebKeySet;
  bearer(audience: string): Promise<Authorize>;
  dpop(audience: string): Promise<Authorize>;
}

const LIFETIME_SECONDS = 7_200;

export async function createTestIssuer(): Promise<TestIssuer> {
  const issuer = 'https://issuer.conformance.invalid';
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'conformance', alg: 'ES256', use: 'sig' };
  const mint = (audience: string, claims: Record<string, unknown>) =>
    new SignJWT({ client_id: 'conformance', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: jwk.kid, typ: 'at+jwt' })
      .setIssuer(issuer).setSubject('conformance').setAudience(audience).setIssuedAt().setExpirationTime(`${LIFETIME_SECONDS}s`)
      .sign(privateKey);
  return {
    issuer,
    jwks: { keys: [jwk] },
    async bearer(audience) {
      const authorization = `Bearer ${await mint(audience, {})}`;
      return async () => ({ authorization });
    },
    async dpop(audience) {
      const client = await generateKeyPair('ES256');
      const clientJwk = await exportJWK(client.publicKey);
      const token = await mint(audience, { cnf: { jkt: await calculateJwkThumbprint(clientJwk) } });
      const ath = createHash('sha256').update(token).digest('base64url');
      return async (htm, url) => ({
        authorization: `DPoP ${token}`,
        dpop: await new SignJWT({ htm, htu: url.href, ath, jti: randomUUID() }).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: clientJwk }).setIssuedAt().sign(client.privateKey),
      });
    },
  };
}
