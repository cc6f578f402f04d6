import { createClientCredentials, createIdentityAssertion, createTokenExchange, CredentialUnavailable } from '../../lambda/credentials';
import type { ClientAuthentication } from '../../lambda/identity';
import { ALICE, BOB, fakeServer, ISSUER, NOW, REQUEST, type FakeServer } from './fixtures';

const CLIENT: ClientAuthentication = { method: 'client_secret_post', clientId: 'gateway', secret: 'secret' };
const RESOURCE = 'https://crm.example.com/mcp';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

let now: number;
let issued: number;
beforeEach(() => {
  now = NOW;
  issued = 0;
});

const bearer = (own: Record<string, unknown> = {}) => ({ access_token: `issued-${(issued += 1)}`, token_type: 'Bearer', expires_in: 300, ...own });
const exchangeAt = ({ outbound }: FakeServer, own = {}) =>
  createTokenExchange({ server: { issuer: ISSUER, client: CLIENT }, resource: RESOURCE, scopes: ['crm'], outbound, clock: () => now, ...own });

describe('RFC 8693 token exchange', () => {
  it('IAM-3 turns the token of a principal into one for the server, and never sends the first', async () => {
    const server = fakeServer(() => bearer());
    expect(await exchangeAt(server).headersFor(REQUEST, ALICE)).toEqual({ authorization: 'Bearer issued-1' });
    expect(server.asked).toEqual([
      {
        url: `${ISSUER}/token`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        form: {
          client_id: 'gateway',
          client_secret: 'secret',
          grant_type: EXCHANGE,
          subject_token: ALICE.token,
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          resource: RESOURCE,
          scope: 'crm',
        },
      },
    ]);
  });

  it('MUL-6 never gives one principal the token of another', async () => {
    const server = fakeServer(({ subject_token }) => bearer({ access_token: `for-${subject_token}` }));
    const credentials = exchangeAt(server);
    const rounds = await Promise.all(Array.from({ length: 20 }, (_, index) => credentials.headersFor(REQUEST, index % 2 === 0 ? ALICE : BOB)));
    expect(new Set(rounds.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer for-token-of-alice', 'Bearer for-token-of-bob']));
    expect(rounds.every(({ authorization }, index) => authorization === `Bearer for-${index % 2 === 0 ? ALICE.token : BOB.token}`)).toBe(true);
    expect(server.asked).toHaveLength(2);
  });

  it('asks once however many requests wait, and again before the token expires, without making them wait', async () => {
    let release: () => void = () => {};
    let held = new Promise<void>((resolve) => (release = resolve));
    const server = fakeServer(async () => {
      await held;
      return bearer();
    });
    const credentials = exchangeAt(server);
    const waiting = Promise.all(Array.from({ length: 30 }, () => credentials.headersFor(REQUEST, ALICE)));
    release();
    expect(new Set((await waiting).map(({ authorization }) => authorization))).toEqual(new Set(['Bearer issued-1']));
    now += 226_000;
    held = new Promise<void>((resolve) => (release = resolve));
    expect(await credentials.headersFor(REQUEST, ALICE)).toEqual({ authorization: 'Bearer issued-1' });
    expect(await credentials.headersFor(REQUEST, ALICE)).toEqual({ authorization: 'Bearer issued-1' });
    release();
    await new Promise(setImmediate);
    expect(await credentials.headersFor(REQUEST, ALICE)).toEqual({ authorization: 'Bearer issued-2' });
    expect(server.asked).toHaveLength(2);
  });

  it('uses no token that is about to expire, whatever the authorization server says', async () => {
    const server = fakeServer(() => bearer({ expires_in: 6 }));
    const credentials = exchangeAt(server);
    await credentials.headersFor(REQUEST, ALICE);
    now += 2_000;
    expect(await credentials.headersFor(REQUEST, ALICE)).toEqual({ authorization: 'Bearer issued-2' });
  });

  it('asks anew after the server refused a token', async () => {
    const credentials = exchangeAt(fakeServer(() => bearer()));
    await credentials.headersFor(REQUEST, ALICE);
    await credentials.headersFor(REQUEST, BOB);
    credentials.refused(ALICE);
    expect(await credentials.headersFor(REQUEST, ALICE)).toEqual({ authorization: 'Bearer issued-3' });
    expect(await credentials.headersFor(REQUEST, BOB)).toEqual({ authorization: 'Bearer issued-2' });
  });

  it('has nothing for a request of nobody', async () => {
    const server = fakeServer(() => bearer());
    await expect(exchangeAt(server).headersFor(REQUEST, undefined)).rejects.toThrow(CredentialUnavailable);
    expect(server.asked).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['refuses', { error: 'invalid_grant', error_description: 'subject_token token-of-alice is bad' }],
    ['refuses without a word', { error: 'token-of-alice <b>' }],
    ['issues nothing', {}],
    ['issues what is no header value', bearer({ access_token: 'a\r\nx: y' })],
    ['issues a bound token', bearer({ token_type: 'DPoP' })],
  ])('fails where the authorization server %s, and tells no token', async (_case, answer) => {
    const credentials = exchangeAt(fakeServer(() => answer));
    const error = await credentials.headersFor(REQUEST, ALICE).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CredentialUnavailable);
    expect((error as Error).message).not.toMatch(/token-of-alice|<b>/);
  });

  it('leaves an authorization server in trouble alone for a moment', async () => {
    const server = fakeServer(() => ({ error: 'temporarily_unavailable' }));
    const credentials = exchangeAt(server);
    for (let i = 0; i < 10; i++) await expect(credentials.headersFor(REQUEST, ALICE)).rejects.toThrow('temporarily_unavailable');
    expect(server.asked).toHaveLength(1);
    now += 2_001;
    await expect(credentials.headersFor(REQUEST, ALICE)).rejects.toThrow();
    expect(server.asked).toHaveLength(2);
  });

  it('asks once more when the authorization server does not know us: the secret may have been rotated', async () => {
    let current = 'old';
    const server = fakeServer(({ client_secret }) => (client_secret === 'new' ? bearer() : { error: 'invalid_client' }));
    const credentials = exchangeAt(server, {
      server: { issuer: ISSUER, client: { ...CLIENT, secret: async () => current }, clientRefused: () => (current = 'new') },
    });
    expect(await credentials.headersFor(REQUEST, ALICE)).toEqual({ authorization: 'Bearer issued-1' });
  });

  it('SSRF: does not follow metadata to a private address', async () => {
    const evil = { outbound: async () => ({ status: 200, headers: {}, body: JSON.stringify({ issuer: 'https://other.example.com', token_endpoint: 'https://evil.example.com' }) }), asked: [] };
    await expect(exchangeAt(evil).headersFor(REQUEST, ALICE)).rejects.toThrow(CredentialUnavailable);
  });
});

describe('RFC 6749 section 4.4 client credentials', () => {
  it('are the gateway\'s own, the same whoever calls', async () => {
    const server = fakeServer(() => bearer());
    const credentials = createClientCredentials({ server: { tokenEndpoint: new URL('https://as.example.com/t'), client: CLIENT }, audience: 'crm', outbound: server.outbound, clock: () => now });
    expect(credentials.owner).toBe('gateway');
    for (const caller of [ALICE, BOB, undefined]) expect(await credentials.headersFor(REQUEST, caller)).toEqual({ authorization: 'Bearer issued-1' });
    expect(server.asked.map(({ url, form }) => ({ url, ...form }))).toEqual([{ url: 'https://as.example.com/t', client_id: 'gateway', client_secret: 'secret', grant_type: 'client_credentials', audience: 'crm' }]);
  });
});

describe('identity assertion authorization grant (MCP enterprise-managed authorization)', () => {
  const PROVIDER = 'https://idp.example.com';
  const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';
  const assertionAt = ({ outbound }: FakeServer) =>
    createIdentityAssertion({ identityProvider: { issuer: PROVIDER, client: CLIENT }, server: { issuer: ISSUER, client: CLIENT }, resource: RESOURCE, scopes: ['crm'], outbound, clock: () => now });

  it('gets an assertion at the identity provider, and a token for it at the server\'s authorization server', async () => {
    const server = fakeServer((_form, url) => (url.startsWith(PROVIDER) ? { access_token: 'the-assertion', issued_token_type: ID_JAG, token_type: 'N_A', expires_in: 300 } : bearer()));
    expect(await assertionAt(server).headersFor(REQUEST, ALICE)).toEqual({ authorization: 'Bearer issued-1' });
    expect(server.asked.map(({ url, form }) => [url, form.grant_type])).toEqual([
      [`${PROVIDER}/token`, EXCHANGE],
      [`${ISSUER}/token`, 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
    ]);
    expect(server.asked[0]!.form).toMatchObject({ requested_token_type: ID_JAG, audience: ISSUER, resource: RESOURCE, subject_token: ALICE.token, scope: 'crm' });
    expect(server.asked[1]!.form).toMatchObject({ assertion: 'the-assertion', scope: 'crm' });
    expect(server.asked[1]!.form).not.toHaveProperty('subject_token');
  });

  it('takes nothing else for an assertion', async () => {
    const server = fakeServer(() => bearer({ issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }));
    await expect(assertionAt(server).headersFor(REQUEST, ALICE)).rejects.toThrow('something else than an identity assertion');
    expect(server.asked).toHaveLength(1);
  });
});
