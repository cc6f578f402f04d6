import { createTokenAuthenticator } from '../../lambda/identity';
import { discoverIssuer, wellKnownLocations } from '../../lambda/identity/discovery';
import type { Outbound } from '../../lambda/outbound';
import { createSigner, NOW, requestWith, type Signer } from './tokens';

let signer: Signer;
beforeAll(async () => {
  signer = await createSigner();
});

/** The web as far as it answers: documents by URL. */
function web(documents: Readonly<Record<string, unknown>>, asked: string[] = []): Outbound {
  return async (url) => {
    asked.push(String(url));
    const document = documents[String(url)];
    return document === undefined ? { status: 404, headers: {}, body: 'nothing' } : { status: 200, headers: {}, body: JSON.stringify(document) };
  };
}

describe('RFC 8414 and OpenID Connect Discovery', () => {
  it('look at the places that MCP names, in its order', () => {
    expect(wellKnownLocations('https://login.example.com').map(String)).toEqual([
      'https://login.example.com/.well-known/oauth-authorization-server',
      'https://login.example.com/.well-known/openid-configuration',
    ]);
    expect(wellKnownLocations('https://login.example.com/tenant/').map(String)).toEqual([
      'https://login.example.com/.well-known/oauth-authorization-server/tenant',
      'https://login.example.com/.well-known/openid-configuration/tenant',
      'https://login.example.com/tenant/.well-known/openid-configuration',
    ]);
  });

  it.each(wellKnownLocations('https://login.example.com/tenant').map(String))('find the metadata at %s', async (place) => {
    const found = await discoverIssuer('https://login.example.com/tenant', web({ [place]: { issuer: 'https://login.example.com/tenant', jwks_uri: 'https://keys.example.com/' } }));
    expect(found.jwksUri?.href).toBe('https://keys.example.com/');
  });

  it('RFC 8414 section 3.3: never use metadata that names another issuer', async () => {
    const place = 'https://login.example.com/.well-known/openid-configuration';
    for (const issuer of ['https://evil.example.com', 'https://login.example.com/', undefined, 7]) {
      await expect(discoverIssuer('https://login.example.com', web({ [place]: { issuer, jwks_uri: 'https://evil.example.com/keys' } }))).rejects.toThrow(/^The metadata of the issuer https:\/\/login\.example\.com names another issuer$/);
    }
  });

  it('find the keys of an issuer that is known by its name alone, and remember where they are', async () => {
    const asked: string[] = [];
    let now = NOW * 1000;
    const issuer = 'https://login.example.com';
    const outbound = web({ [`${issuer}/.well-known/openid-configuration`]: { issuer, jwks_uri: 'https://keys.example.com/jwks' }, 'https://keys.example.com/jwks': signer.jwks }, asked);
    const authenticator = createTokenAuthenticator({ issuers: [{ issuer }], clock: () => now, outbound });
    const token = await signer.sign({ exp: NOW + 7200 });
    expect((await authenticator.authenticate(requestWith(`Bearer ${token}`))).ok).toBe(true);
    now += 601_000;
    expect((await authenticator.authenticate(requestWith(`Bearer ${token}`))).ok).toBe(true);
    expect(asked.map((url) => new URL(url).pathname)).toEqual(['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration', '/jwks', '/jwks']);
  });

  it('leave tokens undecided while there is no metadata: 503', async () => {
    const authenticator = createTokenAuthenticator({ issuers: [{ issuer: 'https://login.example.com' }], clock: () => NOW * 1000, outbound: web({}) });
    expect(await authenticator.authenticate(requestWith(`Bearer ${await signer.sign()}`))).toMatchObject({ ok: false, status: 503, reason: 'keys_unavailable' });
  });

  it.each(['login', 'http://login.example.com', 'https://login.example.com?tenant=a'])('refuse an issuer whose metadata cannot be had safely: %s', (issuer) => {
    expect(() => createTokenAuthenticator({ issuers: [{ issuer }] })).toThrow(TypeError);
  });
});

describe('IAM-5 keys of an issuer in trouble', () => {
  it('are asked for after 5, 10, 20 seconds and so on', async () => {
    let now = NOW * 1000;
    const at: number[] = [];
    const authenticator = createTokenAuthenticator({
      issuers: [{ issuer: 'https://login.example.com', jwks: new URL('https://login.example.com/jwks') }],
      clock: () => now,
      outbound: async () => {
        at.push((now - NOW * 1000) / 1000);
        throw new Error('down');
      },
    });
    const token = await signer.sign({ exp: NOW + 7200 });
    for (let second = 0; second < 400; second++, now += 1000) expect(await authenticator.authenticate(requestWith(`Bearer ${token}`))).toMatchObject({ status: 503 });
    expect(at).toEqual([0, 5, 15, 35, 75, 155, 315]);
  });

  it('are renewed before they are too old, and nobody waits for it', async () => {
    let now = NOW * 1000;
    let fetches = 0;
    let fail = false;
    const authenticator = createTokenAuthenticator({
      issuers: [{ issuer: 'https://login.example.com', jwks: new URL('https://login.example.com/jwks') }],
      clock: () => now,
      maxCachedTokens: 1,
      outbound: async () => {
        fetches += 1;
        if (fail) throw new Error('down');
        return { status: 200, headers: {}, body: JSON.stringify(signer.jwks) };
      },
    });
    const attempt = async (sub: string) => (await authenticator.authenticate(requestWith(`Bearer ${await signer.sign({ sub, exp: NOW + 7200 })}`))).ok;
    expect(await attempt('a')).toBe(true);
    now += 301_000;
    fail = true;
    expect(await attempt('b')).toBe(true);
    expect(fetches).toBe(2);
    now += 250_000;
    expect(await attempt('c')).toBe(true);
    now += 100_000;
    expect(await attempt('d')).toBe(false);
  });

  it('that can sign are not taken, even from the issuer', async () => {
    const outbound: Outbound = async () => ({ status: 200, headers: {}, body: JSON.stringify({ keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: signer.kid }] }) });
    const authenticator = createTokenAuthenticator({ issuers: [{ issuer: 'https://login.example.com', jwks: new URL('https://login.example.com/jwks') }], clock: () => NOW * 1000, outbound });
    expect(await authenticator.authenticate(requestWith(`Bearer ${await signer.sign()}`))).toMatchObject({ ok: false, reason: 'unknown_key' });
  });
});
