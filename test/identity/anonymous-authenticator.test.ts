import { createAnonymousAuthenticator, createDemoIssuer, createTokenAuthenticator } from '../../lambda/identity';
import { requestWith, RESOURCE } from './tokens';

const anonymous = { id: 'local', groups: ['guests'] };
const local = { ok: true, principal: { type: 'Agent', id: 'local', groups: ['guests'], scopes: [], issuer: 'anonymous' } };

describe('anonymous principal', () => {
  it('is who calls without credentials', async () => {
    expect(await createAnonymousAuthenticator(anonymous).authenticate(requestWith(undefined))).toEqual(local);
  });

  it('is never the fallback for bad credentials', async () => {
    const issuer = await createDemoIssuer({ issuer: 'http://127.0.0.1:8808' });
    const next = createTokenAuthenticator({ issuers: [issuer] });
    for (const authenticator of [createAnonymousAuthenticator(anonymous), createAnonymousAuthenticator(anonymous, next)]) {
      for (const authorization of ['', 'Bearer', 'Bearer x', 'Bearer a.b.c', 'Basic YTpi', 'Bearer a, Bearer b']) {
        expect((await authenticator.authenticate(requestWith(authorization))).ok).toBe(false);
      }
      expect(await authenticator.authenticate(requestWith(undefined, { url: '/mcp/files?access_token=x' }))).toMatchObject({ status: 400 });
    }
  });

  it('IAM-4 does not come in where tokens have to be bound to their sender', async () => {
    const issuer = await createDemoIssuer({ issuer: 'http://127.0.0.1:8808' });
    for (const next of [undefined, createTokenAuthenticator({ issuers: [issuer] })]) {
      const authenticator = createAnonymousAuthenticator(anonymous, next);
      expect(await authenticator.authenticate(requestWith(undefined, { senderConstraint: 'required' }))).toMatchObject({ ok: false, status: 401, reason: 'no_token' });
      expect(await authenticator.authenticate(requestWith(undefined, { senderConstraint: 'optional' }))).toMatchObject({ ok: true });
    }
  });

  it('gives way to a good token', async () => {
    const issuer = await createDemoIssuer({ issuer: 'http://127.0.0.1:8808' });
    const authenticator = createAnonymousAuthenticator(anonymous, createTokenAuthenticator({ issuers: [issuer] }));
    const token = await issuer.mint({ subject: 'alice', audience: RESOURCE });
    expect(await authenticator.authenticate(requestWith(`Bearer ${token}`))).toMatchObject({ ok: true, principal: { id: 'alice' } });
    expect(await authenticator.authenticate(requestWith(undefined))).toEqual(local);
  });
});

describe('demo issuer', () => {
  it('mints tokens of persons and agents, with groups and scopes, for one resource, that expire', async () => {
    let now = Date.UTC(2026, 0, 1);
    const clock = () => now;
    const issuer = await createDemoIssuer({ issuer: 'http://127.0.0.1:8808', clock });
    const authenticator = createTokenAuthenticator({ issuers: [issuer], clock });
    const token = await issuer.mint({ subject: 'bob', type: 'Agent', groups: ['ops'], scopes: ['a', 'b'], audience: [RESOURCE], lifetimeSeconds: 60 });
    expect(await authenticator.authenticate(requestWith(`Bearer ${token}`))).toEqual({
      ok: true,
      principal: { type: 'Agent', id: 'bob', groups: ['ops'], scopes: ['a', 'b'], issuer: 'http://127.0.0.1:8808', authentication: { method: 'bearer', senderConstrained: false, expiresAt: expect.any(Number) } },
    });
    expect(await authenticator.authenticate(requestWith(`Bearer ${token}`, { resource: `${RESOURCE}2` }))).toMatchObject({ reason: 'wrong_audience' });
    now += 91_000;
    expect(await authenticator.authenticate(requestWith(`Bearer ${token}`))).toMatchObject({ reason: 'expired' });
  });

  it('publishes no private key', async () => {
    const { jwks } = await createDemoIssuer({ issuer: 'http://127.0.0.1:8808' });
    expect(jwks.keys.every((key) => key.d === undefined)).toBe(true);
  });
});
