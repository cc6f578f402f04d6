import { createTokenAuthenticator } from '../../lambda/identity';
import { createSigner, type Signer } from '../identity/tokens';
import { modernServer, startUpstream, type FakeUpstream, type Respond } from './fixtures/upstream';
import { PUBLIC_URL, startHarness, type Harness } from './harness';

const ISSUER = 'https://login.example.com';

/** Keeps every stream open. */
const listening: Respond = ({ message, httpMethod }, response) => {
  if (httpMethod !== 'GET' && message?.method !== 'subscriptions/listen') return undefined;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const acknowledged = { jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: { _meta: { 'io.modelcontextprotocol/subscriptionId': message?.id ?? 1 }, notifications: {} } };
  response.write(httpMethod === 'GET' ? ': open\n\n' : `data: ${JSON.stringify(acknowledged)}\n\n`);
  return undefined;
};

const legacyListening: Respond = (received, response) => {
  if (received.message?.method === 'initialize') return { result: { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'x', version: '1' } } };
  return listening(received, response);
};

describe('CV-4 a stream does not outlive the token that it was opened with', () => {
  let signer: Signer;
  let upstream: FakeUpstream;
  let harness: Harness;
  beforeAll(async () => {
    signer = await createSigner();
  });
  afterEach(async () => {
    await harness.close();
    await upstream.close();
  });

  async function start(respond: Respond): Promise<void> {
    upstream = await startUpstream(respond);
    harness = startHarness([{ name: 'files', upstream: { kind: 'http', url: upstream.url, headers: {} } }], {
      httpSse: true,
      authenticator: createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: signer.jwks }], clockToleranceSeconds: 0 }),
    });
  }

  function tokenOf(milliseconds: number): Promise<string> {
    const now = Date.now() / 1000;
    return signer.sign({ aud: `${PUBLIC_URL}/mcp/files`, iat: Math.floor(now), exp: now + milliseconds / 1000 });
  }

  test('of 2026-07-28', async () => {
    await start(modernServer(undefined, listening));
    await harness.modern('files', 'tools/list', {}, { headers: { authorization: `Bearer ${await tokenOf(5_000)}` } });
    const authorization = `Bearer ${await tokenOf(3_000)}`;
    const started = performance.now();
    const answer = await harness.modern('files', 'subscriptions/listen', { notifications: { toolsListChanged: true } }, { headers: { authorization } });
    expect(answer.status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(700);
    expect(harness.events.at(-1)).toMatchObject({ notes: expect.arrayContaining(['token_expired']) });
  }, 10_000);

  test('of a legacy session', async () => {
    await start(legacyListening);
    const send = async (method: string, headers: Record<string, string>, body?: string) =>
      harness.gateway.fetch(new Request(`${PUBLIC_URL}/mcp/files`, { method, headers: { host: '127.0.0.1:8808', 'content-type': 'application/json', ...headers }, body }), {});
    const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } } };
    const opened = await send('POST', { authorization: `Bearer ${await tokenOf(60_000)}`, accept: 'application/json, text/event-stream' }, JSON.stringify(initialize));
    const session = opened.headers.get('mcp-session-id')!;
    const stream = await send('GET', { authorization: `Bearer ${await tokenOf(3_000)}`, accept: 'text/event-stream', 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' });
    expect(stream.status).toBe(200);
    await stream.text();
    expect(harness.events.at(-1)).toMatchObject({ notes: expect.arrayContaining(['token_expired']) });
  }, 10_000);

  test('of HTTP+SSE', async () => {
    await start(legacyListening);
    const headers = { host: '127.0.0.1:8808', accept: 'text/event-stream', authorization: `Bearer ${await tokenOf(3_000)}` };
    const stream = await harness.gateway.fetch(new Request(`${PUBLIC_URL}/mcp/files/sse`, { headers }), {});
    expect(stream.status).toBe(200);
    await stream.text();
    expect(harness.events.at(-1)).toMatchObject({ method: 'listen', notes: ['token_expired'] });
  }, 10_000);
});
