import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateChange } from '../../lambda/integrity';
import { openLocalRegistry, startLocalGateway, StartError, type LocalGateway } from '../../lambda/local';
import { readConfig } from '../../lambda/local/config/load';
import { startRescans } from '../../lambda/local/rescans';
import { callTool, toolNames } from './call';

const script = join(__dirname, 'fixtures', 'tiny-server.mjs');
const decision = { by: 'alice', why: 'read it' };

describe('the gateway on one machine with a registry', () => {
  const gateways: LocalGateway[] = [];
  let changes: StateChange[];
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'local-registry-'));
    changes = [];
  });
  afterEach(async () => {
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
    rmSync(folder, { recursive: true });
  });

  function configOf(more: object = {}) {
    const value = { mcpServers: { tiny: { command: process.execPath, args: [script] } }, listen: '127.0.0.1:0', registry: { folder: 'registry', twoPersons: 'never' }, ...more };
    return readConfig(join(folder, 'mcp.json'), JSON.stringify(value), {});
  }

  async function start(more: object = {}): Promise<{ gateway: LocalGateway; url: string; token: string }> {
    const gateway = await startLocalGateway(configOf(more), { write: () => undefined, flush: () => Promise.resolve() }, undefined, { changed: (change) => changes.push(change), failed: () => undefined });
    gateways.push(gateway);
    return { gateway, url: `${gateway.url}/mcp/tiny`, token: await gateway.issuer!.mint({ subject: 'local-user', audience: gateway.url }) };
  }

  test('serves nothing at first, says what waits, and serves what is approved while it runs', async () => {
    const { gateway, url, token } = await start();
    expect(gateway.warnings).toEqual([expect.stringMatching(/^2 definitions wait for approval and are not served; see: mcp-zero-trust tools list --config .*mcp\.json$/)]);
    expect(gateway.servers).toMatchObject([{ tools: 2, approved: 0 }]);
    expect(await toolNames(url, token)).toEqual([]);

    const reviewer = await openLocalRegistry(configOf().registry!);
    await reviewer.registry.approve('tiny/echo', decision);
    await reviewer.close();
    for (const end = Date.now() + 10_000; (await toolNames(url, token)).length === 0 && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await toolNames(url, token)).toEqual(['echo']);
    expect((await callTool(url, token, 'echo', { text: 'hello' })).body.result).toMatchObject({ content: [{ text: 'hello' }] });
    expect((await callTool(url, token, 'shout', { text: 'hello' })).body.error).toMatchObject({ message: 'Unknown tool: shout' });
  });

  test('remembers approvals, and refuses a server that comes back changed', async () => {
    const { gateway } = await start();
    const reviewer = await openLocalRegistry(configOf().registry!);
    await reviewer.registry.approve('tiny/echo', decision);
    await reviewer.close();
    await gateway.stop();

    const again = await start();
    expect(await toolNames(again.url, again.token)).toEqual(['echo']);
    await again.gateway.stop();

    const changed = join(folder, 'changed.mjs');
    writeFileSync(changed, readFileSync(script, 'utf8').replace('${name} a text', '${name} a text.'));
    const rugPulled = await start({ mcpServers: { tiny: { command: process.execPath, args: [changed] } }, audit: 'audit.jsonl' });
    expect(await toolNames(rugPulled.url, rugPulled.token)).toEqual([]);
    expect((await callTool(rugPulled.url, rugPulled.token, 'echo', { text: 'hello' })).body.error).toMatchObject({ data: { reason: 'tool_quarantined' } });
    await rugPulled.gateway.stop();
    const lines = readFileSync(join(folder, 'audit.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    expect(lines).toContainEqual(expect.objectContaining({ kind: 'tool', subject: 'tiny/echo', action: 'change', from: 'approved', to: 'quarantined', by: 'gateway', why: 'its definition changed' }));
  });

  test('TD-4 asks the servers again on a schedule, and finds a change of a tool that nobody uses', async () => {
    const server = join(folder, 'server.mjs');
    writeFileSync(server, readFileSync(script, 'utf8'));
    const first = await start({ mcpServers: { tiny: { command: process.execPath, args: [server] } } });
    await first.gateway.stop();
    const reviewer = await openLocalRegistry(configOf().registry!);
    await reviewer.registry.approve('tiny/echo', decision);

    writeFileSync(server, readFileSync(script, 'utf8').replace('${name} a text', '${name} a text.'));
    const failures: unknown[] = [];
    const rescans = startRescans(configOf({ mcpServers: { tiny: { command: process.execPath, args: [server] }, gone: { command: join(folder, 'none') } } }).servers, reviewer, 0.002, (error) => failures.push(error));
    for (const end = Date.now() + 15_000; (await reviewer.registry.find('tiny/echo'))?.record.state !== 'quarantined' && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await reviewer.registry.find('tiny/echo'))?.record).toMatchObject({ state: 'quarantined' });
    expect((await reviewer.registry.history('tiny/echo')).at(-1)).toMatchObject({ by: 'scan' });
    expect((await reviewer.registry.history('tiny/echo')).at(-2)).toMatchObject({ action: 'change', by: 'schedule', why: 'its definition changed' });
    await rescans.stop();
    expect(String(failures[0])).toContain('gone');
    await reviewer.close();
  });

  test('keeps its key, its documents and the newest head for its owner alone', async () => {
    const { gateway } = await start();
    for (const name of ['signing-key.pem', 'documents/endpoint.json']) expect(statSync(join(folder, 'registry', name)).mode & 0o077).toBe(0);
    await gateway.stop();
    await expect(openLocalRegistry({ folder: join(folder, 'registry'), keyFile: script, policy: {}, rescanMinutes: 0 })).rejects.toThrow(StartError);
  });

  test.each([
    ['a folder', 'registry', { keyFile: 'registry/signing-key.pem', policy: {} }],
    ['a key elsewhere', { folder: 'registry', key: '../key.pem', approvalDays: 7, sensitiveTools: ['tiny/*'] }, { keyFile: '../key.pem', policy: { approvalDays: 7, sensitiveTools: ['tiny/*'] } }],
  ])('reads the configuration: %s', (_what, registry, expected) => {
    expect(configOf({ registry }).registry).toEqual({ folder: join(folder, 'registry'), keyFile: join(folder, expected.keyFile), policy: expected.policy, rescanMinutes: 60 });
  });

  test.each([
    [{ folder: 'x', twoPersons: 'sometimes' }, '/registry/twoPersons: expected "sensitive", "always" or "never"'],
    [{ twoPersons: 'never' }, '/registry: the key "folder" is missing'],
    [{ folder: 'x', rescanMinutes: 0.5 }, '/registry/rescanMinutes: expected an integer'],
    [{ folder: 'x', approvalDays: 0 }, '/registry/approvalDays: expected at least 1'],
    [{ folder: 'x', keys: 'y' }, '/registry/keys: unknown key, did you mean "key"?'],
  ])('says what is wrong with %j', (registry, message) => expect(() => configOf({ registry })).toThrow(message));
});
