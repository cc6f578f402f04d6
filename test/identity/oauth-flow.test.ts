import { createServer } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { AuditEvent } from '../../lambda/audit';
import { startLocalGateway, type LocalGateway } from '../../lambda/local';
import { readConfig } from '../../lambda/local/config/load';
import { modernServer, startUpstream, type FakeUpstream } from '../gateway/fixtures/upstream';
import { callTool } from '../local/call';
import { browse, startAuthorizationServer, type AuthorizationServer } from './fixtures/authorization-server';
import { TestPerson } from './oauth-client';

const tiny = { command: process.execPath, args: [join(__dirname, '..', 'local', 'fixtures', 'tiny-server.mjs')] };
const GATEWAY_CLIENT = { client_id: 'gateway', client_secret: 'secret-of-the-gateway', redirect_uris: [], response_types: [], grant_types: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'] };

const EDITOR_CLIENT = { client_id: 'editor', token_endpoint_auth_method: 'none', application_type: 'native', redirect_uris: ['http://127.0.0.1:9/callback'], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] };

const POLICIES = `
permit (principal in Mcp::Group::"analysts", action, resource);
permit (principal in Mcp::Group::"operators", action in Mcp::Action::"discover", resource);
`;

/** The gateway, the authorization server and the client are all what a user would run; only the person is simulated. */
describe('MCP authorization, from a client that knows nothing but a URL to a tool\'s answer', () => {
  let issuer: AuthorizationServer;
  let gateway: LocalGateway;
  let crm: FakeUpstream;
  let folder: string;
  const events: AuditEvent[] = [];
  const at = (server: string) => `${gateway.url}/mcp/${server}`;

  beforeAll(async () => {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    crm = await startUpstream(modernServer());
    issuer = await startAuthorizationServer({
      clients: [GATEWAY_CLIENT, EDITOR_CLIENT],
      resources: {
        [`${origin}/mcp/files`]: { format: 'jwt', scope: 'mcp mcp:write' },
        [`${origin}/mcp/bound`]: { format: 'jwt', scope: 'mcp' },
        [`${origin}/mcp/strict`]: { format: 'jwt', scope: 'mcp' },
        [`${origin}/mcp/secret`]: { format: 'opaque', scope: 'mcp' },
        [`${origin}/mcp/short`]: { format: 'jwt', scope: 'mcp', ttl: 2 },
        [`${origin}/mcp/crm`]: { format: 'jwt', scope: 'mcp' },
        [crm.url]: { format: 'jwt', scope: 'crm' },
      },
    });
    folder = mkdtempSync(join(tmpdir(), 'oauth-flow-'));
    mkdirSync(join(folder, 'policies'));
    writeFileSync(join(folder, 'policies', 'test.cedar'), POLICIES);
    const client = { clientId: 'gateway', clientSecret: '${GATEWAY_SECRET}' };
    const config = {
      listen: `127.0.0.1:${port}`,
      policies: 'policies',
      identity: { issuer: issuer.issuer, requiredScopes: ['mcp'], introspection: client, clockToleranceSeconds: 0 },
      mcpServers: {
        files: { ...tiny, tokenRequirements: [{ tools: ['shout'], scopes: ['mcp:write'] }] },
        bound: { ...tiny, senderConstraint: 'required' },
        strict: { ...tiny, tokenRequirements: [{ tools: ['shout'], acrValues: ['mfa'], maxAgeSeconds: 600 }] },
        secret: tiny,
        short: tiny,
        crm: { url: crm.url, credentials: { type: 'tokenExchange', issuer: issuer.issuer, ...client, scopes: ['crm'] } },
      },
    };
    const read = readConfig(join(folder, 'mcp.json'), JSON.stringify(config), { GATEWAY_SECRET: 'secret-of-the-gateway' });
    gateway = await startLocalGateway(read, { write: (event) => void events.push(event), flush: () => Promise.resolve() });
  }, 60_000);

  afterAll(async () => {
    await gateway?.stop();
    await crm?.close();
    await issuer?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('ENT-1 discovery from the 401, registration, PKCE, the right resource, and a call', async () => {
    const alice = new TestPerson('alice');
    const result = await alice.use(at('files'), (client) => client.callTool({ name: 'echo', arguments: { text: 'hello' } }));
    expect(result.content).toEqual([{ type: 'text', text: 'hello' }]);
    expect(alice.visits).toHaveLength(1);
    const { searchParams } = alice.visits[0]!;
    expect(searchParams.get('resource')).toBe(at('files'));
    expect(searchParams.get('code_challenge_method')).toBe('S256');
    expect(searchParams.get('scope')).toContain('mcp');
    expect(decodeProtectedHeader(alice.stored!.access_token).typ).toBe('at+jwt');
    expect(decodeJwt(alice.stored!.access_token)).toMatchObject({ aud: at('files'), sub: 'alice' });
    expect(events.at(-1)).toMatchObject({ principal: { type: 'User', id: 'alice', issuer: issuer.issuer }, decision: 'allow' });
  });

  test('IAM-3 a token for one server opens no other one', async () => {
    const alice = new TestPerson('alice');
    await alice.use(at('files'), (client) => client.listTools());
    const response = await callTool(at('strict'), alice.stored!.access_token, 'echo', { text: 'x' });
    expect(response.status).toBe(401);
    expect(events.at(-1)).toMatchObject({ decision: 'deny', reason: 'wrong_audience' });
  });

  test('policies see the groups that the authorization server names', async () => {
    const bob = new TestPerson('bob');
    await expect(bob.use(at('files'), (client) => client.callTool({ name: 'echo', arguments: { text: 'x' } }))).rejects.toThrow('Unknown tool');
    expect(await bob.use(at('files'), async (client) => (await client.listTools()).tools)).toEqual([]);
  });

  test('a tool that needs one more scope: 403, and the client comes back with both (step-up)', async () => {
    // One that registers itself is registered for the scopes of the first challenge alone.
    const alice = new TestPerson('alice', { registered: { client_id: 'editor', issuer: issuer.issuer } });
    await alice.use(at('files'), (client) => client.listTools());
    expect(alice.stored!.scope).not.toContain('mcp:write');
    const result = await alice.use(at('files'), (client) => client.callTool({ name: 'shout', arguments: { text: 'loud' } }));
    expect(result.content).toEqual([{ type: 'text', text: 'LOUD' }]);
    expect(alice.visits).toHaveLength(2);
    expect(alice.visits[1]!.searchParams.get('scope')!.split(' ')).toEqual(expect.arrayContaining(['mcp', 'mcp:write']));
    expect(events.some(({ reason, httpStatus }) => reason === 'insufficient_scope' && httpStatus === 403)).toBe(true);
  });

  test('CV-3 PUB-8 RFC 9470: a tool that needs a stronger sign-in says so, and takes it', async () => {
    const alice = new TestPerson('alice', { registered: { client_id: 'editor', issuer: issuer.issuer } });
    await alice.use(at('strict'), (client) => client.listTools());
    const weak = alice.stored!.access_token;
    const refused = await fetchTool(at('strict'), weak);
    expect(refused.status).toBe(401);
    const challenge = refused.headers.get('www-authenticate')!;
    expect(challenge).toMatch(/^Bearer error="insufficient_user_authentication", .*acr_values="mfa", max_age="600", resource_metadata="/);
    const again = new URL(alice.visits[0]!);
    const verifier = 'v'.repeat(50);
    again.searchParams.set('scope', 'openid mcp');
    again.searchParams.set('acr_values', /acr_values="([^"]+)"/.exec(challenge)![1]!);
    again.searchParams.set('max_age', /max_age="([^"]+)"/.exec(challenge)![1]!);
    again.searchParams.set('code_challenge_method', 'S256');
    again.searchParams.set('code_challenge', await sha256(verifier));
    const strong = await redeem(await browse(again, 'alice'), again, verifier);
    expect(decodeJwt(strong)).toMatchObject({ acr: 'mfa', auth_time: expect.any(Number) });
    expect((await fetchTool(at('strict'), strong)).status).toBe(200);
    expect((await fetchTool(at('strict'), weak)).status).toBe(401);
  });

  test('a token that expired is refreshed without the person', async () => {
    const alice = new TestPerson('alice');
    await alice.use(at('short'), (client) => client.listTools());
    const first = alice.stored!.access_token;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const { tools } = await alice.use(at('short'), (client) => client.listTools());
    expect(tools.map(({ name }) => name)).toEqual(['echo', 'shout']);
    expect(alice.stored!.access_token).not.toBe(first);
    expect(alice.visits).toHaveLength(1);
  });

  test('IAM-4 DPoP: the official client\'s own proofs, and a stolen token that is worth nothing', async () => {
    const alice = new TestPerson('alice', { dpop: true });
    const result = await alice.use(at('bound'), (client) => client.callTool({ name: 'echo', arguments: { text: 'mine' } }));
    expect(result.content).toEqual([{ type: 'text', text: 'mine' }]);
    const { access_token: token, token_type } = alice.stored!;
    expect(token_type).toBe('DPoP');
    expect(decodeJwt(token).cnf).toEqual({ jkt: (await alice.dpop())!.thumbprint });
    expect((await fetchTool(at('bound'), token)).status).toBe(401);
    const stolen = await new TestPerson('mallory', { dpop: true }).dpop();
    const proof = await stolen!.buildProof({ htm: 'POST', htu: new URL(at('bound')), accessToken: token });
    expect((await fetchTool(at('bound'), token, { authorization: `DPoP ${token}`, dpop: proof })).status).toBe(401);
    expect(events.at(-1)).toMatchObject({ reason: 'proof_wrong_key' });
    const own = await (await alice.dpop())!.buildProof({ htm: 'POST', htu: new URL(at('bound')), accessToken: token });
    const once = { authorization: `DPoP ${token}`, dpop: own };
    expect((await fetchTool(at('bound'), token, once)).status).toBe(200);
    expect((await fetchTool(at('bound'), token, once)).status).toBe(401);
    expect(events.at(-1)).toMatchObject({ reason: 'proof_replayed' });
  });

  test('IAM-4 a bearer token is refused where bindings are required', async () => {
    const alice = new TestPerson('alice');
    await expect(alice.use(at('bound'), (client) => client.listTools())).rejects.toThrow();
    expect(events.at(-1)).toMatchObject({ decision: 'deny', reason: 'not_bound' });
  });

  test('RFC 7662: an opaque token is looked up, and a revoked one refused within the time of the cache', async () => {
    const alice = new TestPerson('alice');
    const { tools } = await alice.use(at('secret'), (client) => client.listTools());
    expect(tools).toHaveLength(2);
    expect(alice.stored!.access_token).not.toContain('.');
    expect((await callTool(at('secret'), 'x'.repeat(43), 'echo', { text: 'x' })).status).toBe(401);
    expect(events.at(-1)).toMatchObject({ reason: 'not_active' });
  });

  test('IAM-3 confused deputy: the server behind the gateway gets a token of its own, for the same person, never the client\'s', async () => {
    const alice = new TestPerson('alice');
    crm.received.length = 0;
    await alice.use(at('crm'), (client) => client.callTool({ name: 'echo', arguments: { text: 'x' } }));
    const call = crm.received.find(({ message }) => message?.method === 'tools/call')!;
    const sent = call.headers.authorization!.replace('Bearer ', '');
    expect(decodeJwt(sent)).toMatchObject({ aud: crm.url, sub: 'alice', act: { sub: 'gateway' }, scope: 'crm' });
    for (const { headers } of crm.received) expect(JSON.stringify(headers)).not.toContain(alice.stored!.access_token);
    expect(new Set(crm.received.map(({ headers }) => headers.authorization)).size).toBe(1);
    // What was issued for the server is not accepted by the gateway.
    expect((await callTool(at('crm'), sent, 'echo', { text: 'x' })).status).toBe(401);
  });

  test('RFC 9728: the metadata of each server is where the challenge says, and where clients look', async () => {
    const refused = await fetch(at('bound'), { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }, body: '{}' });
    const [, location] = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate')!)!;
    expect(location).toBe(`${gateway.url}/.well-known/oauth-protected-resource/mcp/bound`);
    expect(await (await fetch(location!)).json()).toMatchObject({
      resource: at('bound'),
      authorization_servers: [issuer.issuer],
      scopes_supported: ['mcp'],
      bearer_methods_supported: ['header'],
      dpop_bound_access_tokens_required: true,
    });
    expect(await (await fetch(location!.replace('bound', 'files'))).json()).not.toHaveProperty('dpop_bound_access_tokens_required');
  });

  async function redeem(callback: URLSearchParams, request: URL, verifier: string): Promise<string> {
    const form = { grant_type: 'authorization_code', code: callback.get('code')!, code_verifier: verifier, client_id: request.searchParams.get('client_id')!, redirect_uri: request.searchParams.get('redirect_uri')!, resource: request.searchParams.get('resource')! };
    const response = await fetch(`${issuer.issuer}/token`, { method: 'POST', body: new URLSearchParams(form) });
    const answer = (await response.json()) as { access_token?: string };
    if (answer.access_token === undefined) throw new Error(JSON.stringify([answer, String(callback)]));
    return answer.access_token;
  }
});

function fetchTool(url: string, token: string, headers: Record<string, string> = {}): Promise<Response> {
  const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
  return fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'shout',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'shout', arguments: { text: 'x' }, _meta } }),
  });
}

async function sha256(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('base64url');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
