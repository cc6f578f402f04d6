import type { Outbound } from '../../lambda/outbound';
import { createTokenAuthenticator, type TokenAuthenticatorOptions, type TrustedIssuer } from '../../lambda/identity';
import { attempt, authenticatorFor, expectRefusal, now, principalOf, setNow, signer } from './authenticator-stand';
import { createSigner, ISSUER, NOW, requestWith, RESOURCE } from './tokens';

describe('a valid token', () => {
  it.each(['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384'])('signed with %s authenticates its subject', async (alg) => {
    const other = await createSigner('other', alg);
    const result = await attempt(await other.sign(), authenticatorFor({ jwks: other.jwks }));
    expect(result).toEqual({
      ok: true,
      principal: { type: 'User', id: 'alice', groups: [], scopes: ['mcp:tools'], issuer: ISSUER, authentication: { method: 'bearer', senderConstrained: false, expiresAt: (NOW + 300) * 1000 } },
    });
  });

  it.each(['Bearer', 'bearer', 'BEARER', 'Bearer  '])('is read after the scheme as %p', async (scheme) => {
    const result = await authenticatorFor().authenticate(requestWith(`${scheme} ${await signer.sign()}`));
    expect(result.ok).toBe(true);
  });

  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt'])('may have the type %s', async (typ) => {
    await expect(principalOf({}, authenticatorFor(), { typ })).resolves.toMatchObject({ id: 'alice' });
  });

  it('may name the resource among several audiences, or a configured audience', async () => {
    await expect(principalOf({ aud: ['https://other.example.com', RESOURCE] })).resolves.toMatchObject({ id: 'alice' });
    await expect(principalOf({ aud: 'api://gateway' }, authenticatorFor({ audiences: ['api://gateway'] }))).resolves.toMatchObject({ id: 'alice' });
  });

  it('may be from a clock that is off by the tolerance, not more', async () => {
    const authenticator = authenticatorFor({}, { clockToleranceSeconds: 10 });
    await expect(principalOf({ exp: NOW - 9 }, authenticator)).resolves.toMatchObject({ id: 'alice' });
    await expect(principalOf({ nbf: NOW + 9 }, authenticator)).resolves.toMatchObject({ id: 'alice' });
    expectRefusal(await attempt(await signer.sign({ exp: NOW - 11 }), authenticator), 401, 'expired');
    expectRefusal(await attempt(await signer.sign({ nbf: NOW + 11 }), authenticator), 401, 'not_yet_valid');
  });

  it('yields nothing that another request could change', async () => {
    const principal = await principalOf({ groups: ['staff'] });
    expect(Object.isFrozen(principal) && Object.isFrozen(principal.groups) && Object.isFrozen(principal.scopes)).toBe(true);
  });
});

describe('principals', () => {
  it.each([
    ['RFC 9068 with sub = client_id', { sub: 'batch', client_id: 'batch' }, 'Agent'],
    ['Okta with sub = cid', { sub: '0oa1', client_id: undefined, cid: '0oa1' }, 'Agent'],
    ['Entra ID with idtyp app', { client_id: undefined, azp: 'x', idtyp: 'app' }, 'Agent'],
    ['Entra ID with sub = oid', { client_id: undefined, azp: 'x', sub: 'o', oid: 'o' }, 'Agent'],
    ['Entra ID with idtyp user', { client_id: undefined, azp: 'x', idtyp: 'user' }, 'User'],
    ['Auth0 client credentials', { sub: 'c@clients', client_id: undefined, azp: 'c', gty: 'client-credentials' }, 'Agent'],
    ['a person at a client', {}, 'User'],
    ['no client named', { client_id: undefined }, 'User'],
  ])('%s is %3$s', async (_case, claims, type) => {
    expect((await principalOf(claims)).type).toBe(type);
  });

  it.each([
    [{ scope: 'a b  c' }, ['a', 'b', 'c']],
    [{ scope: undefined, scp: 'a b' }, ['a', 'b']],
    [{ scope: undefined, scp: ['a', 'b'] }, ['a', 'b']],
    [{ scope: undefined }, []],
  ])('have the scopes of %j', async (claims, scopes) => {
    expect((await principalOf(claims)).scopes).toEqual(scopes);
  });

  it('ENT-1 have the groups of the configured claim', async () => {
    expect((await principalOf({ groups: ['a', 'b'] })).groups).toEqual(['a', 'b']);
    const cognito = authenticatorFor({ groupsClaim: 'cognito:groups' });
    expect((await principalOf({ groups: ['x'], 'cognito:groups': ['admins'] }, cognito)).groups).toEqual(['admins']);
  });

  it('of two issuers stay apart, each verified with the keys of its own issuer', async () => {
    const partner = await createSigner('key-1');
    const partnerIssuer = 'https://partner.example.com';
    const authenticator = createTokenAuthenticator({
      issuers: [
        { issuer: ISSUER, jwks: signer.jwks, subjectPrefix: '' },
        { issuer: partnerIssuer, jwks: partner.jwks, subjectPrefix: 'partner:' },
      ],
      clock: () => now,
    });
    const result = await attempt(await partner.sign({ iss: partnerIssuer, groups: ['admins'] }), authenticator);
    expect(result).toMatchObject({ ok: true, principal: { id: 'partner:alice', groups: ['partner:admins'], issuer: partnerIssuer } });
    expectRefusal(await attempt(await partner.sign({ iss: ISSUER }), authenticator), 401, 'bad_signature');
  });
});

describe('plain JWTs, where accepted', () => {
  const plain = () => authenticatorFor({ acceptPlainJwt: true });

  it.each([
    ['Amazon Cognito', { typ: undefined }, { token_use: 'access' }],
    ['Keycloak', { typ: 'JWT' }, { typ: 'Bearer', client_id: undefined, azp: 'editor' }],
    ['Entra ID', { typ: 'JWT' }, { client_id: undefined, scope: undefined, scp: 'Tools.Call' }],
    ['Okta', { typ: undefined }, { client_id: undefined, cid: 'editor', scope: undefined, scp: ['mcp'] }],
  ])('an access token of %s authenticates', async (_issuer, header, claims) => {
    await expect(principalOf(claims, plain(), header)).resolves.toMatchObject({ id: 'alice' });
  });

  it.each([
    ['Amazon Cognito', { token_use: 'id' }],
    ['Keycloak', { typ: 'ID' }],
    ['an OpenID provider, with nonce', { nonce: 'n' }],
    ['an OpenID provider, with at_hash', { at_hash: 'h' }],
    ['an OpenID provider, bare', { scope: undefined, client_id: undefined }],
  ])('an ID token of %s does not', async (_issuer, claims) => {
    expectRefusal(await attempt(await signer.sign(claims, { typ: 'JWT' }), plain()), 401, 'wrong_type');
  });

  it('other declared types stay refused', async () => {
    expectRefusal(await attempt(await signer.sign({}, { typ: 'dpop+jwt' }), plain()), 401, 'wrong_type');
  });
});

describe('remembered tokens', () => {
  it('stop working at their expiry', async () => {
    const authenticator = authenticatorFor({}, { clockToleranceSeconds: 0 });
    const token = await signer.sign({ exp: NOW + 20 });
    expect((await attempt(token, authenticator)).ok).toBe(true);
    setNow((NOW + 19) * 1000);
    expect((await attempt(token, authenticator)).ok).toBe(true);
    setNow((NOW + 20) * 1000);
    expectRefusal(await attempt(token, authenticator), 401, 'expired');
  });

  it('are verified again after a minute, so that a withdrawn key is noticed', async () => {
    const withdrawn = await createSigner('withdrawn');
    let published = withdrawn.jwks;
    const outbound: Outbound = async () => ({ status: 200, headers: {}, body: JSON.stringify(published) });
    const authenticator = authenticatorFor({ jwks: new URL('https://login.example.com/jwks') }, { outbound });
    const token = await withdrawn.sign({ exp: NOW + 3600 });
    expect((await attempt(token, authenticator)).ok).toBe(true);
    published = signer.jwks;
    setNow(now + 570_000);
    expect((await attempt(token, authenticator)).ok).toBe(true);
    setNow(now + 59_000);
    expect((await attempt(token, authenticator)).ok).toBe(true);
    setNow(now + 2_000);
    expectRefusal(await attempt(token, authenticator), 401, 'unknown_key');
  });

  it('IAM-3 work for no other resource', async () => {
    const authenticator = authenticatorFor();
    const token = await signer.sign();
    expect((await attempt(token, authenticator)).ok).toBe(true);
    const elsewhere = { resource: 'https://gateway.example.com/mcp/memory' };
    expectRefusal(await attempt(token, authenticator, elsewhere), 401, 'wrong_audience');
  });

  it('are bounded in number, and forgotten ones still authenticate', async () => {
    const authenticator = authenticatorFor({}, { maxCachedTokens: 1 });
    const [a, b] = [await signer.sign({ sub: 'a' }), await signer.sign({ sub: 'b' })];
    for (const token of [a, b, a, b]) expect((await attempt(token, authenticator)).ok).toBe(true);
  });
});

describe('options that are not safe', () => {
  it.each<[string, Partial<TrustedIssuer>, Partial<TokenAuthenticatorOptions>, RegExp]>([
    ['a symmetric algorithm', {}, { algorithms: ['HS256' as 'ES256'] }, /HS256/],
    ['no algorithm', {}, { algorithms: [] }, /algorithms/],
    ['no issuer', {}, { issuers: [] }, /at least one issuer/],
    ['keys over http', { jwks: new URL('http://login.example.com/jwks') }, {}, /expected https/],
    ['keys from a file URL', { jwks: new URL('file:///etc/keys') }, {}, /expected https/],
    ['a secret key', { jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, {}, /public keys only/],
    ['a private key', { jwks: { keys: [{ kty: 'EC', d: 'AAAA' }] } }, {}, /public keys only/],
    ['no key', { jwks: { keys: [] } }, {}, /no keys/],
    ['a tolerance of an hour', {}, { clockToleranceSeconds: 3600 }, /between 0 and 300/],
    ['a scope with a quote', {}, { requiredScopes: ['a"b'] }, /not a scope/],
  ])('%s is an error at the start', (_case, issuer, options, message) => {
    expect(() => authenticatorFor(issuer, options)).toThrow(message);
  });

  it('two issuers without a word on their subjects are an error at the start', () => {
    const issuers = [{ issuer: 'a', jwks: signer.jwks }, { issuer: 'b', jwks: signer.jwks }];
    expect(() => createTokenAuthenticator({ issuers })).toThrow(/subjectPrefix/);
    expect(() => createTokenAuthenticator({ issuers: [issuers[0]!, issuers[0]!] })).toThrow(/needs a subjectPrefix|twice/);
  });

  it('keys over http from a loopback address are fine', () => {
    expect(() => authenticatorFor({ jwks: new URL('http://127.0.0.1:9000/jwks') })).not.toThrow();
    expect(() => authenticatorFor({ jwks: new URL('http://[::1]:9000/jwks') })).not.toThrow();
  });
});
