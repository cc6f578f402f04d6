/** An identity provider that exists only as a key: the gateway is given its JWKS file. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { ROOT } from '../install';

const ISSUER = 'https://idp.bench.example';
const ALGORITHM = 'RS256';

/** Who may sign, and how to have something signed. */
export interface Identity {
  /** `identity` of the gateway's configuration file. */
  readonly config: Readonly<Record<string, unknown>>;
  /** An access token (RFC 9068) of the principal that the policies of the bench know, for one audience. */
  token(audience: string): Promise<string>;
}

/** Creates a key and writes its public half under `.bench/<name>/`. */
export async function createIdentity(name: string): Promise<Identity> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM);
  const home = join(ROOT, '.bench', name);
  await mkdir(home, { recursive: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: ALGORITHM, use: 'sig' };
  await writeFile(join(home, 'jwks.json'), JSON.stringify({ keys: [jwk] }));
  return {
    config: { issuer: ISSUER, jwks: 'jwks.json' },
    token: (audience) =>
      new SignJWT({ client_id: 'bench-agent', scope: 'mcp:call', groups: ['analysts', 'engineers'] })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'at+jwt', kid: 'bench' })
        .setIssuer(ISSUER)
        .setSubject('alice')
        .setAudience(audience)
        .setJti('bench-token')
        .setIssuedAt()
        .setExpirationTime('2h')
        .sign(privateKey),
  };
}
