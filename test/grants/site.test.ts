import { createHash, randomBytes } from 'node:crypto';
import { createGrantSite, createOidcSignIn, createSignInLinks, type GrantEvent, type Target } from '../../lambda/grants';
import { createSeal } from '../../lambda/gateway/sessions';
import type { Authenticator, Principal } from '../../lambda/identity';
import { ASKED, bob, carol, cedarAuthority, dave, erin, mallory, memoryStore, startDesk, user } from './fixtures';

const URL_ = 'https://gateway.example';
const PEOPLE = [bob, carol, dave, erin, mallory];

const authenticator: Authenticator = {
  async authenticate({ headers, resource }) {
    expect(resource).toBe(`${URL_}/grants`);
    const principal = PEOPLE.find(({ id }) => headers.get('authorization') === `Bearer ${id}`);
    return principal === undefined ? { ok: false, status: 401, challenge: 'Bearer', reason: 'no_token' } : { ok: true, principal };
  },
};

function start(publicUrl = URL_) {
  const events: GrantEvent[] = [];
  const store = memoryStore();
  const test = startDesk({ store, authority: cedarAuthority(), onEvent: (event) => void events.push(event) });
  const links = createSignInLinks(store, () => test.now);
  const site = createGrantSite({ desk: test.desk, publicUrl, servers: ['memory', 'files'], authenticator, seal: createSeal(randomBytes(32)), signIn: { kind: 'links', links }, clock: () => test.now });
  const send = async (path: string, init: RequestInit = {}) => site.fetch(new Request(publicUrl + path, init));
  const api = async (who: Principal | undefined, method: string, path: string, body?: unknown) => {
    const { response, denied } = await send(path, {
      method,
      headers: { ...(who === undefined ? {} : { authorization: `Bearer ${who.id}` }), 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as any, headers: response.headers, denied };
  };
  const form = (path: string, fields: Record<string, string>, cookie = '', headers: Record<string, string> = { origin: publicUrl, 'sec-fetch-site': 'same-origin' }) =>
    send(path, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', cookie, ...headers }, body: new URLSearchParams(fields).toString() });
  const signIn = async (who: Principal) => {
    const { response } = await form('/approvals/sign-in', { secret: await links.issue(who), next: '/approvals' });
    return response.headers.get('set-cookie')!.split(';')[0]!;
  };
  const look = async (path: string, cookie: string) => {
    const { response } = await send(path, { headers: { cookie } });
    const text = await response.text();
    return { response, text, token: /name="form" value="([^"]+)"[^]*?name="why"/.exec(text.slice(text.indexOf('<main>')))?.[1] ?? '' };
  };
  const advance = (ms: number) => void (test.now += ms);
  return { desk: test.desk, advance, site, links, send, api, form, signIn, look, events };
}

describe('the API of grants', () => {
  test('is for those with a token', async () => {
    const { api } = start();
    expect(await api(undefined, 'GET', '/grants')).toMatchObject({ status: 401, denied: 'no_token' });
  });

  test('asks, lists, shows, approves, denies and revokes', async () => {
    const { api } = start();
    const asked = await api(bob, 'POST', '/grants', ASKED);
    expect(asked).toMatchObject({ status: 201, body: { state: 'requested', terms: { tool: 'delete_entities', arguments: { kind: 'exact', shown: { entityNames: ['x'] } } } } });
    const path = asked.headers.get('location')!;
    expect((await api(bob, 'GET', '/grants')).body.grants).toHaveLength(1);
    expect((await api(mallory, 'GET', '/grants')).body.grants).toHaveLength(0);
    expect((await api(mallory, 'GET', path)).status).toBe(404);
    expect(await api(bob, 'POST', `${path}/approve`)).toMatchObject({ status: 403, body: { error: 'not_permitted' }, denied: 'grant_not_permitted' });
    expect(await api(carol, 'POST', `${path}/approve`, { why: 'fine' })).toMatchObject({ status: 200, body: { state: 'requested' } });
    expect(await api(carol, 'POST', `${path}/approve`)).toMatchObject({ status: 403, body: { error: 'approved_before' } });
    expect(await api(dave, 'POST', `${path}/approve`)).toMatchObject({ status: 200, body: { state: 'approved' } });
    expect(await api(dave, 'POST', `${path}/deny`, { why: 'late' })).toMatchObject({ status: 409 });
    expect(await api(dave, 'POST', `${path}/revoke`, {})).toMatchObject({ status: 400 });
    expect(await api(dave, 'POST', `${path}/revoke`, { why: 'enough' })).toMatchObject({ status: 200, body: { state: 'revoked' } });
  });

  test.each([
    ['no object', []],
    ['a member that is not known', { ...ASKED, principal: { type: 'User', id: 'erin' } }],
    ['no purpose', { server: 'memory', tool: 'x' }],
    ['too many uses', { ...ASKED, uses: 1e9 }],
    ['half a use', { ...ASKED, uses: 0.5 }],
    ['arguments that are no object', { ...ASKED, arguments: 'x' }],
    ['arguments that nobody can read', { ...ASKED, arguments: { text: 'x'.repeat(20_000) } }],
  ])('refuses a request with %s', async (_, body) => {
    expect((await start().api(bob, 'POST', '/grants', body)).status).toBe(400);
  });

  test('JIT-4 blocks, and what is blocked is refused here, too', async () => {
    const { api } = start();
    const target: Target = { kind: 'principal', principal: { type: 'User', id: bob.id, issuer: 'test' } };
    expect((await api(bob, 'POST', '/grants/revocations', { target, effect: 'block', why: 'x' })).status).toBe(403);
    expect((await api(carol, 'POST', '/grants/revocations', { target: { kind: 'world' }, effect: 'block', why: 'x' })).status).toBe(400);
    expect((await api(carol, 'POST', '/grants/revocations', { target, effect: 'block', why: 'x' })).status).toBe(200);
    expect((await api(carol, 'GET', '/grants/revocations')).body.blocked).toMatchObject([{ target, why: 'x' }]);
    expect(await api(bob, 'POST', '/grants', ASKED)).toMatchObject({ status: 403, denied: 'blocked' });
    await api(carol, 'POST', '/grants/revocations', { target, effect: 'unblock', why: 'x' });
    expect((await api(bob, 'POST', '/grants', ASKED)).status).toBe(201);
  });

  test.each([
    ['PUT', '/grants', 405],
    ['GET', '/grants/a/b/c', 404],
    ['POST', '/grants/a/sing', 404],
    ['GET', '/grants/unknown', 404],
  ])('%s %s answers %i', async (method, path, status) => {
    expect((await start().api(bob, method, path)).status).toBe(status);
  });
});

describe('the approval page', () => {
  test('shows nothing to who is not signed in, and where to', async () => {
    const { send, desk } = start();
    const { id } = await desk.request(bob, ASKED);
    const { response, denied } = await send(`/approvals/${id}`);
    expect([response.status, response.headers.get('location'), denied]).toEqual([303, `/approvals/sign-in?next=%2Fapprovals%2F${id}`, 'no_session']);
    const { response: other } = await send('/approvals/sign-in?next=https://evil.example/');
    expect(await other.text()).not.toContain('evil');
  });

  test('a link signs one person in, once, and looking at it does not use it up', async () => {
    const { links, send, form, advance } = start();
    const secret = await links.issue(carol);
    const { response: looked } = await send(`/approvals/sign-in?secret=${secret}`);
    expect(looked.headers.get('set-cookie')).toBeNull();
    const { response } = await form('/approvals/sign-in', { secret, next: '//evil.example' });
    expect(response.headers.get('location')).toBe('/approvals');
    expect(response.headers.get('set-cookie')).toMatch(/^__Host-mcp-approver=[\w-]+; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    expect((await form('/approvals/sign-in', { secret, next: '/approvals' })).response.status).toBe(403);
    const both = await links.issue(carol);
    const redeemed = await Promise.all([1, 2, 3].map(() => links.redeem(both)));
    expect(redeemed.filter((one) => one !== undefined)).toHaveLength(1);
    const late = await links.issue(carol);
    advance(8 * 3_600_000);
    expect(await links.redeem(late)).toBeUndefined();
  });

  test('every answer forbids scripts, frames and everything from elsewhere', async () => {
    const { send, signIn, look } = start();
    const cookie = await signIn(carol);
    for (const { headers } of [(await look('/approvals', cookie)).response, (await send('/approvals/sign-in')).response, (await send('/approvals/nothing')).response, (await send('/grants')).response]) {
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  test('shows who asks for which tool with which arguments, for what and until when; approves', async () => {
    const { desk, signIn, look, form } = start();
    const { id } = await desk.request(bob, { ...ASKED, ticket: 'INC-4711' });
    const cookie = await signIn(erin);
    expect((await look('/approvals', cookie)).text).toContain(`/approvals/${id}`);
    const { text, token } = await look(`/approvals/${id}`, cookie);
    for (const shown of ['bob', 'memory/delete_entities', '&quot;entityNames&quot;', 'remove what the import left behind', 'INC-4711', '5 min']) expect(text).toContain(shown);
    expect(text).not.toContain('<script');
    const { response } = await form(`/approvals/${id}`, { form: token, decision: 'approve', why: '' }, cookie);
    expect([response.status, response.headers.get('location')]).toEqual([303, `/approvals/${id}`]);
    expect(await desk.find(id, bob)).toMatchObject({ state: 'approved', approvals: [{ by: { id: 'erin' } }] });
  });

  test('what hides, reorders or pretends to be markup is spelled out', async () => {
    const { desk, signIn, look } = start();
    const { id } = await desk.request(bob, { ...ASKED, purpose: '<img src=x onerror=alert(1)> \u202egnihton', arguments: { entityNames: ['a\u200bb', '</pre><script>alert(1)</script>'] } });
    const { text } = await look(`/approvals/${id}`, await signIn(erin));
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt; \\u202egnihton');
    expect(text).toContain('a\\u200bb');
    expect(text).not.toMatch(/<img|<script|[\u200b\u202e]/);
  });

  describe('CSRF: decides nothing', () => {
    test.each([
      ['without the form token', { origin: URL_ }, () => ''],
      ['with a token of another form', { origin: URL_ }, (other: string) => other],
      ['from another origin', { origin: 'https://evil.example' }, undefined],
      ['from a page without an origin', { origin: 'null' }, undefined],
      ['from another site, says the browser', { 'sec-fetch-site': 'cross-site' }, undefined],
    ] as const)('%s', async (_, headers, forged) => {
      const { desk, signIn, look, form } = start();
      const { id } = await desk.request(bob, ASKED);
      const { id: other } = await desk.request(bob, ASKED);
      const cookie = await signIn(erin);
      const { token } = await look(`/approvals/${id}`, cookie);
      const { token: tokenOfOther } = await look(`/approvals/${other}`, cookie);
      const { response, denied } = await form(`/approvals/${id}`, { form: forged === undefined ? token : forged(tokenOfOther), decision: 'approve' }, cookie, headers as unknown as Record<string, string>);
      expect([response.status, denied]).toEqual([403, 'foreign_form']);
      expect(await desk.find(id, bob)).toMatchObject({ state: 'requested' });
    });

    test('with the form token of somebody else', async () => {
      const { desk, signIn, look, form } = start();
      const { id } = await desk.request(bob, ASKED);
      const { token } = await look(`/approvals/${id}`, await signIn(erin));
      expect((await form(`/approvals/${id}`, { form: token, decision: 'approve' }, await signIn(carol))).response.status).toBe(403);
      expect(await desk.find(id, bob)).toMatchObject({ state: 'requested' });
    });
  });

  test('a session ends by the clock, and cannot be made up or doubled', async () => {
    const test = start();
    const cookie = await test.signIn(erin);
    expect((await test.look('/approvals', cookie)).response.status).toBe(200);
    expect((await test.look('/approvals', `${cookie}; ${cookie}`)).response.status).toBe(303);
    expect((await test.look('/approvals', `${cookie}A`)).response.status).toBe(303);
    test.advance(3_599_999);
    expect((await test.look('/approvals', cookie)).response.status).toBe(200);
    test.advance(1);
    expect((await test.look('/approvals', cookie)).response.status).toBe(303);
  });

  test('who may not approve, or asked, is told so and decides nothing', async () => {
    const { desk, signIn, look, form } = start();
    const asker = user('bob', 'operators', 'approvers', 'leads');
    const { id } = await desk.request(asker, ASKED);
    const cookie = await signIn(asker);
    expect((await look(`/approvals/${id}`, cookie)).text).toContain('somebody else has to decide');
    const { token } = await look('/approvals', cookie);
    expect(token).not.toBe('');
    expect((await look(`/approvals/${id}`, await signIn(mallory))).response.status).toBe(404);
    const { response } = await form(`/approvals/${id}`, { form: token, decision: 'approve' }, cookie);
    expect(response.status).toBe(403);
    expect(await desk.find(id, bob)).toMatchObject({ state: 'requested' });
  });

  test('a denial says why', async () => {
    const { desk, signIn, look, form } = start();
    const { id } = await desk.request(bob, ASKED);
    const cookie = await signIn(carol);
    const { token } = await look(`/approvals/${id}`, cookie);
    expect((await form(`/approvals/${id}`, { form: token, decision: 'deny', why: '' }, cookie)).response.status).toBe(400);
    expect((await form(`/approvals/${id}`, { form: token, decision: 'deny', why: 'no' }, cookie)).response.status).toBe(303);
    expect(await desk.find(id, bob)).toMatchObject({ state: 'denied', why: 'no' });
  });

  test('JIT-4 the kill switch works from the page, and a blocked approver is out', async () => {
    const { desk, signIn, look, form } = start();
    const cookie = await signIn(carol);
    const { text, token } = await look('/approvals', cookie);
    expect(text).toContain('Kill switch');
    await form('/approvals/kill-switch', { form: token, target: JSON.stringify({ kind: 'everything' }), effect: 'block', why: 'incident' }, cookie);
    const blocked = await look('/approvals', cookie);
    expect(blocked.text).toContain('All access is blocked');
    await desk.mark({ kind: 'principal', principal: carol }, 'block', dave, 'stolen laptop');
    expect((await look('/approvals', cookie)).response.status).toBe(403);
  });
});

describe('signing in at an identity provider', () => {
  const PUBLIC = 'https://id.execute-api.eu-north-1.amazonaws.com/v1';

  function startWithProvider() {
    const test = startDesk({ store: memoryStore(), authority: cedarAuthority() });
    const seal = createSeal(randomBytes(32));
    const asked: URLSearchParams[] = [];
    const provider = createOidcSignIn({
      authorizationEndpoint: 'https://login.example/authorize',
      tokenEndpoint: 'https://login.example/token',
      clientId: 'approvals',
      scopes: ['openid'],
      publicUrl: PUBLIC,
      authenticator: { authenticate: async ({ headers, resource }) => (headers.get('authorization') === 'Bearer good' && resource === `${PUBLIC}/grants` ? { ok: true, principal: erin } : { ok: false, status: 401, challenge: 'Bearer', reason: 'x' }) },
      seal,
      clock: () => test.now,
      fetch: async (_url, init) => {
        asked.push(init!.body as URLSearchParams);
        return Response.json({ access_token: (init!.body as URLSearchParams).get('code') === 'code' ? 'good' : 'bad' });
      },
    });
    const site = createGrantSite({ desk: test.desk, publicUrl: PUBLIC, servers: ['memory'], authenticator, seal, signIn: { kind: 'provider', provider }, clock: () => test.now });
    const get = async (path: string, cookie = '') => (await site.fetch(new Request(`https://id.execute-api.eu-north-1.amazonaws.com${path}`, { headers: { cookie } }))).response;
    const begin = async () => {
      const response = await get('/approvals/sign-in?next=/approvals/abc');
      return { to: new URL(response.headers.get('location')!), cookie: response.headers.get('set-cookie')!.split(';')[0]! };
    };
    return { test, asked, get, begin };
  }

  test('IAM-1 goes there with PKCE and the resource, and comes back to where it began, under the stage of the API', async () => {
    const { asked, get, begin } = startWithProvider();
    expect((await get('/approvals')).headers.get('location')).toBe('/v1/approvals/sign-in?next=%2Fapprovals');
    const { to, cookie } = await begin();
    const sent = Object.fromEntries(to.searchParams);
    expect(sent).toMatchObject({ response_type: 'code', client_id: 'approvals', code_challenge_method: 'S256', resource: `${PUBLIC}/grants`, redirect_uri: `${PUBLIC}/approvals/callback`, scope: 'openid' });
    const back = await get(`/approvals/callback?code=code&state=${sent.state}`, cookie);
    expect([back.status, back.headers.get('location')]).toEqual([303, '/v1/approvals/abc']);
    expect(createHash('sha256').update(asked[0]!.get('code_verifier')!).digest('base64url')).toBe(sent.code_challenge);
    const page = await get('/approvals', back.headers.get('set-cookie')!.split(';')[0]!);
    const text = await page.text();
    expect(text).toContain('erin');
    expect(text).toContain('href="/v1/approvals/style.css"');
    expect(text).not.toMatch(/(href|action)="\/approvals/);
  });

  test.each([
    ['a code of somebody else', async ({ begin, get }: ReturnType<typeof startWithProvider>) => get(`/approvals/callback?code=code&state=${(await begin()).to.searchParams.get('state')}`)],
    ['another state', async ({ begin, get }: ReturnType<typeof startWithProvider>) => get('/approvals/callback?code=code&state=x', (await begin()).cookie)],
    ['a token that is not believed', async ({ begin, get }: ReturnType<typeof startWithProvider>) => {
      const { to, cookie } = await begin();
      return get(`/approvals/callback?code=other&state=${to.searchParams.get('state')}`, cookie);
    }],
    ['too late', async ({ begin, get, test }: ReturnType<typeof startWithProvider>) => {
      const { to, cookie } = await begin();
      test.now += 600_000;
      return get(`/approvals/callback?code=code&state=${to.searchParams.get('state')}`, cookie);
    }],
  ])('nobody is signed in with %s', async (_, come) => {
    const response = await come(startWithProvider());
    expect(response.status).toBe(403);
    expect(response.headers.get('set-cookie')).toBeNull();
  });
});
