import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { createTokenAuthenticator } from '../../lambda/identity';
import { callTool, PUBLIC_URL, startGateway, startToolServer } from './stand';

const ISSUER = 'https://login.example.com';
const POLICIES = { all: 'permit (principal, action, resource);' };

export interface Replays {
  readonly kind: 'bearer' | 'DPoP' | 'mutual TLS';
  /** Calls of the owner, which have to be served: otherwise a refusal says nothing. */
  readonly own: { readonly tried: number; readonly served: number };
  /** By the way in which the thief tries. */
  readonly stolen: readonly { readonly way: string; readonly tried: number; readonly served: number }[];
}

interface Key {
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
  readonly thumbprint: string;
}

async function createKey(): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  return { jwk, privateKey, thumbprint: await calculateJwkThumbprint(jwk) };
}

function prove({ jwk, privateKey }: Key, token: string, more: Record<string, unknown> = {}): Promise<string> {
  const claims = { jti: randomUUID(), htm: 'POST', htu: `${PUBLIC_URL}/mcp/work`, iat: Math.floor(Date.now() / 1_000), ath: createHash('sha256').update(token).digest('base64url'), ...more };
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).sign(privateKey);
}

/** A thief has whole requests of somebody, headers and all, and tries them in every way that there is. Through the whole gateway. */
export async function tryReplays(rounds: number): Promise<Replays[]> {
  const server = await startToolServer();
  const signer = await createKey();
  const jwks = { keys: [{ ...signer.jwk, kid: 'bench', alg: 'ES256', use: 'sig' }] };
  const mint = (claims: Record<string, unknown>) =>
    new SignJWT({ client_id: 'client', ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'bench', typ: 'at+jwt' }).setIssuer(ISSUER).setSubject('owner').setAudience(`${PUBLIC_URL}/mcp/work`).setIssuedAt().setExpirationTime('1h').setJti(randomUUID()).sign(signer.privateKey);
  const gateways = { off: gatewayWith('off'), required: gatewayWith('required') };
  function gatewayWith(senderConstraint: 'off' | 'required') {
    return startGateway([{ name: 'work', senderConstraint, upstream: { kind: 'http', url: server.url, headers: {} } }], createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks }] }), POLICIES);
  }

  async function count(attempt: () => Promise<boolean>): Promise<{ readonly tried: number; readonly served: number }> {
    let served = 0;
    for (let round = 0; round < rounds; round += 1) if (await attempt()) served += 1;
    return { tried: rounds, served };
  }

  try {
    const bearer = await mint({});
    const plain = { authorization: `Bearer ${bearer}` };

    const [owner, thief] = [await createKey(), await createKey()];
    const bound = await mint({ cnf: { jkt: owner.thumbprint } });
    const dpop = async (token: string, proof: Promise<string> | undefined) => callTool(gateways.required, 'work', { authorization: `DPoP ${token}`, ...(proof === undefined ? {} : { dpop: await proof }) });
    const captured = await prove(owner, bound);
    await dpop(bound, Promise.resolve(captured));

    const certificate = randomBytes(32).toString('base64url');
    const other = randomBytes(32).toString('base64url');
    const certified = await mint({ cnf: { 'x5t#S256': certificate } });
    const mtls = (clientCertificate: string | undefined) => callTool(gateways.required, 'work', { authorization: `Bearer ${certified}` }, clientCertificate === undefined ? {} : { clientCertificate });

    return [
      { kind: 'bearer', own: await count(() => callTool(gateways.off, 'work', plain)), stolen: [{ way: 'the token, as it is', ...(await count(() => callTool(gateways.off, 'work', plain))) }] },
      {
        kind: 'DPoP',
        own: await count(() => dpop(bound, prove(owner, bound))),
        stolen: [
          { way: 'the token alone', ...(await count(() => dpop(bound, undefined))) },
          { way: 'the token as a bearer token', ...(await count(() => callTool(gateways.required, 'work', { authorization: `Bearer ${bound}` }))) },
          { way: 'the whole request again', ...(await count(() => dpop(bound, Promise.resolve(captured)))) },
          { way: 'a proof by another key', ...(await count(() => dpop(bound, prove(thief, bound)))) },
          { way: 'a proof for another URL', ...(await count(() => dpop(bound, prove(owner, bound, { htu: `${PUBLIC_URL}/mcp/other` })))) },
          { way: 'a proof for another token', ...(await count(() => dpop(bound, prove(owner, bearer)))) },
          { way: 'a proof of ten minutes ago', ...(await count(() => dpop(bound, prove(owner, bound, { iat: Math.floor(Date.now() / 1_000) - 600 })))) },
          { way: 'an unbound token of the same person', ...(await count(() => dpop(bearer, prove(thief, bearer)))) },
        ],
      },
      {
        kind: 'mutual TLS',
        own: await count(() => mtls(certificate)),
        stolen: [
          { way: 'without a certificate', ...(await count(() => mtls(undefined))) },
          { way: 'with another certificate', ...(await count(() => mtls(other))) },
        ],
      },
    ];
  } finally {
    await Promise.all(Object.values(gateways).map((gateway) => gateway.close()));
    await server.close();
  }
}
