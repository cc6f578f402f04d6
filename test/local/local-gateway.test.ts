import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { AuditEvent } from '../../lambda/audit';
import { createDemoIssuer } from '../../lambda/identity';
import { LOCAL_USER, startLocalGateway, type LocalGateway } from '../../lambda/local';
import { readConfig } from '../../lambda/local/config/load';
import { freePort } from '../free-port';
import { legacyServer, startUpstream, stream } from '../gateway/fixtures/upstream';
import { call, callTool, toolNames } from './call';

const tiny = { command: process.execPath, args: [join(__dirname, 'fixtures', 'tiny-server.mjs')] };

describe('the gateway on one machine', () => {
  const gateways: LocalGateway[] = [];
  const events: AuditEvent[] = [];
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'local-gateway-'));
    events.length = 0;
  });
  afterEach(async () => {
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
    rmSync(folder, { recursive: true });
  });

  async function start(config: object, policies?: Readonly<Record<string, string>>): Promise<LocalGateway> {
    if (policies) {
      mkdirSync(join(folder, 'policies'));
      for (const [name, text] of Object.entries(policies)) writeFileSync(join(folder, 'policies', name), text);
    }
    const text = JSON.stringify({ mcpServers: { tiny }, listen: '127.0.0.1:0', ...(policies ? { policies: 'policies' } : {}), ...config });
    const read = readConfig(join(folder, 'mcp.json'), text, { SECRET: 'from the environment' });
    const gateway = await startLocalGateway(read, { write: (event) => void events.push(event), flush: () => Promise.resolve() });
    gateways.push(gateway);
    return gateway;
  }

  const localToken = (gateway: LocalGateway, subject: string = LOCAL_USER) => gateway.issuer!.mint({ subject, audience: gateway.url });

  test('lets the local user of a plain mcp.json do everything, and nobody else anything', async () => {
    const gateway = await start({ mcpServers: { tiny: { ...tiny, env: { SECRET: '${SECRET}' } } } });
    const [server] = gateway.servers;
    expect(gateway.servers).toEqual([{ name: 'tiny', url: `${gateway.url}/mcp/tiny`, tools: 2 }]);
    const token = await localToken(gateway);
    expect(await toolNames(server!.url, token)).toEqual(['echo', 'shout']);
    expect((await callTool(server!.url, token, 'echo', { text: '$SECRET' })).body.result).toMatchObject({ content: [{ text: 'from the environment' }] });
    expect((await call(server!.url, undefined, 'tools/list')).status).toBe(401);
    expect((await call(server!.url, await localToken(gateway, 'somebody'), 'tools/list')).body.error?.data).toMatchObject({ reason: 'not_permitted' });
    expect((await call(server!.url, await createDemoIssuer({ issuer: gateway.url }).then((other) => other.mint({ subject: LOCAL_USER, audience: gateway.url })), 'tools/list')).status).toBe(401);
  });

  test('says what cannot be reached now: the keys of an issuer, and a server that may speak HTTP+SSE', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const policies = { 'a.cedar': 'permit (principal, action, resource);' };
    const gateway = await start({ mcpServers: { old: { url: `${nobody}/sse` } }, identity: { issuer: 'https://login.example.com', jwks: `${nobody}/jwks` } }, policies);
    expect(gateway.warnings).toEqual([
      'the keys of https://login.example.com cannot be had (ECONNREFUSED), and every token is refused until they can',
      'The server "old" refused the connection. Calls fail until it can be reached. If it speaks HTTP+SSE, give "type": "sse" beside its "url".',
      'The policies were not checked against the tools, because not every server could be asked for them.',
    ]);
  });

  test('serves a client of HTTP+SSE below the route of its server, and stops while its stream is open', async () => {
    const gateway = await start({});
    const headers = { authorization: `Bearer ${await localToken(gateway)}` };
    const client = new Client({ name: 'old', version: '1' });
    await client.connect(new SSEClientTransport(new URL(`${gateway.servers[0]!.url}/sse`), { requestInit: { headers } }));
    expect(await client.callTool({ name: 'echo', arguments: { text: 'over the stream' } })).toMatchObject({ content: [{ text: 'over the stream' }] });
    await client.close();
    const stranger = new SSEClientTransport(new URL(`${gateway.servers[0]!.url}/sse`));
    await expect(new Client({ name: 'old', version: '1' }).connect(stranger)).rejects.toThrow('401');
    await stranger.close();
    const open = await fetch(`${gateway.servers[0]!.url}/sse`, { headers: { ...headers, accept: 'text/event-stream' } });
    await Promise.all([gateways.pop()!.stop(), open.text()]);
    expect(events.filter(({ method }) => method === 'listen').map(({ decision }) => decision)).toEqual(['allow', 'allow']);
  });

  test('answers a legacy call when it stops whose stream nobody will take up again', async () => {
    const progress = { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1 } };
    const upstream = await startUpstream(legacyServer((response) => void stream(response).write(`id: 1\ndata: ${JSON.stringify(progress)}\n\n`)));
    const gateway = await start({ mcpServers: { remote: { url: upstream.url } }, anonymous: { id: 'me', type: 'User' } }, { 'all.cedar': 'permit (principal, action, resource);' });
    const client = new Client({ name: 'legacy', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(gateway.servers[0]!.url)));
    let arrived: () => void = () => {};
    const onItsWay = new Promise<void>((resolve) => (arrived = resolve));
    const calling = client.callTool({ name: 'slow', arguments: {} }, undefined, { onprogress: () => arrived() });
    const failing = expect(calling).rejects.toMatchObject({ code: -31502, message: expect.stringContaining('had not answered when the gateway stopped') });
    await onItsWay;
    await gateways.pop()!.stop();
    await failing;
    await client.close();
    await upstream.close();
    expect(events.find(({ method }) => method === 'tools/call')).toMatchObject({ decision: 'error', reason: 'gateway_stopped' });
  });

  test('JIT-2 knows network zones, and asks for a sign-in where a policy does', async () => {
    const policies = {
      'all.cedar': `permit (principal, action in Mcp::Action::"discover", resource);
permit (principal, action == Mcp::Action::"tiny/echo", resource) when { context.network has zone && context.network.zone == "here" };
permit (principal, action == Mcp::Action::"tiny/shout", resource);
@acr("phr") forbid (principal, action == Mcp::Action::"tiny/shout", resource) unless { context has authentication.acr && context.authentication.acr == "phr" };`,
    };
    const gateway = await start({ anonymous: { id: 'me', type: 'User' }, networkZones: { here: ['127.0.0.0/8', '::1'] } }, policies);
    const { url } = gateway.servers[0]!;
    expect((await callTool(url, undefined, 'echo', { text: 'a' })).body.result).toBeDefined();
    expect(await callTool(url, undefined, 'shout', { text: 'a' })).toMatchObject({ status: 401, body: { error: { data: { reason: 'insufficient_user_authentication' } } } });
    await gateways.pop()!.stop();
    rmSync(join(folder, 'policies'), { recursive: true });
    const elsewhere = await start({ anonymous: { id: 'me', type: 'User' }, networkZones: { here: ['192.0.2.0/24'] } }, policies);
    expect(await toolNames(elsewhere.servers[0]!.url)).toEqual(['shout']);
  });

  test('decides by the policies of the folder, on tools and arguments', async () => {
    const gateway = await start(
      { anonymous: { id: 'me', type: 'User' } },
      {
        'see.cedar': 'permit (principal, action in Mcp::Action::"discover", resource);',
        'use.cedar': 'permit (principal == Mcp::User::"me", action == Mcp::Action::"tiny/echo", resource) when { context.arguments.text like "good*" };',
      },
    );
    const url = `${gateway.url}/mcp/tiny`;
    expect(await toolNames(url)).toEqual(['echo']);
    expect((await callTool(url, undefined, 'echo', { text: 'good day' })).body.result).toMatchObject({ content: [{ text: 'good day' }] });
    expect((await callTool(url, undefined, 'echo', { text: 'bad day' })).body.error?.data).toMatchObject({ reason: 'not_permitted' });
    expect((await callTool(url, undefined, 'shout', { text: 'good day' })).body.error).toMatchObject({ code: -32602, message: 'Unknown tool: shout' });
    // Who only looks on hears of a call when its answer has left.
    await turn();
    expect(events.map(({ decision, target }) => `${decision} ${target ?? ''}`)).toEqual(['allow ', 'allow echo', 'deny echo', 'deny shout']);
  });

  test('hides the tools that the configuration leaves out, from the local user too', async () => {
    const gateway = await start({ mcpServers: { tiny: { ...tiny, excludeTools: ['shout'] } } });
    const token = await localToken(gateway);
    expect(await toolNames(`${gateway.url}/mcp/tiny`, token)).toEqual(['echo']);
    expect((await callTool(`${gateway.url}/mcp/tiny`, token, 'shout', { text: 'x' })).body.error?.message).toBe('Unknown tool: shout');
  });

  test('believes the tokens of the configured issuer, by its key file', async () => {
    const issuer = await createDemoIssuer({ issuer: 'https://login.example.com' });
    writeFileSync(join(folder, 'keys.json'), JSON.stringify(issuer.jwks));
    const gateway = await start(
      { identity: { issuer: issuer.issuer, jwks: 'keys.json', audience: 'my-api' } },
      { 'all.cedar': 'permit (principal in Mcp::Group::"staff", action, resource);' },
    );
    const url = `${gateway.url}/mcp/tiny`;
    expect(gateway.issuer).toBeUndefined();
    const mint = (audience: string) => issuer.mint({ subject: 'alice', groups: ['staff'], audience });
    expect(await toolNames(url, await mint(url))).toEqual(['echo', 'shout']);
    expect(await toolNames(url, await mint('my-api'))).toEqual(['echo', 'shout']);
    expect((await call(url, await mint('https://other.example.com'), 'tools/list')).status).toBe(401);
    const metadata = await fetch(`${gateway.url}/.well-known/oauth-protected-resource/mcp/tiny`);
    expect(await metadata.json()).toMatchObject({ resource: url, authorization_servers: ['https://login.example.com'] });
  });

  test('LOG-1 appends one line for each request to the audit file, which is for its owner alone', async () => {
    const gateway = await start({ audit: 'audit.jsonl' });
    await toolNames(`${gateway.url}/mcp/tiny`, await localToken(gateway));
    await call(`${gateway.url}/mcp/tiny`, undefined, 'tools/list');
    await gateways.pop()!.stop();
    const lines = readFileSync(join(folder, 'audit.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as AuditEvent & { readonly kind?: string }).map(({ decision, kind }) => decision ?? kind)).toEqual(['checkpoint', 'allow', 'deny', 'checkpoint']);
    expect(statSync(join(folder, 'audit.jsonl')).mode & 0o777).toBe(0o600);
  });

  test('GW-3 holds to the rates of the configuration', async () => {
    const gateway = await start({ limits: { rates: { perAddress: { requests: 2, seconds: 60 } } } });
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await call(`${gateway.url}/mcp/tiny`, undefined, 'tools/list')).status);
    expect(statuses).toEqual([401, 401, 429]);
  });

  test('refuses a Host that is not its own, so that no web page rebinds to it', async () => {
    const gateway = await start({});
    const { port } = new URL(gateway.url);
    expect((await call(`http://localhost:${port}/mcp/tiny`, undefined, 'tools/list')).status).toBe(401);
    const status = await new Promise((resolve) => {
      request({ port, host: '127.0.0.1', path: '/mcp/tiny', method: 'POST', headers: { host: 'evil.example.com' } }, (answer) => resolve(answer.resume().statusCode)).end();
    });
    expect(status).toBe(403);
  });

  test('says that it is there', async () => {
    const gateway = await start({});
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  });

  test('serves without a remote server that is away, and says so', async () => {
    const gateway = await start({ mcpServers: { tiny, away: { url: 'http://127.0.0.1:1/mcp' } } });
    expect(gateway.servers.map(({ tools }) => tools)).toEqual([2, undefined]);
    expect(gateway.warnings).toEqual(['The server "away" refused the connection. Calls fail until it can be reached.']);
  });

  test.each([
    ['a program that is not there', { mcpServers: { tiny, bad: { command: 'no-such-program' } } }, undefined, /^The server "bad" does not start: the command "no-such-program" of the server "bad" was not found/],
    [
      'a program that ends',
      { mcpServers: { bad: { command: process.execPath, args: ['-e', 'console.error("no database\\u001b[2J"); process.exit(3)'] } } },
      undefined,
      'The server "bad" does not start: it ended with code 3 before its first message; it said: no database\\u{1b}[2J',
    ],
    [
      'a program that says nothing',
      { mcpServers: { bad: { command: process.execPath, args: ['-e', 'setInterval(() => 0, 1000)'], limits: { firstByteMs: 300 } } } },
      undefined,
      'The server "bad" does not start: it did not begin to answer within 300 ms',
    ],
    ['no policy', {}, {}, /policies: expected Cedar policies in files that end in \.cedar, found none$/],
    ['a policy that is none', {}, { 'a.cedar': '\npermit (principal, action);' }, /policies\/a\.cedar:2:\d+: /],
    ['a policy on a tool that is not there', {}, { 'a.cedar': 'permit (principal, action == Mcp::Action::"tiny/ecko", resource);' }, /policies\/a\.cedar:1:\d+: .*tiny\/echo/],
    ['a policy on an argument that is not there', {}, { 'a.cedar': 'permit (principal, action == Mcp::Action::"tiny/echo", resource) when { context.arguments.txt == "x" };' }, /policies\/a\.cedar:1:\d+: .*txt/],
    ['a folder of policies that is not there', { policies: 'nowhere' }, undefined, /nowhere: expected a folder of \.cedar files, it cannot be read \(ENOENT\)$/],
  ])('does not start with %s', async (_name, config, policies, message) => {
    await expect(start(config, policies)).rejects.toThrow(message);
  });
});
