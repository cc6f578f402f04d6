import { createGrantDesk, createKillSwitch } from '../../lambda/grants';
import { PURPOSE_KEY, type GrantSite } from '../../lambda/gateway';
import { GatewayErrorCode } from '../../lambda/protocol';
import { PUBLIC_URL } from '../gateway/harness';
import { cedarAuthority, erin, POLICIES } from './fixtures';
import { ANYONE_ASKS, bob, received, server, start, table, URL_CLIENT, waiting, wipe } from './gateway-stand';

describe('a gateway with grants', () => {
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
