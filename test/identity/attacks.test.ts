import { createHmac, createPublicKey, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTokenAuthenticator, toolAudience, type TrustedIssuer } from '../../lambda/identity';
import { modernServer, startUpstream, type FakeUpstream, type Respond } from '../gateway/fixtures/upstream';
import { PUBLIC_URL, startHarness, type Answer, type Harness, type ModernOptions } from '../gateway/harness';
import { createProver, type Prover } from './proofs';
import { createSigner, encode, type Signer } from './tokens';

const ISSUER = 'https://login.example.com';
const at = (server: string) => `${PUBLIC_URL}/mcp/${server}`;
const INPUT = { type: 'object', properties: { text: { type: 'string' } } };
const TOOLS = ['echo', 'ask', 'wipe'].map((name) => ({ name, inputSchema: INPUT }));

/** Asks back once, with request state. */
const asking: Respond = ({ message }) => {
  const { method, params } = message;
  if (method !== 'tools/call' || params.name !== 'ask' || params.requestState !== undefined) return undefined;
  const inputRequests = { q: { method: 'elicitation/create', params: { mode: 'form', message: 'sure?', requestedSchema: { type: 'object', properties: {} } } } };
  return { result: { resultType: 'input_required', inputRequests, requestState: 'state-of-the-upstream' } };
};

let signer: Signer;
let upstream: FakeUpstream;
let harness: Harness;
let authentic: string;

beforeAll(async () => {
  signer = await createSigner();
  upstream = await startUpstream(modernServer(TOOLS, asking));
});
afterAll(() => upstream.close());
beforeEach(async () => {
  upstream.received.length = 0;
  harness = gatewayOf();
  authentic = await tokenFor('alice');
});
afterEach(() => harness.close());

function gatewayOf(issuer: Partial<TrustedIssuer> = {}): Harness {
  const server = { upstream: { kind: 'http' as const, url: upstream.url, headers: {} } };
  return startHarness(
    [
      { name: 'files', ...server },
      { name: 'crm', ...server },
      { name: 'bound', senderConstraint: 'required', ...server },
    ],
    { authenticator: createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: signer.jwks, ...issuer }] }) },
  );
}

function tokenFor(sub: string, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, own = signer): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return own.sign({ sub, aud: at('files'), iat: now, exp: now + 300, ...claims }, header);
}

/** What a call with `token` comes to. */
function call(token: string, tool = 'echo', options: ModernOptions & { readonly server?: string; readonly params?: object } = {}): Promise<Answer> {
  const { server = 'files', params = {}, headers, ...rest } = options;
  const withToken = { authorization: `Bearer ${token}`, ...headers };
  return harness.modern(server, 'tools/call', { name: tool, arguments: { text: 'x' }, ...params }, { ...rest, headers: withToken, capabilities: { elicitation: { form: {} } } });
}

async function expectRefused(token: string, reason: string, options = {}): Promise<void> {
  const answer = await call(token, 'echo', options);
  expect(answer).toMatchObject({ status: 401, response: undefined });
  expect(harness.events.at(-1)).toMatchObject({ decision: 'deny', reason });
  expect(upstream.received).toEqual([]);
}

/** The other half of `token`, under a header of the attacker's. */
function withHeader(token: string, header: object, sign: (input: string) => string): string {
  const input = `${encode(header)}.${token.split('.')[1]}`;
  return `${input}.${sign(input)}`;
}

describe('a forged token reaches no server', () => {
  it('lets the real one through, so that the others fail for their own reason', async () => {
    expect((await call(authentic)).response.result.content).toEqual([{ type: 'text', text: '{"text":"x"}' }]);
  });

  it('alg=none', async () => {
    for (const alg of ['none', 'None', 'NONE', '']) {
      const forged = withHeader(authentic, { alg, typ: 'at+jwt', kid: signer.kid }, () => '');
      expect((await call(forged)).status).toBe(401);
      const signed = withHeader(authentic, { alg, typ: 'at+jwt', kid: signer.kid }, () => authentic.split('.')[2]!);
      expect((await call(signed)).status).toBe(401);
    }
    expect(upstream.received).toEqual([]);
  });

  it('key confusion: a MAC with the issuer\'s public key as its secret', async () => {
    const key = createPublicKey({ key: signer.jwk as never, format: 'jwk' });
    const secrets = [key.export({ type: 'spki', format: 'pem' }), key.export({ type: 'spki', format: 'der' }), JSON.stringify(signer.jwk), signer.jwk.x!];
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      for (const secret of secrets) {
        const mac = (input: string) => createHmac(`sha${alg.slice(2)}`, secret).update(input).digest('base64url');
        await expectRefused(withHeader(authentic, { alg, typ: 'at+jwt', kid: signer.kid }, mac), 'algorithm_not_allowed');
      }
    }
  });

  it.each(['../../dev/null', "' OR 1=1 --", '/proc/self/environ', 'https://evil.example.com/key', '', '__proto__', 'constructor', 'x'.repeat(5000)])('kid injection: %p', async (kid) => {
    const impostor = await createSigner('impostor');
    await expectRefused(await tokenFor('alice', {}, { kid }, impostor), 'unknown_key');
  });

  it('JWKS swap: the token brings its own keys, and where to get them', async () => {
    const impostor = await createSigner(signer.kid);
    for (const header of [{ jwk: impostor.jwk }, { jku: 'https://evil.example.com/jwks' }, { x5u: 'https://evil.example.com/x' }]) {
      await expectRefused(await tokenFor('alice', {}, header, impostor), 'bad_signature');
    }
  });

  it('JWKS swap: one trusted issuer signs in the name of another', async () => {
    await harness.close();
    const other = await createSigner(signer.kid);
    const authenticator = createTokenAuthenticator({
      issuers: [
        { issuer: ISSUER, jwks: signer.jwks, subjectPrefix: '' },
        { issuer: 'https://other.example.com', jwks: other.jwks, subjectPrefix: 'other/' },
      ],
    });
    harness = startHarness([{ name: 'files', upstream: { kind: 'http', url: upstream.url, headers: {} } }], { authenticator });
    await expectRefused(await tokenFor('alice', {}, {}, other), 'bad_signature');
    await call(await tokenFor('alice', { iss: 'https://other.example.com' }, {}, other));
    expect(harness.events.at(-1)).toMatchObject({ principal: { id: 'other/alice' } });
  });

  it.each<[string, () => Record<string, unknown>, string]>([
    ['of another audience', () => ({ aud: at('crm') }), 'wrong_audience'],
    ['of no audience', () => ({ aud: undefined }), 'missing_claim'],
    ['whose audience only begins alike', () => ({ aud: `${at('files')}-2` }), 'wrong_audience'],
    ['of another issuer', () => ({ iss: 'https://evil.example.com' }), 'unknown_issuer'],
    ['of an issuer that is spelt alike', () => ({ iss: `${ISSUER}/` }), 'unknown_issuer'],
    ['that expired', () => ({ exp: Math.floor(Date.now() / 1000) - 60 }), 'expired'],
    ['that never expires', () => ({ exp: undefined }), 'missing_claim'],
    ['that is not valid yet', () => ({ nbf: Math.floor(Date.now() / 1000) + 120 }), 'not_yet_valid'],
  ])('a token %s', async (_case, claims, reason) => {
    await expectRefused(await tokenFor('alice', claims()), reason);
  });

  it('an ID token of the same issuer, for the same audience', async () => {
    await expectRefused(await tokenFor('alice', { nonce: 'n', at_hash: 'h' }, { typ: 'JWT' }), 'wrong_type');
  });

  it('a DPoP proof in the place of a token', async () => {
    const client = await createProver();
    await expectRefused(await client.prove('x', { iss: ISSUER, aud: at('files'), sub: 'alice', exp: 4e9 }), 'bad_signature');
  });
});

describe('IAM-4 a stolen token is of no use', () => {
  let client: Prover;
  let thief: Prover;
  let token: string;
  const proofFor = (prover: Prover, claims = {}) => prover.prove(token, { htu: at('bound'), iat: Math.floor(Date.now() / 1000), ...claims });
  const present = async (dpop: string | undefined, scheme = 'DPoP') =>
    (await call(token, 'echo', { server: 'bound', headers: { authorization: `${scheme} ${token}`, ...(dpop === undefined ? {} : { dpop }) } })).status;

  beforeEach(async () => {
    client = await createProver();
    thief = await createProver();
    token = await tokenFor('alice', { aud: at('bound'), cnf: { jkt: client.thumbprint } });
  });

  it('to whoever has another key, or none', async () => {
    expect(await present(undefined, 'Bearer')).toBe(401);
    expect(await present(undefined)).toBe(401);
    expect(await present(await proofFor(thief))).toBe(401);
    expect(upstream.received).toEqual([]);
    expect(await present(await proofFor(client))).toBe(200);
  });

  it('with a proof that was overheard: a replayed jti', async () => {
    const proof = await proofFor(client);
    expect(await present(proof)).toBe(200);
    const before = upstream.received.length;
    expect(await present(proof)).toBe(401);
    expect(harness.events.at(-1)).toMatchObject({ reason: 'proof_replayed' });
    expect(upstream.received).toHaveLength(before);
  });

  it('with a proof that was made for another server, method or time', async () => {
    for (const claims of [{ htu: at('files') }, { htm: 'GET' }, { iat: Math.floor(Date.now() / 1000) - 400 }]) expect(await present(await proofFor(client, claims))).toBe(401);
    expect(upstream.received).toEqual([]);
  });

  it('when it is bound to a certificate that the thief does not have', async () => {
    token = await tokenFor('alice', { aud: at('bound'), cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' } });
    expect(await present(undefined, 'Bearer')).toBe(401);
    expect(harness.events.at(-1)).toMatchObject({ reason: 'wrong_certificate' });
    expect(upstream.received).toEqual([]);
  });
});

describe('what belongs to one principal is nothing to another', () => {
  it('MUL-6 a legacy session id', async () => {
    await upstream.close();
    upstream = await startUpstream(({ message }) =>
      message.method === 'initialize'
        ? { result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } } }
        : message.method === 'tools/list' ? { result: { tools: TOOLS } } : message.id === undefined ? undefined : { result: { content: [] } },
    );
    await harness.close();
    harness = gatewayOf();
    const post = (token: string, message: object, session?: string) =>
      harness.gateway.fetch(
        new Request(at('files'), {
          method: 'POST',
          headers: { host: '127.0.0.1:8808', authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...(session === undefined ? {} : { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }) },
          body: JSON.stringify({ jsonrpc: '2.0', ...message }),
        }),
        { address: '127.0.0.1' },
      );
    const opened = await post(authentic, { id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } } });
    const session = opened.headers.get('mcp-session-id')!;
    const list = { id: 2, method: 'tools/list' };
    expect((await post(authentic, list, session)).status).toBe(200);
    expect((await post(await tokenFor('bob'), list, session)).status).toBe(404);
    expect((await post(await tokenFor('alice', { client_id: 'alice' }), list, session)).status).toBe(404);
    await upstream.close();
    upstream = await startUpstream(modernServer(TOOLS, asking));
  });

  it('MUL-6 the state of an unfinished call', async () => {
    const asked = (await call(authentic, 'ask')).response.result;
    expect(asked.resultType).toBe('input_required');
    expect(asked.requestState).not.toContain('state-of-the-upstream');
    const answer = { inputResponses: { q: { action: 'accept', content: {} } }, requestState: asked.requestState };
    upstream.received.length = 0;
    const theirs = await call(await tokenFor('bob'), 'ask', { params: answer });
    expect(theirs.response.result).toBeUndefined();
    expect(upstream.received.filter(({ message }) => message.params?.requestState !== undefined)).toEqual([]);
    expect((await call(authentic, 'ask', { params: answer })).response.result.content).toBeDefined();
    expect(upstream.received.at(-1)!.message.params.requestState).toBe('state-of-the-upstream');
  });

  it('IAM-3 the client\'s token never reaches a server: confused deputy, token passthrough', async () => {
    await call(authentic);
    for (const { headers } of upstream.received) {
      expect(headers).not.toHaveProperty('authorization');
      expect(JSON.stringify(headers)).not.toContain(authentic.split('.')[2]);
    }
  });
});

describe('IAM-2, IAM-3 a token for one tool', () => {
  it('calls it, and neither sees nor calls anything else', async () => {
    const token = await tokenFor('alice', { aud: toolAudience(at('files'), 'echo') });
    expect((await call(token)).response.result.content).toBeDefined();
    expect((await call(token, 'wipe')).response.error.message).toBe('Unknown tool: wipe');
    const list = await harness.modern('files', 'tools/list', {}, { headers: { authorization: `Bearer ${token}` } });
    expect(list.response.result.tools.map(({ name }: { name: string }) => name)).toEqual(['echo']);
    for (const [method, params] of [['resources/read', { uri: 'file:///x' }], ['prompts/get', { name: 'p' }]] as const) {
      expect((await harness.modern('files', method, params, { headers: { authorization: `Bearer ${token}` } })).response.error).toBeDefined();
    }
  });

  it('with arguments is good for exactly these', async () => {
    const token = await tokenFor('alice', { authorization_details: [{ type: 'mcp_tool', locations: [at('files')], tools: ['echo'], arguments: { text: 'x' } }] });
    expect((await call(token)).response.result.content).toBeDefined();
    for (const given of [{ text: 'y' }, {}, { text: 'x ' }]) {
      const answer = await call(token, 'echo', { params: { arguments: given } });
      expect(answer.response.error.data).toMatchObject({ reason: 'forbidden', policyIds: ['token'] });
    }
  });
});

describe('SSRF through discovery', () => {
  let inside: Server;
  let hits: number;

  beforeEach(async () => {
    hits = 0;
    inside = createServer((_request, response) => {
      hits += 1;
      response.end(JSON.stringify(signer.jwks));
    });
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => inside.close(resolve)));

  it('an issuer\'s metadata leads to no address inside', async () => {
    const { port } = inside.address() as AddressInfo;
    for (const jwksUri of [`http://127.0.0.1:${port}/jwks`, `https://127.0.0.1:${port}/jwks`, `http://localhost:${port}/`, 'http://169.254.169.254/latest/meta-data/', `http://[::1]:${port}/`]) {
      const issuer = createServer((_request, response) => response.end(JSON.stringify({ issuer: origin, jwks_uri: jwksUri })));
      await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
      const origin = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
      await harness.close();
      harness = gatewayOf({ issuer: origin, jwks: undefined });
      const answer = await call(await tokenFor('alice', { iss: origin }));
      expect(answer.status).toBe(503);
      expect(harness.events.at(-1)).toMatchObject({ reason: 'keys_unavailable' });
      await new Promise((resolve) => issuer.close(resolve));
    }
    expect(hits).toBe(0);
  });
});

describe('credentials that are no token', () => {
  it.each(['Bearer', 'Bearer ', 'Bearer a b', 'DPoP', 'Bearer a,Bearer b', `Bearer ${'a'.repeat(20_000)}`])('%p', async (authorization) => {
    const answer = await call('', 'echo', { headers: { authorization } });
    expect([400, 401]).toContain(answer.status);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
  });

  it('in the query', async () => {
    const response = await harness.gateway.fetch(new Request(`${at('files')}?access_token=${authentic}`, { method: 'POST', headers: { host: '127.0.0.1:8808', authorization: `Bearer ${authentic}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' }, body: '{}' }), {});
    expect(response.status).toBe(400);
  });

  it('random bytes', async () => {
    for (let i = 0; i < 50; i++) expect((await call(randomBytes(1 + i).toString('base64url'))).status).toBe(401);
    expect(upstream.received).toEqual([]);
  });
});
