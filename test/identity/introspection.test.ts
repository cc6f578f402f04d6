import { generateKeyPairSync } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { createTokenAuthenticator, type ClientAuthentication, type IntrospectionOptions, type TrustedIssuer } from '../../lambda/identity';
import type { OutboundRequest } from '../../lambda/outbound';
import { createProver } from './proofs';
import { ISSUER, NOW, requestWith, RESOURCE } from './tokens';

const ENDPOINT = 'https://login.example.com/introspect';
const SECRET: ClientAuthentication = { method: 'client_secret_basic', clientId: 'gateway', secret: 's:e c' };
const ACTIVE = { active: true, iss: ISSUER, sub: 'alice', aud: RESOURCE, exp: NOW + 300, scope: 'mcp:tools', client_id: 'editor' };

let now: number;
let asked: (OutboundRequest & { readonly url: string })[];
let answer: () => { status: number; body: string } | Promise<never>;

beforeEach(() => {
  now = NOW * 1000;
  asked = [];
  answer = () => ({ status: 200, body: JSON.stringify(ACTIVE) });
});

const says = (changes: Record<string, unknown>) => () => ({ status: 200, body: JSON.stringify({ ...ACTIVE, ...changes }) });

function authenticatorWith(introspection: Partial<IntrospectionOptions> = {}, issuer: Partial<TrustedIssuer> = {}) {
  return createTokenAuthenticator({
    issuers: [{ issuer: ISSUER, jwks: { keys: [{ kty: 'EC' }] }, introspection: { endpoint: new URL(ENDPOINT), client: SECRET, ...introspection }, ...issuer }],
    clock: () => now,
    outbound: async (url, request = {}) => {
      asked.push({ ...request, url: String(url) });
      const { status, body } = await answer();
      return { status, headers: {}, body };
    },
  });
}

const attempt = (authenticator = authenticatorWith(), token = 'opaque', resource = RESOURCE) => authenticator.authenticate(requestWith(`Bearer ${token}`, { resource }));

describe('RFC 7662, opaque tokens', () => {
  it('are what their issuer says', async () => {
    expect(await attempt()).toMatchObject({ ok: true, principal: { type: 'User', id: 'alice', scopes: ['mcp:tools'], issuer: ISSUER } });
    const [{ url, method, headers, body }] = asked as [OutboundRequest & { url: string }];
    expect({ url, method }).toEqual({ url: ENDPOINT, method: 'POST' });
    expect(headers).toMatchObject({ authorization: `Basic ${Buffer.from('gateway:s%3Ae+c').toString('base64')}`, 'content-type': 'application/x-www-form-urlencoded' });
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({ token: 'opaque', token_type_hint: 'access_token' });
  });

  it.each([
    ['inactive', { active: false }, 'not_active'],
    ['neither active nor not', { active: undefined }, 'not_active'],
    ['active in words', { active: 'true' }, 'not_active'],
    ['of another issuer', { iss: 'https://evil.example.com' }, 'unknown_issuer'],
    ['IAM-3 for another resource', { aud: 'https://other.example.com' }, 'wrong_audience'],
    ['IAM-3 for nobody', { aud: undefined }, 'missing_claim'],
    ['expired', { exp: NOW - 31 }, 'expired'],
    ['not yet valid', { nbf: NOW + 31 }, 'not_yet_valid'],
    ['without a subject', { sub: undefined }, 'malformed_claim'],
  ])('are refused when %s', async (_case, changes, reason) => {
    answer = says(changes);
    expect(await attempt()).toMatchObject({ ok: false, status: 401, reason });
  });

  it.each<[string, typeof answer]>([
    ['fails', () => Promise.reject(new Error('refused'))],
    ['answers 500', () => ({ status: 500, body: '{"active": true}' })],
    ['does not know us', () => ({ status: 401, body: '{"error": "invalid_client"}' })],
    ['answers no JSON', () => ({ status: 200, body: '<html>' })],
    ['answers a list', () => ({ status: 200, body: '[]' })],
  ])('are undecided when the issuer %s: 503', async (_case, bad) => {
    answer = bad;
    expect(await attempt()).toMatchObject({ ok: false, status: 503, reason: 'introspection_unavailable' });
  });

  it('are asked about once for a short time, by everybody together', async () => {
    const authenticator = authenticatorWith({ cacheSeconds: 30 });
    const results = await Promise.all(Array.from({ length: 20 }, () => attempt(authenticator)));
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(asked).toHaveLength(1);
    now += 29_000;
    await attempt(authenticator);
    expect(asked).toHaveLength(1);
    answer = says({ active: false });
    now += 2_000;
    expect(await attempt(authenticator)).toMatchObject({ reason: 'not_active' });
    for (let i = 0; i < 5; i++) await attempt(authenticator);
    expect(asked).toHaveLength(2);
  });

  it('IAM-3 that were good for one resource are not good for another', async () => {
    const authenticator = authenticatorWith();
    expect((await attempt(authenticator)).ok).toBe(true);
    expect(await attempt(authenticator, 'opaque', 'https://gateway.example.com/mcp/crm')).toMatchObject({ ok: false, reason: 'wrong_audience' });
  });

  it('can be bound to a key (RFC 9449 section 6.2)', async () => {
    const client = await createProver();
    answer = says({ cnf: { jkt: client.thumbprint } });
    const authenticator = authenticatorWith();
    expect(await attempt(authenticator)).toMatchObject({ ok: false, reason: 'proof_required' });
    const input = requestWith('DPoP opaque', { senderConstraint: 'optional' });
    input.headers.set('dpop', await client.prove('opaque'));
    expect(await authenticator.authenticate(input)).toMatchObject({ ok: true, principal: { authentication: { method: 'dpop' } } });
  });

  it('need an issuer that can be asked', async () => {
    const authenticator = authenticatorWith({}, { introspection: undefined });
    expect(await attempt(authenticator)).toMatchObject({ ok: false, reason: 'malformed_token' });
    expect(asked).toEqual([]);
  });

  it('are shown to one issuer only', () => {
    const introspection = { endpoint: new URL(ENDPOINT), client: SECRET };
    const issuers = ['a', 'b'].map((name) => ({ issuer: `https://${name}.example.com`, subjectPrefix: name, introspection }));
    expect(() => createTokenAuthenticator({ issuers })).toThrow('more than one of them is to be asked about opaque tokens');
  });

  it.each(['http://login.example.com/introspect', 'ftp://x'])('are shown to nobody over %s', (endpoint) => {
    expect(() => authenticatorWith({ endpoint: new URL(endpoint) })).toThrow('expected https');
  });
});

describe('RFC 7523, our own authentication with a private key', () => {
  it.each([
    ['PEM of an EC key', 'ec', 'ES256'],
    ['PEM of an RSA key', 'rsa', 'PS256'],
    ['PEM of an Ed25519 key', 'ed25519', 'EdDSA'],
  ] as const)('signs an assertion of a minute: %s', async (_case, type, alg) => {
    const { publicKey, privateKey } = type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    await attempt(authenticatorWith({ client: { method: 'private_key_jwt', clientId: 'gateway', key, keyId: 'k1' } }));
    const form = new URLSearchParams(asked[0]!.body);
    expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const assertion = form.get('client_assertion')!;
    expect(decodeProtectedHeader(assertion)).toMatchObject({ alg, kid: 'k1' });
    const { payload } = await jwtVerify(assertion, publicKey, { issuer: 'gateway', subject: 'gateway', audience: ISSUER, currentDate: new Date(now) });
    expect(payload).toMatchObject({ iat: NOW, exp: NOW + 60, jti: expect.any(String) });
    expect(asked[0]!.headers).not.toHaveProperty('authorization');
  });

  it('takes a key as JWK, and a key that was rotated', async () => {
    const pairs = [1, 2].map(() => generateKeyPairSync('ec', { namedCurve: 'P-384' }));
    let current = 0;
    const key = async () => JSON.stringify({ ...pairs[current]!.privateKey.export({ format: 'jwk' }), kid: `k${current}` });
    const authenticator = authenticatorWith({ client: { method: 'private_key_jwt', clientId: 'gateway', key }, cacheSeconds: 0 });
    for (current of [0, 1]) {
      await attempt(authenticator);
      const assertion = new URLSearchParams(asked.at(-1)!.body).get('client_assertion')!;
      expect(decodeProtectedHeader(assertion)).toMatchObject({ alg: 'ES384', kid: `k${current}` });
      await jwtVerify(assertion, pairs[current]!.publicKey, { audience: ISSUER, currentDate: new Date(now) });
      now += 1000;
    }
  });

  it('says nothing of a key that cannot be read', async () => {
    const authenticator = authenticatorWith({ client: { method: 'private_key_jwt', clientId: 'gateway', key: 'not a key' } });
    expect(await attempt(authenticator)).toMatchObject({ ok: false, status: 503 });
  });
});
