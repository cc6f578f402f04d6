import { CredentialUnavailable, type Caller, type UpstreamCredentials, type UpstreamRequest } from '../../lambda/credentials';
import { modernServer, startUpstream, type FakeUpstream, type Respond } from './fixtures/upstream';
import { startHarness, type Harness } from './harness';

/** Credentials that say whose they are, and the how manieth; `good` says which the server takes. */
function numbered(owner: UpstreamCredentials['owner'] = 'principal') {
  const asked: { readonly caller: Caller | undefined; readonly request: UpstreamRequest }[] = [];
  const serial = new Map<string, number>();
  const nameOf = (caller: Caller | undefined) => caller?.token ?? 'gateway';
  const credentials: UpstreamCredentials = {
    owner,
    headersFor: async (request, caller) => {
      asked.push({ caller, request });
      if (owner === 'principal' && caller === undefined) throw new CredentialUnavailable('there is no principal');
      return { authorization: `Bearer for-${nameOf(caller)}-${serial.get(nameOf(caller)) ?? 1}` };
    },
    refused: (caller) => void serial.set(nameOf(caller), (serial.get(nameOf(caller)) ?? 1) + 1),
  };
  return { credentials, asked };
}

describe('IAM-3 credentials towards a server', () => {
  let upstream: FakeUpstream | undefined;
  let harness: Harness | undefined;
  afterEach(async () => {
    await harness?.close();
    await upstream?.close();
  });

  async function start(credentials: UpstreamCredentials, respond: Respond = modernServer()): Promise<Harness> {
    upstream = await startUpstream(respond);
    harness = startHarness([{ name: 'crm', upstream: { kind: 'http', url: upstream.url, headers: { 'x-configured': 'yes' } }, credentials }]);
    return harness;
  }
  const call = (principal = 'alice') => harness!.modern('crm', 'tools/call', { name: 'echo', arguments: { text: 'x' } }, { principal });
  const sent = () => upstream!.received.map(({ headers }) => headers.authorization);

  test('are those of the principal, on every request made for it', async () => {
    await start(numbered().credentials);
    for (const principal of ['alice', 'bob', 'alice']) expect((await call(principal)).response.result).toBeDefined();
    expect(new Set(sent())).toEqual(new Set(['Bearer for-alice-1', 'Bearer for-bob-1']));
    const calls = upstream!.received.filter(({ message }) => message.method === 'tools/call');
    expect(calls.map(({ headers }) => headers.authorization)).toEqual(['Bearer for-alice-1', 'Bearer for-bob-1', 'Bearer for-alice-1']);
    expect(calls.every(({ headers }) => headers['x-configured'] === 'yes')).toBe(true);
  });

  test('MUL-6 never mix, however many principals call at once', async () => {
    await start(numbered().credentials, modernServer(undefined, ({ message, headers }) => (message.method === 'tools/call' ? { result: { resultType: 'complete', content: [{ type: 'text', text: headers.authorization! }] } } : undefined)));
    const principals = Array.from({ length: 40 }, (_, index) => `user-${index % 8}`);
    const answers = await Promise.all(principals.map((principal) => call(principal)));
    expect(answers.map(({ response }) => response.result.content[0].text)).toEqual(principals.map((principal) => `Bearer for-${principal}-1`));
  });

  test('that the server refuses are renewed, and the request is sent once more', async () => {
    await start(numbered().credentials, (received, response) => {
      if (received.headers.authorization!.endsWith('-1')) {
        response.writeHead(401).end();
        return undefined;
      }
      return modernServer()(received, response);
    });
    expect((await call()).response.result.content).toBeDefined();
    expect(upstream!.received.filter(({ message }) => message.method === 'tools/call').map(({ headers }) => headers.authorization)).toEqual(['Bearer for-alice-2']);
  });

  test('that the server refuses twice are an error of the upstream, not one of the client', async () => {
    const { credentials } = numbered();
    await start(credentials, (received, response) => {
      if (received.message.method !== 'tools/call') return modernServer()(received, response);
      response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();
      return undefined;
    });
    const answer = await call();
    expect(answer.status).toBe(200);
    expect(answer.headers.has('www-authenticate')).toBe(false);
    expect(answer.response.error.data).toMatchObject({ reason: 'upstream_status' });
    expect(upstream!.received.filter(({ message }) => message.method === 'tools/call')).toHaveLength(2);
  });

  test('that cannot be had mean that nothing is sent', async () => {
    await start({ owner: 'principal', headersFor: () => Promise.reject(new CredentialUnavailable('the authorization server issued no token: invalid_grant')), refused: () => undefined });
    const answer = await call();
    expect(answer.response.error).toMatchObject({ message: 'The request was not sent: the authorization server issued no token: invalid_grant.', data: { reason: 'upstream_credential' } });
    expect(upstream!.received).toEqual([]);
    expect(harness!.events.at(-1)).toMatchObject({ reason: 'upstream_credential' });
  });

  test('of the gateway are the same for everybody, and see the request that they sign', async () => {
    const { credentials, asked } = numbered('gateway');
    await start(credentials);
    for (const principal of ['alice', 'bob']) await call(principal);
    expect(new Set(sent())).toEqual(new Set(['Bearer for-gateway-1']));
    expect(asked.every(({ caller }) => caller === undefined)).toBe(true);
    const last = asked.at(-1)!.request;
    expect({ method: last.method, url: last.url.href, message: JSON.parse(last.body()) }).toEqual({ method: 'POST', url: upstream!.url, message: upstream!.received.at(-1)!.message });
  });
});
