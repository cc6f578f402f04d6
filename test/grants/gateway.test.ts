import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { CredentialUnavailable, type UpstreamCredentials } from '../../lambda/credentials';
import { createGrantDesk, createKillSwitch, type Grant, type GrantDesk, type GrantEvent } from '../../lambda/grants';
import { PURPOSE_KEY, type GatewayOptions, type GrantSite } from '../../lambda/gateway';
import { principalId, type Principal } from '../../lambda/identity';
import { GatewayErrorCode, type JsonObject } from '../../lambda/protocol';
import { openMemoryTable, type LocalTable } from '../../lambda/stores/local-table';
import { connect } from '../gateway/eras/clients';
import { modernServer, startUpstream, type FakeUpstream, type Respond } from '../gateway/fixtures/upstream';
import { PUBLIC_URL, startHarness, type Harness } from '../gateway/harness';
import { carol, cedarAuthority, erin, POLICIES } from './fixtures';

const bob: Principal = { type: 'User', id: principalId('bob'), groups: [], scopes: [], issuer: 'test' };
const READ = { name: 'read', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } };
const WIPE = { name: 'wipe', inputSchema: { type: 'object', properties: { table: { type: 'string' } } } };
const SECRET = { name: 'secret', inputSchema: { type: 'object' } };
const TOOLS = [READ, WIPE, SECRET];

const CALLS = {
  connect: 'permit (principal, action in Mcp::Action::"discover", resource);',
  read: 'permit (principal, action in Mcp::Action::"callTool", resource) when { resource.readOnly };',
  wipe: 'permit (principal, action == Mcp::Action::"memory/wipe", resource) when { context has grant };',
};
const ANYONE_ASKS = { ask: 'permit (principal == Mcp::User::"bob", action == Mcp::Action::"requestGrant", resource);' };

const URL_CLIENT: JsonObject = { elicitation: { url: {} } };

interface Instance {
  readonly harness: Harness;
  readonly desk: GrantDesk;
}

describe('a gateway with grants', () => {
  let table: LocalTable;
  let upstream: FakeUpstream;
  let onCall: Respond;
  let events: GrantEvent[];
  const started: Instance[] = [];

  beforeAll(async () => {
    table = await openMemoryTable();
  });
  afterAll(() => table.close());

  beforeEach(async () => {
    events = [];
    onCall = () => undefined;
    upstream = await startUpstream(modernServer(TOOLS, (received, response) => (received.message.method === 'tools/call' ? onCall(received, response) : undefined)));
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map(({ harness }) => harness.close()));
    await upstream.close();
  });

  interface StartOptions {
    readonly policies?: Record<string, string>;
    readonly waitMs?: number;
    readonly url?: string;
    readonly gateway?: Partial<GatewayOptions>;
    readonly credentials?: UpstreamCredentials;
  }

  /** One instance of the gateway; all of them share the table. Every test has a server of its own name, so that tests share no grants. */
  let server = 'memory';
  function start({ policies = {}, waitMs = 0, url = upstream.url, gateway = {}, credentials }: StartOptions = {}): Instance {
    const all = { ...POLICIES, ...CALLS, ...ANYONE_ASKS, ...policies };
    const authority = cedarAuthority(all, [server]);
    const desk = createGrantDesk({ store: table.store, authority, limits: { maxWaiting: 1_000 }, onEvent: (event) => void events.push(event) });
    const killSwitch = createKillSwitch({ marks: desk.marks, refreshMs: 100 });
    const harness = startHarness([{ name: server, upstream: { kind: 'http', url, headers: {} }, credentials }], {
      decisionPoint: createCedarDecisionPoint({ policies: all }),
      grants: { desk, killSwitch, waitMs, approvalUrl: (id) => `https://gateway.example/approvals/${id}` },
      ...gateway,
    });
    const instance = { harness, desk };
    started.push(instance);
    return instance;
  }

  const wipe = ({ harness }: Instance, args: object = { table: 'x' }, more: JsonObject = {}, capabilities: JsonObject = {}, principal = 'bob') =>
    harness.modern(server, 'tools/call', { name: 'wipe', arguments: args as JsonObject, ...more }, { principal, capabilities });
  const received = () => upstream.received.filter(({ message }) => message?.method === 'tools/call');
  const waiting = async (instance: Instance): Promise<Grant> => (await instance.desk.list(bob)).find((grant) => grant.state === 'requested' && grant.terms.server === server)!;

  let number = 0;
  beforeEach(() => {
    number += 1;
    server = `memory-${number}`;
    CALLS.wipe = `permit (principal, action == Mcp::Action::"${server}/wipe", resource) when { context has grant };`;
  });

  test('calls that need no grant never meet the desk', async () => {
    const instance = start();
    const { response } = await instance.harness.modern(server, 'tools/call', { name: 'read', arguments: {} }, { principal: 'bob' });
    expect(response.result.content).toBeDefined();
    expect(await instance.desk.list(bob).then((all) => all.filter((grant) => grant.terms.server === server))).toEqual([]);
  });

  test('JIT-5 a denied call says where to ask, is asked for once, and passes once after the approval', async () => {
    const instance = start();
    const { response } = await wipe(instance);
    expect(response.error).toMatchObject({ code: GatewayErrorCode.ACCESS_DENIED, data: { reason: 'grant_required' } });
    const grant = await waiting(instance);
    expect(response.error.message).toContain(`https://gateway.example/approvals/${grant.id}`);
    expect(grant.terms).toMatchObject({ tool: 'wipe', purpose: '(the client does not say)', arguments: { kind: 'exact', shown: { table: 'x' } } });
    await wipe(instance);
    expect((await instance.desk.list(bob)).filter((one) => one.terms.server === server)).toHaveLength(1);
    expect(received()).toHaveLength(0);
    await instance.desk.approve(grant.id, erin);
    expect((await wipe(instance, { table: 'y' })).response.error).toBeDefined();
    expect((await wipe(instance)).response.result.content[0].text).toBe('{"table":"x"}');
    expect((await wipe(instance)).response.error).toBeDefined();
    expect(received()).toHaveLength(1);
    const allowed = instance.harness.events.find((event) => event.decision === 'allow' && event.target === 'wipe');
    expect(allowed).toMatchObject({ policyIds: ['wipe'], notes: [`grant_used:${grant.id}`] });
  });

  test('JIT-1 another principal cannot use the grant', async () => {
    const instance = start();
    await wipe(instance);
    await instance.desk.approve((await waiting(instance)).id, erin);
    expect((await wipe(instance, { table: 'x' }, {}, {}, 'mallory')).response.error).toBeDefined();
    expect(received()).toHaveLength(0);
  });

  test('JIT-3 what the client says the call is for is what the approver reads, and policies compare it', async () => {
    const policies = { wipe: `permit (principal, action == Mcp::Action::"${server}/wipe", resource) when { context has grant && context has purpose && context.grant.purpose == context.purpose };` };
    const instance = start({ policies });
    const call = (purpose: string) => instance.harness.modern(server, 'tools/call', { name: 'wipe', arguments: { table: 'x' } }, { principal: 'bob', meta: { [PURPOSE_KEY]: purpose } });
    await call('INC-1');
    const grant = await waiting(instance);
    expect(grant.terms.purpose).toBe('INC-1');
    await instance.desk.approve(grant.id, erin);
    expect((await call('INC-2')).response.error).toBeDefined();
    expect((await call('INC-1')).response.result.content).toBeDefined();
  });

  test('a tool that a grant could open is listed, one that none could open is not, and is answered like none', async () => {
    const instance = start();
    const { response } = await instance.harness.modern(server, 'tools/list', {}, { principal: 'bob' });
    expect(response.result.tools.map(({ name }: { name: string }) => name)).toEqual(['read', 'wipe']);
    const hidden = await instance.harness.modern(server, 'tools/call', { name: 'secret', arguments: {} }, { principal: 'bob' });
    expect(hidden.response.error).toMatchObject({ code: -32602, message: 'Unknown tool: secret' });
    expect(await waiting(instance)).toBeUndefined();
  });

  test('who may not ask is told so, and nothing waits for approval', async () => {
    const instance = start();
    const { response } = await wipe(instance, { table: 'x' }, {}, URL_CLIENT, 'mallory');
    expect(response.error.data.reason).toBe('grant_not_permitted');
    expect(await instance.desk.list(erin).then((all) => all.filter((grant) => grant.terms.server === server))).toEqual([]);
  });

  test('a policy that approves by itself lets the very same call pass', async () => {
    const instance = start({ policies: { auto: 'permit (principal == Mcp::User::"bob", action == Mcp::Action::"autoApproveGrant", resource) when { context.request.argumentsBound };' } });
    expect((await wipe(instance)).response.result.content).toBeDefined();
    expect((await instance.desk.list(bob)).filter((grant) => grant.terms.server === server)).toMatchObject([{ state: 'consumed', approvals: [{ by: { type: 'Policy', id: 'auto' } }] }]);
  });

  describe('a client of the modern era', () => {
    const ask = async (instance: Instance) => {
      const { response } = await wipe(instance, { table: 'x' }, {}, URL_CLIENT);
      expect(response.result.resultType).toBe('input_required');
      const [[key, question]] = Object.entries(response.result.inputRequests) as [[string, any]];
      return { state: response.result.requestState as string, key, question };
    };
    const retry = (instance: Instance, { state, key }: { state: string; key: string }, action = 'accept', args: object = { table: 'x' }, principal = 'bob') =>
      wipe(instance, args, { requestState: state, inputResponses: { [key]: { action } } }, URL_CLIENT, principal);

    test('JIT-5 is asked to open the page, and its retry uses the grant', async () => {
      const instance = start();
      const asked = await ask(instance);
      const grant = await waiting(instance);
      expect(asked.question).toMatchObject({ method: 'elicitation/create', params: { mode: 'url', url: `https://gateway.example/approvals/${grant.id}` } });
      expect((await retry(instance, asked)).response.result.resultType).toBe('input_required');
      await instance.desk.approve(grant.id, erin);
      const { response } = await retry(instance, asked);
      expect(response.result.content[0].text).toBe('{"table":"x"}');
      // What the gateway asked for does not reach the server.
      expect(Object.keys(received()[0]!.message.params).sort()).toEqual(['_meta', 'arguments', 'name']);
    });

    test('waits for the decision instead of coming back at once', async () => {
      const instance = start({ waitMs: 5_000 });
      const asked = await ask(instance);
      const retried = retry(instance, asked);
      await instance.desk.approve((await waiting(instance)).id, erin);
      expect((await retried).response.result.content).toBeDefined();
    });

    test('the official client drives it from the question to the result', async () => {
      const instance = start({ waitMs: 5_000 });
      const client = await connect('v2 (modern)', instance.harness, server, 'bob');
      try {
        const called = client.call('wipe', { table: 'x' });
        let grant: Grant | undefined;
        while (grant === undefined) grant = await waiting(instance);
        await instance.desk.approve(grant.id, erin);
        expect((await called).content[0].text).toBe('{"table":"x"}');
        expect(client.asked.map(({ params }) => params.url)).toEqual([`https://gateway.example/approvals/${grant.id}`]);
      } finally {
        await client.close();
      }
    });

    test('is refused for good when the request is denied or declined', async () => {
      const instance = start();
      const declined = await ask(instance);
      expect((await retry(instance, declined, 'decline')).response.error.data).toMatchObject({ reason: 'grant_required', state: 'requested' });
      await instance.desk.deny((await waiting(instance)).id, erin, 'no');
      expect((await retry(instance, declined)).response.error.data).toMatchObject({ reason: 'grant_required', state: 'denied' });
    });

    test('MUL-6 cannot bring the state of another principal', async () => {
      const instance = start();
      const asked = await ask(instance);
      await instance.desk.approve((await waiting(instance)).id, erin);
      expect((await retry(instance, asked, 'accept', { table: 'x' }, 'mallory')).response.error.code).toBe(-32602);
      expect(received()).toHaveLength(0);
    });

    test('cannot change its arguments after the approval', async () => {
      const instance = start();
      const asked = await ask(instance);
      await instance.desk.approve((await waiting(instance)).id, erin);
      expect((await retry(instance, asked, 'accept', { table: 'everything' })).response.error).toBeDefined();
      expect(received()).toHaveLength(0);
    });

    test('a call that its server answers with a question goes on under the same single use, with the same arguments alone', async () => {
      const instance = start();
      let rounds = 0;
      onCall = ({ message }) => {
        rounds += 1;
        if (rounds === 1) return { result: { resultType: 'input_required', requestState: 'upstream-state', inputRequests: { sure: { method: 'elicitation/create', params: { mode: 'url', message: 'Sure?', url: 'https://example.com/' } } } } };
        return { result: { resultType: 'complete', content: [{ type: 'text', text: `${message.params.requestState} ${message.params.inputResponses.sure.action}` }] } };
      };
      const asked = await ask(instance);
      await instance.desk.approve((await waiting(instance)).id, erin);
      const { response } = await retry(instance, asked);
      expect(response.result).toMatchObject({ resultType: 'input_required', inputRequests: { sure: {} } });
      const goOn = (args: object, principal = 'bob') => wipe(instance, args, { requestState: response.result.requestState, inputResponses: { sure: { action: 'accept' } } }, URL_CLIENT, principal);
      expect((await goOn({ table: 'y' })).response.error.data.reason).toBe('not_permitted');
      expect((await goOn({ table: 'x' }, 'mallory')).response.error.code).toBe(-32602);
      expect((await goOn({ table: 'x' })).response.result.content[0].text).toBe('upstream-state accept');
      expect((await goOn({ table: 'x' })).response.error).toBeDefined();
      expect(rounds).toBe(2);
    });
  });

  describe('a client of the legacy era', () => {
    test('gets the error that asks for a URL elicitation where it can open one', async () => {
      const instance = start();
      const client = await connect('v1 (legacy)', instance.harness, server, 'bob');
      try {
        const error: any = await client.call('wipe', { table: 'x' }).catch((reason: unknown) => reason);
        const grant = await waiting(instance);
        expect(error).toMatchObject({ code: -32042, data: { elicitations: [{ mode: 'url', elicitationId: grant.id, url: `https://gateway.example/approvals/${grant.id}` }] } });
        await instance.desk.approve(grant.id, erin);
        expect((await client.call('wipe', { table: 'x' })).content[0].text).toBe('{"table":"x"}');
      } finally {
        await client.close();
      }
    });

    test('gets an error that says how to ask where it cannot', async () => {
      const instance = start();
      const client = await connect('v1 (legacy)', instance.harness, server, 'bob', {});
      try {
        const error: any = await client.call('wipe', { table: 'x' }).catch((reason: unknown) => reason);
        expect(error.code).toBe(GatewayErrorCode.ACCESS_DENIED);
        expect(error.message).toContain('https://gateway.example/approvals/');
      } finally {
        await client.close();
      }
    });
  });

  describe('several instances', () => {
    test('JIT-1 of 100 concurrent calls on a single-use grant exactly one passes across 4 instances', async () => {
      const instances = [start(), start(), start(), start()];
      await wipe(instances[0]!);
      await instances[1]!.desk.approve((await waiting(instances[0]!)).id, erin);
      // Each instance knows the tools before the race begins.
      for (const { harness } of instances) await harness.modern(server, 'tools/list', {}, { principal: 'bob' });
      const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => wipe(instances[index % 4]!)));
      expect(answers.filter(({ response }) => response.result !== undefined)).toHaveLength(1);
      expect(answers.filter(({ response }) => response.error?.data.reason === 'grant_required')).toHaveLength(99);
      expect(received()).toHaveLength(1);
      // Those that came too late ask together for one more.
      expect((await instances[0]!.desk.list(bob)).filter(({ terms, state }) => terms.server === server && state === 'requested').length).toBeLessThanOrEqual(1);
    }, 60_000);

    test('JIT-1 of 100 concurrent calls on a grant for seven uses exactly seven pass', async () => {
      const instances = [start(), start(), start(), start()];
      const { id } = await instances[0]!.desk.request(bob, { server, tool: 'wipe', purpose: 'load', arguments: { table: 'x' }, uses: 7 });
      await instances[1]!.desk.approve(id, erin);
      const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => wipe(instances[index % 4]!)));
      expect(answers.filter(({ response }) => response.result !== undefined)).toHaveLength(7);
      expect(received()).toHaveLength(7);
    }, 60_000);

    test.each([
      ['the principal', () => ({ kind: 'principal', principal: bob }) as const],
      ['the tool', () => ({ kind: 'tool', server, tool: 'wipe' }) as const],
      ['the server', () => ({ kind: 'server', server }) as const],
      ['everything', () => ({ kind: 'everything' }) as const],
    ])('JIT-4 a block of %s refuses the next call everywhere in under a second, without a restart, until it is lifted', async (_, target) => {
      const instances = [start(), start(), start(), start()];
      const passes = async (instance: Instance) => (await wipe(instance)).response.result !== undefined;
      const { id } = await instances[0]!.desk.request(bob, { server, tool: 'wipe', purpose: 'load', uses: 20 });
      await instances[0]!.desk.approve(id, erin);
      for (const instance of instances) expect(await passes(instance)).toBe(true);
      await instances[0]!.desk.mark(target(), 'block', carol, 'incident');
      const blockedAt = Date.now();
      const late: number[] = [];
      while (Date.now() - blockedAt < 1_000) {
        for (const instance of instances) if (await passes(instance)) late.push(Date.now() - blockedAt);
      }
      expect(Math.max(0, ...late)).toBeLessThan(1_000);
      for (const instance of instances) {
        const { status, response } = await wipe(instance);
        expect(response.error).toMatchObject({ code: GatewayErrorCode.ACCESS_DENIED, message: expect.stringContaining('blocked') });
        expect(status).toBe(target().kind === 'tool' ? 200 : 403);
        expect(instance.harness.events.at(-1)).toMatchObject({ decision: 'deny', reason: 'blocked' });
      }
      await instances[3]!.desk.mark(target(), 'unblock', carol, 'cleared');
    }, 30_000);

    test('JIT-4 revoking a grant holds for the very next call in every instance', async () => {
      const instances = [start(), start()];
      const { id } = await instances[0]!.desk.request(bob, { server, tool: 'wipe', purpose: 'load', uses: 20 });
      await instances[0]!.desk.approve(id, erin);
      expect((await wipe(instances[1]!)).response.result).toBeDefined();
      await instances[0]!.desk.revoke(id, carol, 'incident');
      expect((await wipe(instances[1]!)).response.error).toBeDefined();
      expect(received()).toHaveLength(1);
    });
  });

  describe('a call under a grant that fails', () => {
    const uses = async (instance: Instance, id: string) => {
      const grant = await instance.desk.find(id, bob);
      return 'uses' in grant ? grant.uses.length : 0;
    };
    const granted = async (instance: Instance) => {
      await wipe(instance);
      const { id } = await waiting(instance);
      await instance.desk.approve(id, erin);
      return id;
    };

    test('gives the use back where the server never received the call', async () => {
      const instance = start();
      const id = await granted(instance);
      await upstream.close();
      expect((await wipe(instance)).response.error.code).toBe(GatewayErrorCode.UPSTREAM_FAILED);
      expect(await uses(instance, id)).toBe(0);
      expect(events.map((event) => event.action)).toContain('released');
    });

    test('gives the use back where there are no credentials for the server', async () => {
      let available = true;
      const credentials: UpstreamCredentials = {
        owner: 'gateway',
        headersFor: async () => {
          if (available) return {};
          throw new CredentialUnavailable('the secret cannot be read');
        },
        refused: () => undefined,
      };
      const instance = start({ credentials });
      const id = await granted(instance);
      available = false;
      expect((await wipe(instance)).response.error.code).toBe(GatewayErrorCode.UPSTREAM_FAILED);
      expect(await uses(instance, id)).toBe(0);
      expect(received()).toHaveLength(0);
    });

    test.each([
      ['answers with an error', () => ({ error: { code: -32603, message: 'no' } })],
      ['breaks off', (_: unknown, response: any) => void response.destroy()],
      ['answers with HTTP 500', (_: unknown, response: any) => void response.writeHead(500).end()],
    ])('does not where the server %s', async (_, respond) => {
      const instance = start();
      const id = await granted(instance);
      onCall = respond as Respond;
      await wipe(instance);
      expect(await uses(instance, id)).toBe(1);
    });
  });

  test('LOG-1 serves the API and the pages with an audit event each, for its own Host alone', async () => {
    const site: GrantSite = {
      fetch: async ({ url }) => (url.endsWith('/grants') ? { response: Response.json({}), principal: bob } : { response: new Response(null, { status: 403 }), denied: 'no_session' }),
    };
    const desk = createGrantDesk({ store: table.store, authority: cedarAuthority(POLICIES, [server]) });
    const { harness } = start({ gateway: { grants: { desk, killSwitch: createKillSwitch({ marks: desk.marks }), approvalUrl: () => '', site } } });
    const get = async (path: string, host = '127.0.0.1:8808') => (await harness.gateway.fetch(new Request(`${PUBLIC_URL}${path}`, { headers: { host } }), { address: '192.0.2.1' })).status;
    expect([await get('/grants'), await get('/approvals/x'), await get('/approvals', 'evil.example'), await get('/approvalsx')]).toEqual([200, 403, 403, 404]);
    expect(harness.events).toMatchObject([
      { decision: 'allow', method: 'grants', target: 'GET', httpStatus: 200, principal: { id: 'bob' }, sourceIp: '192.0.2.1' },
      { decision: 'deny', method: 'approvals', reason: 'no_session', httpStatus: 403 },
      { decision: 'deny', reason: 'host_not_allowed' },
      { decision: 'deny', reason: 'unknown_route' },
    ]);
    const metadata = await harness.gateway.fetch(new Request(`${PUBLIC_URL}/.well-known/oauth-protected-resource/grants`), {});
    expect(await metadata.json()).toMatchObject({ resource: `${PUBLIC_URL}/grants` });
  });

  test('fails closed where the desk cannot be read', async () => {
    const broken = { ...table.store, list: () => Promise.reject(new Error('no table')) };
    const desk = createGrantDesk({ store: broken, authority: cedarAuthority({ ...POLICIES, ...ANYONE_ASKS }, [server]) });
    const quiet = { current: () => undefined, blockOf: () => undefined, blockOfAddress: () => undefined, close: () => undefined };
    const instance = start({ gateway: { grants: { desk, killSwitch: quiet, approvalUrl: () => '' } } });
    expect((await wipe(instance)).response.error.code).toBe(GatewayErrorCode.UNAVAILABLE);
    const killSwitch = createKillSwitch({ marks: desk.marks });
    const blind = start({ gateway: { grants: { desk, killSwitch, approvalUrl: () => '' } } });
    const { status, response } = await blind.harness.modern(server, 'tools/call', { name: 'read', arguments: {} }, { principal: 'bob' });
    expect([status, response.error.code]).toEqual([503, GatewayErrorCode.UNAVAILABLE]);
  });
});
