import { createTokenAuthenticator } from '../../lambda/identity';
import { modernServer, startUpstream, type FakeUpstream } from '../gateway/fixtures/upstream';
import { PUBLIC_URL, readAnswer, startHarness, type Harness } from '../gateway/harness';
import { createSigner, type Signer } from './tokens';

const ISSUER = 'https://login.example.com';
const at = (server: string) => `${PUBLIC_URL}/mcp/${server}`;
const METADATA = '/.well-known/oauth-protected-resource';

let signer: Signer;
let upstream: FakeUpstream;
let harness: Harness;

beforeAll(async () => {
  signer = await createSigner();
  upstream = await startUpstream(modernServer([{ name: 'echo', inputSchema: { type: 'object' } }, { name: 'wipe', inputSchema: { type: 'object' } }]));
  const server = { upstream: { kind: 'http' as const, url: upstream.url, headers: {} } };
  harness = startHarness(
    [
      { name: 'files', tokenRequirements: [{ tools: ['wipe'], scopes: ['mcp:write'] }], ...server },
      { name: 'crm', ...server },
    ],
    {
      authenticator: createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: signer.jwks }], requiredScopes: ['mcp'] }),
      authorizationServers: [ISSUER],
      scopes: ['mcp', 'offline_access'],
    },
  );
});
afterAll(async () => {
  await harness.close();
  await upstream.close();
});

function token(claims: Record<string, unknown> = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return signer.sign({ aud: at('files'), iat: now, exp: now + 300, scope: 'mcp', ...claims });
}

async function call(authorization: string | undefined, tool = 'echo', server = 'files') {
  const answer = authorization === undefined ? await callWithoutToken(server) : await harness.modern(server, 'tools/call', { name: tool, arguments: {} }, { headers: { authorization } });
  return { ...answer, challenge: answer.headers.get('www-authenticate') };
}

async function callWithoutToken(server: string) {
  const headers = { host: '127.0.0.1:8808', 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  return readAnswer(await harness.gateway.fetch(new Request(at(server), { method: 'POST', headers, body: '{}' }), {}));
}

const get = (path: string, method = 'GET') => harness.gateway.fetch(new Request(PUBLIC_URL + path, { method, headers: { host: '127.0.0.1:8808' } }), {});

describe('RFC 9728, protected resource metadata', () => {
  it('section 2: resource and authorization_servers are there, resource exactly as clients request it', async () => {
    for (const server of ['files', 'crm']) {
      expect(await (await get(`${METADATA}/mcp/${server}`)).json()).toMatchObject({ resource: at(server), authorization_servers: [ISSUER], bearer_methods_supported: ['header'] });
    }
  });

  it('section 3.1: the well-known is put between host and path, with GET, and answers 200 with application/json', async () => {
    const response = await get(`${METADATA}/mcp/files`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect((await get(`/mcp/files${METADATA}`)).status).toBe(404);
    expect((await get(`${METADATA}/mcp/files`, 'POST')).status).toBe(405);
  });

  it('section 3.3: no server\'s metadata is served for another, and none for one that there is not', async () => {
    expect((await get(`${METADATA}/mcp/nothing`)).status).toBe(404);
    expect((await get(`${METADATA}/mcp/files/`)).status).toBe(404);
  });

  it('clients that look at the root find the origin\'s', async () => {
    expect(await (await get(METADATA)).json()).toMatchObject({ resource: PUBLIC_URL, authorization_servers: [ISSUER] });
  });

  it('section 5.1: the challenge names the metadata of the very server', async () => {
    for (const server of ['files', 'crm']) expect((await call(undefined, 'echo', server)).challenge).toContain(`resource_metadata="${PUBLIC_URL}${METADATA}/mcp/${server}"`);
  });

  it('section 7.3: the metadata comes from the configuration, whatever Host the client writes', async () => {
    const response = await harness.gateway.fetch(new Request(`${PUBLIC_URL}${METADATA}/mcp/files`, { headers: { host: 'evil.example.com', 'x-forwarded-host': 'evil.example.com' } }), {});
    expect(await response.text()).not.toContain('evil');
  });
});

describe('RFC 8707, resource indicators', () => {
  it('section 2: a token is accepted by the resource that it is for', async () => {
    expect((await call(`Bearer ${await token()}`)).status).toBe(200);
    expect((await call(`Bearer ${await token({ aud: ['https://other.example.com', at('files')] })}`)).status).toBe(200);
  });

  it.each([at('crm'), PUBLIC_URL, `${at('files')}/`, `${at('files')}?x`, at('files').toUpperCase(), `${at('files')}#x`, 'files'])('and by no other: aud %s', async (aud) => {
    expect(await call(`Bearer ${await token({ aud })}`)).toMatchObject({ status: 401, challenge: expect.stringContaining('error="invalid_token"') });
  });
});

describe('MCP authorization (2026-07-28)', () => {
  it('protected resource metadata names at least one authorization server', async () => {
    const { authorization_servers: servers } = (await (await get(`${METADATA}/mcp/files`)).json()) as { authorization_servers: string[] };
    expect(servers.length).toBeGreaterThan(0);
  });

  it('ZT-0 a request without a token is answered with 401 and WWW-Authenticate, with the scopes and without an error', async () => {
    const { status, challenge, response } = await call(undefined);
    expect({ status, response }).toEqual({ status: 401, response: undefined });
    expect(challenge).toBe(`Bearer scope="mcp", resource_metadata="${PUBLIC_URL}${METADATA}/mcp/files"`);
  });

  it('ZT-0 authorization is part of every request, also of one in the same session or connection', async () => {
    expect((await call(`Bearer ${await token()}`)).status).toBe(200);
    expect((await call(undefined)).status).toBe(401);
  });

  it('an invalid or expired token is answered with 401', async () => {
    for (const claims of [{ exp: Math.floor(Date.now() / 1000) - 60 }, { iss: 'https://evil.example.com' }]) {
      expect(await call(`Bearer ${await token(claims)}`)).toMatchObject({ status: 401, challenge: expect.stringContaining('error="invalid_token"') });
    }
  });

  it('a token in the query is refused: 400', async () => {
    const url = `${at('files')}?access_token=${await token()}`;
    const headers = { host: '127.0.0.1:8808', 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${await token()}` };
    expect((await harness.gateway.fetch(new Request(url, { method: 'POST', headers, body: '{}' }), {})).status).toBe(400);
  });

  it('a token without a scope that every request needs is answered with 403, naming it', async () => {
    expect(await call(`Bearer ${await token({ scope: '' })}`)).toMatchObject({ status: 403, challenge: expect.stringMatching(/^Bearer error="insufficient_scope", .*scope="mcp", resource_metadata=/) });
  });

  it('a token without the scope of a tool is answered with 403, naming all that the call needs in one challenge', async () => {
    const answer = await call(`Bearer ${await token()}`, 'wipe');
    expect(answer).toMatchObject({ status: 403, challenge: expect.stringMatching(/error="insufficient_scope"/) });
    const scope = /scope="([^"]+)"/.exec(answer.challenge!)![1]!.split(' ');
    expect(scope).toEqual(expect.arrayContaining(['mcp', 'mcp:write']));
    expect((await call(`Bearer ${await token({ scope: 'mcp mcp:write' })}`, 'wipe')).status).toBe(200);
  });

  it('offline_access is neither in a challenge nor in the metadata', async () => {
    expect(await (await get(`${METADATA}/mcp/files`)).text()).not.toContain('offline_access');
    for (const authorization of [undefined, `Bearer ${await token()}`]) expect((await call(authorization, 'wipe')).challenge).not.toContain('offline_access');
  });

  it('tokens of clients are not passed on, and no header of theirs is', async () => {
    upstream.received.length = 0;
    await call(`Bearer ${await token()}`);
    for (const { headers } of upstream.received) expect(headers).not.toHaveProperty('authorization');
  });

  it('lists may differ by what a token allows, and are private then', async () => {
    const list = await harness.modern('files', 'tools/list', {}, { headers: { authorization: `Bearer ${await token()}` } });
    expect(list.response.result).toMatchObject({ cacheScope: 'private' });
  });
});
