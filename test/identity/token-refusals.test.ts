import { createHmac, createPublicKey } from 'node:crypto';
import { extractWWWAuthenticateParams } from '@modelcontextprotocol/client';
import type { JWK } from 'jose';
import type { Outbound } from '../../lambda/outbound';
import { type AuthenticationResult } from '../../lambda/identity';
import { attempt, authenticatorFor, expectRefusal, principalOf, signer } from './authenticator-stand';
import { createSigner, DEFAULT_CLAIMS, encode, ISSUER, METADATA, NOW, requestWith } from './tokens';

describe('a token that does not authenticate', () => {
  it.each([
    ['IAM-3 for another audience', { aud: 'https://other.example.com' }, 'wrong_audience'],
    ['IAM-3 for a prefix of the resource', { aud: 'https://gateway.example.com/mcp' }, 'wrong_audience'],
    ['IAM-3 without an audience', { aud: undefined }, 'missing_claim'],
    ['from another issuer', { iss: 'https://evil.example.com' }, 'unknown_issuer'],
    ['from the issuer with a slash', { iss: `${ISSUER}/` }, 'unknown_issuer'],
    ['without issuer', { iss: undefined }, 'unknown_issuer'],
    ['expired', { exp: NOW - 31 }, 'expired'],
    ['not valid yet', { nbf: NOW + 31 }, 'not_yet_valid'],
    ['without expiry', { exp: undefined }, 'missing_claim'],
    ['with an expiry that is text', { exp: String(NOW + 300) }, 'malformed_claim'],
    ['without subject', { sub: undefined }, 'missing_claim'],
    ['with an empty subject', { sub: '' }, 'malformed_claim'],
    ['with a subject that is a number', { sub: 7 }, 'malformed_claim'],
    ['with a line break in the subject', { sub: 'alice\nbob' }, 'malformed_claim'],
    ['with half a character in the subject', { sub: 'alice\ud800' }, 'malformed_claim'],
    ['with groups that are no list', { groups: 'admins' }, 'malformed_claim'],
    ['with a group that is no text', { groups: ['staff', { name: 'admins' }] }, 'malformed_claim'],
    ['with a scope that is an object', { scope: { all: true } }, 'malformed_claim'],
    ['with groups left out for their number', { _claim_names: { groups: 'src1' } }, 'groups_left_out'],
    ['IAM-4 bound to a key, without the proof', { cnf: { jkt: 'A'.repeat(43) } }, 'proof_required'],
  ])('%s', async (_case, claims, reason) => {
    expectRefusal(await attempt(await signer.sign(claims)), 401, reason);
  });

  it.each([
    ['of no declared type', { typ: undefined }],
    ['of type JWT', { typ: 'JWT' }],
    ['of the type of a logout token', { typ: 'logout+jwt' }],
  ])('%s', async (_case, header) => {
    expectRefusal(await attempt(await signer.sign({}, header)), 401, 'wrong_type');
  });

  it('unsigned, alg none', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const token = `${encode({ alg, typ: 'at+jwt' })}.${encode(DEFAULT_CLAIMS)}.`;
      expect((await attempt(token)).ok).toBe(false);
      expect((await attempt(`${token}AAAA`)).ok).toBe(false);
    }
  });

  it('signed with the public key as an HMAC secret', async () => {
    const rsa = await createSigner('rsa', 'RS256');
    const pem = createPublicKey({ key: rsa.jwk as JWK & { kty: string }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const signed = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: 'rsa' })}.${encode(DEFAULT_CLAIMS)}`;
    const token = `${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`;
    expectRefusal(await attempt(token, authenticatorFor({ jwks: rsa.jwks })), 401, 'algorithm_not_allowed');
  });

  it('signed with an algorithm that is not on the list', async () => {
    const rsa = await createSigner('rsa', 'RS256');
    const authenticator = authenticatorFor({ jwks: rsa.jwks }, { algorithms: ['ES256'] });
    expectRefusal(await attempt(await rsa.sign(), authenticator), 401, 'algorithm_not_allowed');
  });

  it('with a critical header that nobody here understands', async () => {
    const token = await signer.sign({}, { crit: ['urn:example:crit'], 'urn:example:crit': true });
    expectRefusal(await attempt(token), 401, 'malformed_token');
  });

  it('signed by another key under the same key id', async () => {
    const impostor = await createSigner(signer.kid);
    expectRefusal(await attempt(await impostor.sign()), 401, 'bad_signature');
  });

  it('that brings its own key in jwk, jku, x5u or x5c', async () => {
    const impostor = await createSigner('mine');
    const calls: string[] = [];
    const outbound: Outbound = async (url) => {
      calls.push(String(url));
      return { status: 200, headers: {}, body: JSON.stringify(impostor.jwks) };
    };
    const authenticator = authenticatorFor({}, { outbound });
    for (const header of [
      { jwk: impostor.jwk },
      { jku: 'https://evil.example.com/jwks' },
      { x5u: 'https://evil.example.com/cert' },
      { x5c: ['AAAA'] },
    ]) {
      expectRefusal(await attempt(await impostor.sign({}, header), authenticator), 401, 'unknown_key');
      expectRefusal(await attempt(await impostor.sign({}, { ...header, kid: signer.kid }), authenticator), 401, 'bad_signature');
    }
    expect(calls).toEqual([]);
  });

  it.each(['a', 'a.b', 'a.b.c.d.e', '..', '.e30.', `${encode({ alg: 'ES256' })}.W10.AAAA`])('that is no signed JWT: %s', async (token) => {
    expectRefusal(await attempt(token), 401, 'malformed_token');
  });

  it('with another spelling of the same signature bytes', async () => {
    const token = await signer.sign();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const respelled = token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1)!) + 1];
    expect(Buffer.from(respelled.split('.')[2]!, 'base64url')).toEqual(Buffer.from(token.split('.')[2]!, 'base64url'));
    expectRefusal(await attempt(respelled), 401, 'malformed_token');
  });

  it('says why in words that hold nothing of the token', async () => {
    const token = await signer.sign({ sub: 'secret-subject', exp: NOW - 100 });
    const result = await attempt(token);
    const words = JSON.stringify(result);
    expect(words).not.toContain('secret-subject');
    expect(token.split('.').some((part) => words.includes(part))).toBe(false);
  });
});

describe('challenges', () => {
  const scopes = { challengeScopes: ['mcp:tools', 'mcp:read'] };

  it('tell a client without token where to get one, without an error code', async () => {
    const result = await authenticatorFor({}, scopes).authenticate(requestWith(undefined));
    expect(result).toEqual({
      ok: false,
      status: 401,
      reason: 'no_token',
      challenge: `Bearer scope="mcp:tools mcp:read", resource_metadata="${METADATA}"`,
    });
  });

  it('say invalid_token to a client with a bad one', async () => {
    const result = await attempt(await signer.sign({ exp: 1 }), authenticatorFor({}, scopes));
    expect(result).toMatchObject({
      status: 401,
      challenge: `Bearer error="invalid_token", error_description="The access token expired", scope="mcp:tools mcp:read", resource_metadata="${METADATA}"`,
    });
  });

  it('name all scopes that a token lacks or has of those required', async () => {
    const authenticator = authenticatorFor({}, { requiredScopes: ['mcp:tools', 'mcp:admin'] });
    const result = await attempt(await signer.sign(), authenticator);
    expectRefusal(result, 403, 'insufficient_scope');
    expect(result).toHaveProperty('challenge', expect.stringMatching(/^Bearer error="insufficient_scope".*scope="mcp:tools mcp:admin"/));
    expect(result).toHaveProperty('challenge', expect.stringContaining(`resource_metadata="${METADATA}"`));
    await expect(principalOf({ scope: 'mcp:admin x mcp:tools' }, authenticator)).resolves.toMatchObject({ id: 'alice' });
  });

  it('are understood by the MCP client', async () => {
    const authenticator = authenticatorFor({}, { requiredScopes: ['mcp:tools', 'mcp:admin'] });
    const read = (result: AuthenticationResult) => {
      if (result.ok) throw new Error('expected a refusal');
      return extractWWWAuthenticateParams(new Response(null, { status: result.status, headers: { 'www-authenticate': result.challenge } }));
    };
    const resourceMetadataUrl = new URL(METADATA);
    expect(read(await authenticator.authenticate(requestWith(undefined)))).toMatchObject({ resourceMetadataUrl, scope: 'mcp:tools mcp:admin' });
    expect(read(await attempt(await signer.sign(), authenticator))).toMatchObject({
      resourceMetadataUrl,
      scope: 'mcp:tools mcp:admin',
      error: 'insufficient_scope',
    });
  });

  it.each(['Basic YWxpY2U6cHc=', 'Negotiate YII='])('treat %s as no token', async (authorization) => {
    const result = await authenticatorFor().authenticate(requestWith(authorization));
    expectRefusal(result, 401, 'other_scheme');
    expect(result).toHaveProperty('challenge', expect.not.stringContaining('error='));
  });
});

describe('credentials that cannot be read', () => {
  it.each(['Bearer', 'Bearer ', '', 'Bearer a b', 'Bearer a, Bearer b', 'Basic a, Bearer b', 'Bearer a,b', 'Bearer "a"', 'a.b.c', 'Bearerx'])(
    'get 400 for the Authorization header %p',
    async (authorization) => {
      const result = await authenticatorFor().authenticate(requestWith(authorization));
      expectRefusal(result, 400, 'malformed_authorization');
      expect(result).toHaveProperty('challenge', expect.stringMatching(/^Bearer error="invalid_request"/));
    },
  );

  it('get 400 for two Authorization fields, even of one good token', async () => {
    const headers = new Headers();
    const token = await signer.sign();
    headers.append('authorization', `Bearer ${token}`);
    headers.append('authorization', `Bearer ${token}`);
    expectRefusal(await authenticatorFor().authenticate(requestWith(undefined, { headers })), 400, 'malformed_authorization');
  });

  it.each(['?access_token=', '?a=1&access%5Ftoken=', '?ACCESS_TOKEN='])('get 400 for a token in the query, %s', async (query) => {
    const token = await signer.sign();
    const url = `/mcp/files${query}${token}`;
    expectRefusal(await authenticatorFor().authenticate(requestWith(undefined, { url })), 400, 'token_in_query');
    expectRefusal(await authenticatorFor().authenticate(requestWith(`Bearer ${token}`, { url })), 400, 'token_in_query');
  });

  it('get 400 for a token above 16 KB, and not below', async () => {
    const fits = await signer.sign({ pad: 'x'.repeat(11_000) });
    const large = await signer.sign({ pad: 'x'.repeat(12_500) });
    expect(fits.length).toBeLessThan(16_384);
    expect(large.length).toBeGreaterThan(16_384);
    expect((await attempt(fits)).ok).toBe(true);
    expectRefusal(await attempt(large), 400, 'token_too_large');
  });
});
