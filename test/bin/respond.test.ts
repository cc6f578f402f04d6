import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { call, callTool } from '../local/call';
import { freePort } from '../free-port';
import { CommandLine, run, type Ended } from './command-line';

const script = join(__dirname, '..', 'local', 'fixtures', 'tiny-server.mjs');

describe('mcp-zero-trust respond', () => {
  let folder: string;
  let config: string;
  let port: number;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'respond-command-'));
    config = join(folder, 'mcp.json');
    port = await freePort();
    mkdirSync(join(folder, 'policies'));
    writeFileSync(join(folder, 'policies', 'all.cedar'), '@id("users") permit (principal, action in [Mcp::Action::"discover", Mcp::Action::"callTool"], resource);');
    writeFileSync(
      config,
      JSON.stringify({
        mcpServers: { tiny: { command: process.execPath, args: [script] } },
        listen: `127.0.0.1:${port}`,
        audit: 'audit.jsonl',
        policies: 'policies',
        anonymous: { id: 'bob', type: 'User' },
        registry: { folder: 'registry', twoPersons: 'never' },
        grants: { folder: 'grants', approvers: ['carol'] },
        response: 'response',
      }),
    );
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const respond = (command: string, ...args: readonly string[]): Promise<Ended> => run(['respond', command, '--config', config, ...args]);
  const idIn = ({ stdout }: Ended) => /inc-[0-9a-f]{16}/.exec(stdout)![0];
  /** Asks again for a while: a gateway on a machine that is busy elsewhere cannot read the kill switch in time now and then, and serves nothing for the moment. */
  const eventually = async (ask: () => Promise<unknown>, expected: unknown) => {
    let answer: unknown;
    for (const end = Date.now() + 30_000; Date.now() < end && !isDeepStrictEqual((answer = await ask()), expected); ) await pause(100);
    expect(answer).toEqual(expected);
  };

  test('IR-2 a principal and a tool are contained in the running gateway, and a false positive is undone by one command', async () => {
    await run(['tools', 'discover', '-c', config]);
    expect((await run(['tools', 'approve', '-c', config, 'tiny/echo', 'tiny/shout', '--why', 'read them'])).code).toBe(0);
    const gateway = new CommandLine(['local', '--config', config]);
    try {
      await gateway.written(/http:\/\/127/);
      const url = `http://127.0.0.1:${port}/mcp/tiny`;
      const echo = async () => (await callTool(url, undefined, 'echo', { text: 'hey' })).body.error?.message ?? 'served';
      const names = async () => ((await call(url, undefined, 'tools/list')).body.result?.tools as { name: string }[] | undefined)?.map(({ name }) => name);
      await eventually(echo, 'served');

      const contained = await respond('apply', '--kind', 'unauthorised_access', '--principal', 'bob', '--why', 'his laptop was stolen');
      expect(contained).toMatchObject({ code: 0, stdout: expect.stringMatching(/^inc-[0-9a-f]{16} {2}contained {2}unauthorised_access \(high\)/) });
      await eventually(echo, 'Access denied: the access of this principal is blocked');
      const undone = await respond('undo', idIn(contained), '--by', 'carol', '--why', 'found under the desk');
      expect(undone).toMatchObject({ code: 0, stdout: expect.stringMatching(/undone[\s\S]*taken back by carol: found under the desk/) });
      await eventually(echo, 'served');

      const poisoned = await respond('apply', '--kind', 'tool_poisoning', '--tool', 'tiny/echo', '--why', 'it asks for keys');
      expect(poisoned.code).toBe(0);
      await eventually(names, ['shout']);
      expect((await respond('undo', idIn(poisoned), '--by', 'carol', '--why', 'it does not')).stdout).toContain('it is approved again');
      await eventually(echo, 'served');
      const evidence = join(folder, 'response', 'evidence', idIn(poisoned));
      expect(readdirSync(evidence).sort()).toEqual(['audit-1.json', 'definition-1.json', 'incident.json']);
      expect(JSON.parse(readFileSync(join(evidence, 'definition-1.json'), 'utf8'))).toMatchObject({ id: 'tiny/echo', definition: { name: 'echo' } });
      expect(JSON.parse(readFileSync(join(evidence, 'audit-1.json'), 'utf8')).events.length).toBeGreaterThan(0);

      expect((await respond('list')).stdout.split('\n').filter((line) => line.startsWith('undone'))).toHaveLength(2);
      expect(JSON.parse((await respond('list', '--format', 'json')).stdout)).toHaveLength(2);
    } finally {
      gateway.signal('SIGTERM');
      await gateway.ended;
    }
    const states = readFileSync(join(folder, 'audit.jsonl'), 'utf8').split('\n').filter((line) => line.includes('"kind":"response"'));
    expect(states.some((line) => line.includes('"state":"undone"') && line.includes('"by":"carol"'))).toBe(true);
  }, 180_000);

  test('a dry run says how it is and what would be done, and changes nothing; a mild incident waits for a person', async () => {
    const dry = await respond('dry-run', '--kind', 'denial_of_service', '--address', '203.0.113.7', '--why', 'x');
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('1  would refuse every request from the address 203.0.113.7; now requests from it are served') });
    expect((await respond('list')).stdout).toBe('There are no incidents.\n');
    expect(existsSync(join(folder, 'response', 'evidence'))).toBe(false);

    const waiting = await respond('apply', '--kind', 'denial_of_service', '--address', '203.0.113.7', '--severity', 'low', '--why', 'x');
    expect(waiting.stdout).toMatch(/waiting {2}denial_of_service \(low\)/);
    expect((await respond('approve', idIn(waiting), '--by', 'carol', '--why', 'sure')).stdout).toMatch(/1 {2}applied[\s\S]*approved by carol: sure/);
    expect(await respond('approve', idIn(waiting), '--why', 'again')).toMatchObject({ code: 1, stderr: `Nothing was done: nothing of ${idIn(waiting)} waits for a person.\n` });
    expect(await respond('show', 'inc-0000000000000000')).toMatchObject({ code: 1, stderr: 'Nothing was done: there is no incident inc-0000000000000000.\n' });
  }, 120_000);

  test('IR-1 an event is read strictly, and what is wrong is one sentence', async () => {
    const file = join(folder, 'event.json');
    writeFileSync(file, JSON.stringify({ kind: 'tool_poisoning' }));
    expect(await respond('apply', '--event', file)).toMatchObject({ code: 2, stderr: `${file}: Not an incident: it has no member id\n` });
    expect(await respond('apply', '--kind', 'denial_of_service', '--address', '127.0.0.1', '--why', 'x')).toMatchObject({ code: 2, stderr: 'Not an incident: subjects[0].address is not one IP address in its shortest form\n' });
    expect(await respond('apply', '--kind', 'tool_poisoning', '--tool', 'echo', '--why', 'x')).toMatchObject({ code: 2, stderr: `${config}: there is no server echo in it, there are tiny; a tool is named server/tool\n` });
    expect(await respond('list')).toMatchObject({ stdout: 'There are no incidents.\n' });
    expect((await respond('apply', '--kind', 'tool_poisoning')).stderr).toContain('expected either --event FILE, or --kind');
    expect(await run(['respond', 'list'])).toMatchObject({ code: 2, stderr: 'Expected --config for a response on this machine, or --table for one in AWS.\n' });
  }, 120_000);
});
