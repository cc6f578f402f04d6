import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { generateSchema, loadPolicyTexts, validatePolicies, type DecisionPoint, type GrantAction, type LoadedPolicies } from '../../lambda/authorization';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import type { JsonObject, ToolDefinition } from '../../lambda/protocol';
import { asks, calls, person } from './fixtures';

const folder = join(__dirname, '../../policies');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.cedar'))
  .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));

/** The tools of a demo server as it lists them itself. */
async function listTools(packageName: string, ...args: string[]): Promise<ToolDefinition[]> {
  const client = new Client({ name: 'default-policies-test', version: '1.0.0' });
  const script = require.resolve(`@modelcontextprotocol/${packageName}/dist/index.js`);
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [script, ...args], stderr: 'ignore' }));
  try {
    return (await client.listTools()).tools as ToolDefinition[];
  } finally {
    await client.close();
  }
}

describe('the default policies on the demo servers', () => {
  const sample = mkdtempSync(join(tmpdir(), 'policies-'));
  const analyst = person('ana', ['analysts']);
  const operator = person('otto', ['operators']);
  let servers: Record<string, readonly ToolDefinition[]>;
  let loaded: Extract<LoadedPolicies, { ok: true }>;
  let point: DecisionPoint;

  beforeAll(async () => {
    const [everything, filesystem, memory] = await Promise.all([
      listTools('server-everything'),
      listTools('server-filesystem', sample),
      listTools('server-memory'),
    ]);
    servers = { everything, files: filesystem, memory };
    const result = loadPolicyTexts(files);
    if (!result.ok) throw new Error(JSON.stringify(result.errors));
    loaded = result;
    point = createCedarDecisionPoint({ policies: loaded.policies });
  }, 60_000);
  afterAll(() => rmSync(sample, { recursive: true }));

  const decide = async (principal: typeof analyst, server: string, name: string, args: JsonObject = {}) =>
    point.decide(calls(principal, server, servers[server]!.find((tool) => tool.name === name)!, args));
  const visible = async (principal: typeof analyst, server: string) => {
    const shown = await point.visible(servers[server]!.map((tool) => calls(principal, server, tool)));
    return servers[server]!.filter((_, index) => shown[index]).map((tool) => tool.name);
  };

  it('are valid in strict mode, all of them named, all of them of use', () => {
    const { schema, leftOut } = generateSchema(Object.entries(servers).map(([name, tools]) => ({ name, tools })));
    expect(leftOut).toEqual([]);
    expect(validatePolicies(loaded.policies, schema, { locations: loaded.locations, leftOut })).toEqual([]);
    expect(Object.keys(loaded.policies).filter((id) => id.includes('#'))).toEqual([]);
  });

  it('MUL-8 show analysts what they may use', async () => {
    expect(await visible(analyst, 'everything')).toEqual(['echo', 'get-sum']);
    expect(await visible(analyst, 'memory')).toEqual(['read_graph', 'search_nodes', 'open_nodes']);
    const shown = await visible(analyst, 'files');
    expect(shown).toEqual(expect.arrayContaining(['read_text_file', 'list_directory', 'search_files']));
    expect(shown).not.toEqual(expect.arrayContaining(['write_file']));
  });

  it('MUL-8 show operators everything but the environment and, without a grant, what deletes from the memory', async () => {
    for (const server of Object.keys(servers)) {
      const names = servers[server]!.map((tool) => tool.name).filter((name) => name !== 'get-env' && !(server === 'memory' && name.startsWith('delete_')));
      expect(await visible(operator, server)).toEqual(names);
    }
  });

  it('MUL-8 show others nothing', async () => {
    for (const server of Object.keys(servers)) expect(await visible(person('mallory'), server)).toEqual([]);
  });

  it('CV-1 let analysts look at servers and read, and not write', async () => {
    for (const server of Object.keys(servers)) {
      for (const kind of ['connect', 'listTools', 'listPrompts', 'listResources'] as const) {
        expect(await point.decide(asks(analyst, server, { kind }))).toMatchObject({ effect: 'allow', policyIds: ['analysts-discover'] });
      }
    }
    expect(await point.decide(asks(analyst, 'payroll', { kind: 'connect' }))).toMatchObject({ effect: 'deny', reason: 'not_permitted' });
    expect(await decide(analyst, 'files', 'read_text_file', { path: 'notes.txt' })).toMatchObject({ effect: 'allow' });
    expect(await decide(analyst, 'everything', 'get-sum', { a: 0.000001, b: 1e30 })).toMatchObject({ effect: 'allow' });
    expect(await decide(analyst, 'files', 'write_file', { path: 'inbox/a', content: '' })).toMatchObject({ effect: 'deny', reason: 'not_permitted' });
    expect(await point.decide(asks(analyst, 'everything', { kind: 'getPrompt', prompt: 'simple-prompt', arguments: {} }))).toMatchObject({ effect: 'deny' });
  });

  it('CV-1 let operators write in an inbox only', async () => {
    const write = async (path: string) => (await decide(operator, 'files', 'write_file', { path, content: '' })).effect;
    expect(await write('/srv/sample/inbox/a.txt')).toBe('allow');
    expect(await write('inbox/a.txt')).toBe('allow');
    expect(await write('/srv/sample/a.txt')).toBe('deny');
    expect(await write('/srv/sample/inbox/../a.txt')).toBe('deny');
    expect(await decide(operator, 'files', 'move_file', { source: 'inbox/a', destination: '/etc/cron.d/a' })).toEqual({
      effect: 'deny',
      policyIds: ['moves-stay-in-the-inbox'],
      reason: 'forbidden',
    });
    expect(await decide(operator, 'files', 'move_file', { source: 'inbox/a', destination: 'inbox/b' })).toMatchObject({ effect: 'allow' });
  });

  it('CV-1 keep the environment and the default entity from operators', async () => {
    expect(await decide(operator, 'everything', 'get-env')).toMatchObject({ effect: 'deny', policyIds: ['no-environment'] });
    expect(await decide(operator, 'memory', 'delete_entities', { entityNames: ['a', 'default'] })).toMatchObject({ effect: 'deny', reason: 'forbidden' });
    expect(await point.decide(asks(operator, 'memory', { kind: 'readResource', uri: 'memory://knowledge-graph' }))).toMatchObject({ effect: 'allow' });
  });

  it('JIT-1 let nobody delete from the memory without a grant for the very arguments', async () => {
    const remove = servers.memory!.find(({ name }) => name === 'delete_entities')!;
    const withGrant = async (argumentsBound: boolean, entityNames = ['a']) => {
      const grant = { id: 'g', purpose: 'clean up', argumentsBound, approvedBy: ['carol'] };
      return (await point.decide(calls(operator, 'memory', remove, { entityNames }, { grant }))).effect;
    };
    expect(await decide(operator, 'memory', 'delete_entities', { entityNames: ['a'] })).toEqual({ effect: 'deny', policyIds: ['deleting-needs-a-grant'], reason: 'forbidden' });
    expect(await withGrant(true)).toBe('allow');
    expect(await withGrant(false)).toBe('deny');
    expect(await withGrant(true, ['default'])).toBe('deny');
  });

  it('JIT-1 let operators ask for ten minutes, and approvers alone decide', async () => {
    const remove = servers.memory!.find(({ name }) => name === 'delete_entities')!;
    const may = async (who: typeof operator, kind: GrantAction, lifetimeSeconds = 600) =>
      (await point.decide(asks(who, 'memory', { kind, tool: remove, request: { principal: 'otto', argumentsBound: true, uses: 1, lifetimeSeconds } }))).effect;
    expect(await may(operator, 'requestGrant')).toBe('allow');
    expect(await may(operator, 'requestGrant', 601)).toBe('deny');
    expect(await may(analyst, 'requestGrant')).toBe('deny');
    const approver = person('carol', ['approvers']);
    for (const action of ['approveGrant', 'approveGrantAlone', 'revokeGrant'] as const) {
      expect(await may(approver, action)).toBe('allow');
      expect(await may(operator, action)).toBe('deny');
    }
    for (const who of [operator, approver]) expect(await may(who, 'autoApproveGrant')).toBe('deny');
    expect(await point.decide(asks(approver, 'memory', { kind: 'useKillSwitch' }))).toMatchObject({ effect: 'allow' });
    expect(await point.decide(asks(operator, 'memory', { kind: 'useKillSwitch' }))).toMatchObject({ effect: 'deny' });
  });
});
