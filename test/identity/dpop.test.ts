import { createHmac, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { extractWWWAuthenticateParams } from '@modelcontextprotocol/client';
import { exportJWK, generateKeyPair } from 'jose';
import { createMemoryReplayStore, createTokenAuthenticator, type AuthenticationResult, type Authenticator, type DpopOptions } from '../../lambda/identity';
import { createProver, type Prover } from './proofs';
import { createSigner, encode, ISSUER, METADATA, NOW, requestWith, RESOURCE, type Signer, type RequestInput } from './tokens';

let signer: Signer;
let client: Prover;
let thief: Prover;
let token: string;
let now: number;

beforeAll(async () => {
  signer = await createSigner();
  client = await createProver();
  thief = await createProver();
  token = await signer.sign({ cnf: { jkt: client.thumbprint }, exp: NOW + 3600 });
});
beforeEach(() => {
  now = NOW * 1000;
});

function authenticatorWith(dpop: DpopOptions = {}): Authenticator {
  return createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: signer.jwks }], clock: () => now, dpop: { replayStore: createMemoryReplayStore({ clock: () => now }), ...dpop } });
}

type Options = Partial<RequestInput> & { readonly authenticator?: Authenticator; readonly scheme?: string; readonly token?: string };

async function present(proofs: string | readonly string[] | undefined, { authenticator = authenticatorWith(), scheme = 'DPoP', token: presented = token, ...input }: Options = {}): Promise<AuthenticationResult> {
  const request = requestWith(`${scheme} ${presented}`, { senderConstraint: 'optional', ...input });
  for (const proof of [proofs ?? []].flat()) request.headers.append('dpop', proof);
  return authenticator.authenticate(request);
}

const accepted = { ok: true, principal: { id: 'alice', authentication: { method: 'dpop', senderConstrained: true } } };
const refused = (reason: string) => ({ ok: false, status: 401, reason });

/** The numbers are those of the list in section 4.3. */
describe('RFC 9449 section 4.3, checking a proof', () => {
  it('accepts a proof that passes all checks', async () => {
    expect(await present(await client.prove(token))).toMatchObject(accepted);
  });

  it.each(['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'RS256'])('accepts %s', async (alg) => {
    const other = await createProver(alg);
    const own = await signer.sign({ cnf: { jkt: other.thumbprint } });
    expect(await present(await other.prove(own), { token: own })).toMatchObject(accepted);
  });

  it('1: there is not more than one DPoP header', async () => {
    const proofs = [await client.prove(token), await client.prove(token)];
    expect(await present(proofs)).toMatchObject(refused('proof_several'));
    expect(await present(undefined)).toMatchObject(refused('proof_missing'));
  });

  it.each(['', 'x', 'a.b.c', 'e30.e30.e30', `${encode([])}.${encode({})}.`, `${'a'.repeat(9000)}.b.c`])('2: it is a single well-formed JWT, not %p', async (text) => {
    expect(await present(text)).toMatchObject({ ok: false, status: 401, reason: expect.stringMatching(/^proof_(malformed|missing)$/) });
  });

  it.each(['jti', 'htm', 'htu', 'iat', 'ath'])('3: the claim %s is there', async (claim) => {
    expect(await present(await client.prove(token, { [claim]: undefined }))).toMatchObject(refused('proof_malformed'));
  });

  it.each([{ jti: 7 }, { jti: '' }, { jti: 'x'.repeat(257) }, { htm: null }, { htu: ['x'] }, { iat: '1' }, { ath: true }])('3: a claim has its type: %j', async (claims) => {
    expect(await present(await client.prove(token, claims))).toMatchObject(refused('proof_malformed'));
  });

  it.each(['JWT', 'at+jwt', 'DPoP+jwt', undefined])('4: its type is dpop+jwt, not %p', async (typ) => {
    expect(await present(await client.prove(token, {}, { typ }))).toMatchObject(refused('proof_malformed'));
  });

  it('5: its algorithm is a registered asymmetric one: not none', async () => {
    const [, payload, signature] = (await client.prove(token)).split('.');
    const header = encode({ typ: 'dpop+jwt', alg: 'none', jwk: client.jwk });
    expect(await present(`${header}.${payload}.`)).toMatchObject(refused('proof_malformed'));
    expect(await present(`${header}.${payload}.${signature}`)).toMatchObject(refused('proof_algorithm'));
  });

  it('5: its algorithm is a registered asymmetric one: not a MAC with the public key', async () => {
    const [, payload] = (await client.prove(token)).split('.');
    const header = encode({ typ: 'dpop+jwt', alg: 'HS256', jwk: client.jwk });
    const pem = createPublicKey({ key: client.jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const mac = createHmac('sha256', pem).update(`${header}.${payload}`).digest('base64url');
    expect(await present(`${header}.${payload}.${mac}`)).toMatchObject(refused('proof_algorithm'));
  });

  it.each([['ES256', 'ES384'], ['RS256', 'ES256'], ['EdDSA', 'RS256'], ['ES512', 'Ed25519']])('5: a key of %s signs nothing in the name of %s', async (alg, claimed) => {
    const other = await createProver(alg);
    const [, payload, signature] = (await other.prove(token)).split('.');
    expect(await present(`${encode({ typ: 'dpop+jwt', alg: claimed, jwk: other.jwk })}.${payload}.${signature}`)).toMatchObject(refused('proof_key'));
  });

  it('5: it declares nothing critical that is not understood', async () => {
    const [, payload, signature] = (await client.prove(token)).split('.');
    expect(await present(`${encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: client.jwk, crit: ['b64'], b64: false })}.${payload}.${signature}`)).toMatchObject(refused('proof_malformed'));
  });

  it('5: an RSA key is not too short', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    expect(await present(await client.prove(token, {}, { alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) }))).toMatchObject(refused('proof_key'));
  });

  it('6: its signature is that of the key in its header', async () => {
    const [header, payload] = (await client.prove(token)).split('.');
    const [, , signature] = (await client.prove(token)).split('.');
    expect(await present(`${header}.${payload}.${signature}`)).toMatchObject(refused('proof_signature'));
    expect(await present(await thief.prove(token, {}, { jwk: client.jwk }))).toMatchObject(refused('proof_signature'));
  });

  it('7: the key in its header is no private key, and no secret', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    expect(await present(await client.prove(token, {}, { jwk: await exportJWK(privateKey) }))).toMatchObject(refused('proof_key'));
    expect(await present(await client.prove(token, {}, { jwk: { kty: 'oct', k: 'AAAA' } }))).toMatchObject(refused('proof_key'));
    expect(await present(await client.prove(token, {}, { jwk: undefined }))).toMatchObject(refused('proof_key'));
    expect(await present(await client.prove(token, {}, { jwk: [client.jwk] }))).toMatchObject(refused('proof_key'));
  });

  it('8: its method is that of the request', async () => {
    expect(await present(await client.prove(token, { htm: 'GET' }))).toMatchObject(refused('proof_method'));
    expect(await present(await client.prove(token, { htm: 'post' }))).toMatchObject(refused('proof_method'));
    expect(await present(await client.prove(token, { htm: 'GET' }), { method: 'GET' })).toMatchObject(accepted);
  });

  it.each(['https://other.example.com/mcp/files', 'http://gateway.example.com/mcp/files', `${RESOURCE}/`, 'https://gateway.example.com/mcp/crm', '/mcp/files', 'nothing'])('9: its URL is the public one of the request, not %s', async (htu) => {
    expect(await present(await client.prove(token, { htu }))).toMatchObject(refused('proof_url'));
  });

  it.each([`${RESOURCE}?a=b`, `${RESOURCE}#part`, RESOURCE.replace('https://', 'HTTPS://'), RESOURCE.replace('gateway', 'GateWay'), RESOURCE.replace('.com/', '.com:443/'), RESOURCE.replace('files', '%66iles')])('9: query, fragment and spelling make no difference: %s', async (htu) => {
    expect(await present(await client.prove(token, { htu }))).toMatchObject(accepted);
  });

  it('10: it holds the nonce of the server, where the server gave one', async () => {
    const authenticator = authenticatorWith({ nonceKey: randomBytes(32) });
    const first = await present(await client.prove(token), { authenticator });
    expect(first).toMatchObject({ ...refused('nonce_required'), challenge: expect.stringContaining('DPoP error="use_dpop_nonce"'), headers: { 'dpop-nonce': expect.any(String) } });
    const nonce = (first as { headers: Record<string, string> }).headers['dpop-nonce']!;
    expect(await present(await client.prove(token, { nonce }), { authenticator })).toMatchObject(accepted);
    for (const bad of ['x', `${nonce}x`, [...nonce].reverse().join(''), 7]) {
      expect(await present(await client.prove(token, { nonce: bad }), { authenticator })).toMatchObject(refused('nonce_required'));
    }
  });

  it('10: a nonce ends, and is replaced in time (section 8.2)', async () => {
    const nonceKey = randomBytes(32);
    const nonceOf = (result: AuthenticationResult) => result.headers?.['dpop-nonce'];
    const authenticator = authenticatorWith({ nonceKey, maxProofAgeSeconds: 100 });
    const nonce = nonceOf(await present(await client.prove(token), { authenticator }))!;
    now += 40_000;
    expect(nonceOf(await present(await client.prove(token, { nonce, iat: NOW + 40 }), { authenticator }))).toBeUndefined();
    now += 20_000;
    const renewed = nonceOf(await present(await client.prove(token, { nonce, iat: NOW + 60 }), { authenticator }));
    expect(renewed).not.toBe(nonce);
    now += 41_000;
    expect(await present(await client.prove(token, { nonce, iat: NOW + 101 }), { authenticator })).toMatchObject(refused('nonce_required'));
    // Another instance with the same key.
    expect(await present(await client.prove(token, { nonce: renewed, iat: NOW + 101 }), { authenticator: authenticatorWith({ nonceKey, maxProofAgeSeconds: 100 }) })).toMatchObject(accepted);
  });

  it.each([[-299, true], [-301, false], [59, true], [61, false], [1e300, false], [-1e300, false]])('11: it was made in an acceptable time: %p s is %p', async (offset, ok) => {
    expect((await present(await client.prove(token, { iat: NOW + offset }))).ok).toBe(ok);
  });

  it('12: it is for this access token', async () => {
    const another = await signer.sign({ cnf: { jkt: client.thumbprint } });
    expect(await present(await client.prove(another))).toMatchObject(refused('proof_token'));
  });

  it('12: the access token is bound to its key', async () => {
    expect(await present(await thief.prove(token))).toMatchObject(refused('proof_wrong_key'));
  });
});

describe('RFC 9449 section 7, a resource that takes bound tokens', () => {
  it('section 7.1: refuses the DPoP scheme for a token that is bound to nothing', async () => {
    const bearer = await signer.sign();
    expect(await present(await client.prove(bearer), { token: bearer })).toMatchObject(refused('not_bound'));
  });

  it.each(['optional', 'required', 'off'] as const)('section 7.2: never takes a bound token as a bearer token (%s)', async (senderConstraint) => {
    expect(await present(undefined, { scheme: 'Bearer', senderConstraint })).toMatchObject({ ok: false, status: 401 });
    expect(await present(await client.prove(token), { scheme: 'Bearer', senderConstraint })).toMatchObject({ ok: false, status: 401 });
  });

  it('IAM-4 takes bearer tokens where bindings are optional, and refuses them where they are required', async () => {
    const bearer = await signer.sign();
    expect(await present(undefined, { token: bearer, scheme: 'Bearer' })).toMatchObject({ ok: true, principal: { authentication: { method: 'bearer', senderConstrained: false } } });
    expect(await present(undefined, { token: bearer, scheme: 'Bearer', senderConstraint: 'required' })).toMatchObject(refused('not_bound'));
    expect(await present(await client.prove(token), { senderConstraint: 'required' })).toMatchObject(accepted);
  });

  it('section 7.1: challenges with DPoP and its algorithms, beside Bearer where that is taken too', async () => {
    const challengeOf = async (senderConstraint: 'off' | 'optional' | 'required') => {
      const result = await authenticatorWith().authenticate(requestWith(undefined, { senderConstraint }));
      return (result as { challenge: string }).challenge;
    };
    expect(await challengeOf('off')).toBe(`Bearer resource_metadata="${METADATA}"`);
    const both = await challengeOf('optional');
    expect(both).toMatch(/^Bearer resource_metadata="[^"]+", DPoP algs="ES256 [^"]+", resource_metadata="[^"]+"$/);
    const only = await challengeOf('required');
    expect(only).toMatch(/^DPoP algs="ES256 /);
    expect(`${both} ${only}`).not.toMatch(/HS256|none|error=/);
    for (const challenge of [both, only]) {
      expect(extractWWWAuthenticateParams(new Response(null, { headers: { 'www-authenticate': challenge } })).resourceMetadataUrl?.href).toBe(METADATA);
    }
  });

  it('section 7.1: names the error at the scheme that the client used', async () => {
    const result = await present(await thief.prove(token));
    expect(result).toMatchObject({ challenge: expect.stringMatching(/^Bearer resource_metadata="[^"]+", DPoP error="invalid_dpop_proof", error_description="[^"]+", algs=/) });
  });

  it('says in no challenge what was in the proof or the token', async () => {
    const proof = await thief.prove(token, { jti: 'recognisable' });
    const { challenge } = (await present(proof)) as { challenge: string };
    for (const part of [...token.split('.'), ...proof.split('.'), 'recognisable', 'alice', thief.thumbprint]) expect(challenge).not.toContain(part);
  });
});

describe('RFC 9449 section 11.1, replayed proofs', () => {
  it('takes a proof once', async () => {
    const authenticator = authenticatorWith();
    const proof = await client.prove(token);
    expect(await present(proof, { authenticator })).toMatchObject(accepted);
    expect(await present(proof, { authenticator })).toMatchObject(refused('proof_replayed'));
  });

  it('takes one of a hundred simultaneous uses of a proof, over instances that share a store', async () => {
    const replayStore = createMemoryReplayStore({ clock: () => now });
    const instances = Array.from({ length: 4 }, () => authenticatorWith({ replayStore }));
    const proof = await client.prove(token);
    const results = await Promise.all(Array.from({ length: 100 }, (_, index) => present(proof, { authenticator: instances[index % 4] })));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it('tells the ids of two clients apart', async () => {
    const authenticator = authenticatorWith();
    const own = await signer.sign({ cnf: { jkt: thief.thumbprint }, sub: 'mallory' });
    expect((await present(await client.prove(token, { jti: 'same' }), { authenticator })).ok).toBe(true);
    expect((await present(await thief.prove(own, { jti: 'same' }), { authenticator, token: own })).ok).toBe(true);
  });

  it('spends no id on a proof that was refused', async () => {
    const authenticator = authenticatorWith();
    expect((await present(await thief.prove(token, { jti: 'once' }), { authenticator })).ok).toBe(false);
    expect((await present(await client.prove(token, { jti: 'once', htm: 'GET' }), { authenticator })).ok).toBe(false);
    expect((await present(await client.prove(token, { jti: 'once' }), { authenticator })).ok).toBe(true);
  });

  it('remembers a proof for as long as it would be good', async () => {
    const authenticator = authenticatorWith();
    const proof = await client.prove(token, { iat: NOW + 60 });
    expect((await present(proof, { authenticator })).ok).toBe(true);
    for (const seconds of [100, 200, 59.9]) {
      now += seconds * 1000;
      expect(await present(proof, { authenticator })).toMatchObject(refused('proof_replayed'));
    }
    now += 1000;
    expect(await present(proof, { authenticator })).toMatchObject(refused('proof_time'));
  });

  it('refuses everybody rather than forget, when too many proofs are in use or the store fails', async () => {
    const full = authenticatorWith({ replayStore: createMemoryReplayStore({ max: 1, clock: () => now }) });
    expect((await present(await client.prove(token), { authenticator: full })).ok).toBe(true);
    expect(await present(await client.prove(token), { authenticator: full })).toMatchObject({ ok: false, status: 503, reason: 'replay_store_unavailable' });
    now += 301_000;
    expect((await present(await client.prove(token, { iat: NOW + 301 }), { authenticator: full })).ok).toBe(true);
    const broken = authenticatorWith({ replayStore: { claim: () => Promise.reject(new Error('no table')) } });
    expect(await present(await client.prove(token, { iat: NOW + 301 }), { authenticator: broken })).toMatchObject({ ok: false, status: 503 });
  });
});
