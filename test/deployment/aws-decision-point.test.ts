import { decisionPointOf } from '../../lambda/deployment/aws-decision-point';
import { readSharedSettings } from '../../lambda/deployment/settings';
import { asks, calls, person, readFile } from '../authorization/fixtures';
import { fakeVerifiedPermissions, STORE_ID } from '../authorization/verified-permissions-fake';

const environment = {
  MCP_PUBLIC_URL: 'https://mcp.example.com',
  MCP_ISSUERS: '[]',
  MCP_POLICY_STORE_ID: STORE_ID,
  MCP_DECISION_MODE: 'in-process',
  MCP_POLICY_REFRESH_SECONDS: '60',
};

const alice = person('alice');

describe.each(['in-process', 'service'])('decisions %s', (mode) => {
  const settings = readSharedSettings({ ...environment, MCP_DECISION_MODE: mode, MCP_POLICY_STORES: '{"crm":"PS-crm","wiki":"PS-crm"}' });

  function pointWith(stores: Record<string, string>) {
    const { client } = fakeVerifiedPermissions((storeId) => ({ policies: { only: stores[storeId]! } }));
    return decisionPointOf(settings, client);
  }

  it('CV-1 are taken by the policies of the store that is the server\'s, and by no other', async () => {
    const point = pointWith({ [STORE_ID]: 'permit(principal, action, resource in Mcp::Server::"files");', 'PS-crm': 'permit(principal, action == Mcp::Action::"connect", resource);' });
    const effects = await Promise.all(
      ['files', 'crm', 'wiki', 'other'].map(async (server) => [
        (await point.decide(asks(alice, server, { kind: 'connect' }))).effect,
        (await point.decide(calls(alice, server, readFile, { path: 'a' }))).effect,
      ]),
    );
    expect(effects).toEqual([['allow', 'allow'], ['allow', 'deny'], ['allow', 'deny'], ['deny', 'deny']]);
  });

  it('MUL-8 lists of several servers are filtered by each one\'s own store, in order', async () => {
    const point = pointWith({ [STORE_ID]: 'permit(principal, action, resource in Mcp::Server::"files");', 'PS-crm': 'forbid(principal, action, resource);' });
    expect(await point.visible(['crm', 'files', 'wiki', 'files'].map((server) => calls(alice, server, readFile)))).toEqual([false, true, false, true]);
  });
});

it('JIT-2 decisions know the network zones of the settings, and a function does not start with zones that are none', async () => {
  const settings = readSharedSettings({ ...environment, MCP_NETWORK_ZONES: '{"office":["10.0.0.0/8"]}' });
  const { client } = fakeVerifiedPermissions(() => ({ policies: { p: 'permit(principal, action, resource) when { context.network has zone && context.network.zone == "office" };' } }));
  const point = decisionPointOf(settings, client);
  const effects = await Promise.all(['10.1.2.3', '8.8.8.8'].map(async (sourceIp) => (await point.decide(asks(alice, 's', { kind: 'connect' }, { sourceIp }))).effect));
  expect(effects).toEqual(['allow', 'deny']);
  expect(() => readSharedSettings({ ...environment, MCP_NETWORK_ZONES: '{"office":["nowhere"]}' })).toThrow('"nowhere", expected an address or a range');
});

it.each(['[]', '{"crm":3}', '{"crm":""}', '{crm}'])('CV-1 a function does not start with the stores %s', (value) => {
  expect(() => readSharedSettings({ ...environment, MCP_POLICY_STORES: value })).toThrow('MCP_POLICY_STORES must be a JSON object of policy store ids by server');
});
