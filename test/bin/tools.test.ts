import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandLine, run, type Ended } from './command-line';

const script = join(__dirname, '..', 'local', 'fixtures', 'tiny-server.mjs');

describe('mcp-zero-trust tools', () => {
  let folder: string;
  let config: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tools-command-'));
    config = join(folder, 'mcp.json');
    configure({ registry: { folder: 'registry', twoPersons: 'never' } });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function configure(more: object, program: string = script): void {
    writeFileSync(config, JSON.stringify({ mcpServers: { tiny: { command: process.execPath, args: [program] } }, listen: '127.0.0.1:0', audit: 'audit.jsonl', ...more }));
  }

  const tools = (command: string, ...args: readonly string[]): Promise<Ended> => run(['tools', command, '--config', config, ...args]);

  test('discovers, approves, shows what changed word by word, and keeps the whole history', async () => {
    const discovered = await tools('discover');
    expect(discovered).toMatchObject({ code: 0, stderr: '' });
    expect(discovered.stdout).toMatch(/^review {2}tiny\/echo {3}approve.*\nreview {2}tiny\/shout {2}approve/);

    expect(await tools('approve', 'tiny/echo', '--by', 'alice', '--why', 'read it')).toEqual({ code: 0, stdout: expect.stringMatching(/^tiny\/echo: approved [0-9a-f]{12}\n$/), stderr: '' });
    const changed = join(folder, 'changed.mjs');
    writeFileSync(changed, readFileSync(script, 'utf8').replace('${name} a text', '${name} a long text'));
    configure({ registry: { folder: 'registry', twoPersons: 'never' } }, changed);
    expect((await tools('discover')).stdout).toMatch(/^quarantined {2}tiny\/echo/);

    const diff = await tools('diff', 'tiny/echo');
    expect(diff.stdout).toMatch(/^tiny\/echo {2}its wording changed\n {2}pin [0-9a-f]{64}\n\n\/description\n {2}echo a \{\+long \+\}text\n/);
    const pin = /pin ([0-9a-f]{12})/.exec(diff.stdout)![1]!;
    expect((await tools('show', 'tiny/echo')).stdout).toMatch(/^tiny\/echo {2}quarantined\n {2}pin {8}[0-9a-f]{64}\n {2}approved {3}another definition, [0-9a-f]{12}, version 1\.0\.0, by alice, until \d{4}-\d\d-\d\d\n/);

    expect(await tools('approve', 'tiny/echo', '--pin', '0123456789ab', '--why', 'fine')).toMatchObject({ code: 1, stderr: 'tiny/echo: its definition is another one now than that which was read\n' });
    expect(await tools('approve', 'tiny/echo', '--pin', pin, '--by', 'bob', '--why', 'fine')).toMatchObject({ code: 0 });
    const list = await tools('list', '--state', 'approved', '--format', 'json');
    expect(JSON.parse(list.stdout)).toMatchObject([{ id: 'tiny/echo', state: 'approved', approval: { version: '1.0.1', by: ['bob'] } }]);
    const steps = (await tools('history', 'tiny/echo')).stdout.trim().split('\n').map((line) => line.split(/ {2,}/)[1]);
    expect(steps).toEqual(['discover', 'scan', 'submit', 'approve', 'change', 'scan', 'approve']);
    const audited = readFileSync(join(folder, 'audit.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    expect(audited).toContainEqual(expect.objectContaining({ kind: 'tool', subject: 'tiny/echo', action: 'approve', by: 'bob', why: 'fine' }));

    const verified = await tools('verify');
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toMatch(/^The log has 3 entries under the root [0-9a-f]{64}, signed .*\n1 of 1 approved definitions verify\.\n$/);
  }, 60_000);

  test('MUL-10 asks for a second person, and refuses the first one twice with exit code 1', async () => {
    configure({ registry: 'registry' });
    await tools('discover');
    const first = await tools('approve', 'tiny/shout', '--by', 'alice', '--why', 'read it');
    expect(first).toMatchObject({ code: 0, stdout: 'tiny/shout: review, endorsed by alice: it is sensitive, one more person has to approve it (--by NAME)\n' });
    expect(await tools('approve', 'tiny/shout', '--by', 'alice', '--why', 'read it')).toMatchObject({ code: 1, stderr: 'tiny/shout: alice has approved it already, another person has to\n' });
    expect(await tools('approve', 'tiny/shout', '--by', 'bob', '--why', 'read it')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^tiny\/shout: approved /) });
  }, 60_000);

  test('TD-4 decides while a gateway runs on the same registry', async () => {
    const gateway = new CommandLine(['local', '--config', config]);
    try {
      const screen = await gateway.written(/^Decisions:$/m);
      expect(screen).toMatch(/tiny {2}http:\S+ {3}2 tools, 0 approved/);
      const url = /(http:\S+\/mcp\/tiny)/.exec(screen)![1]!;
      const token = /(ey\S+)/.exec(screen)![1]!;
      const names = async () => {
        const response = await fetch(url, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} } } }),
        });
        const answer = (await response.json()) as { result: { tools: { name: string }[] } };
        return answer.result.tools.map(({ name }) => name);
      };
      const becomes = async (expected: readonly string[]) => {
        for (const end = Date.now() + 10_000; Date.now() < end && String(await names()) !== String(expected); ) await new Promise((resolve) => setTimeout(resolve, 100));
        expect(await names()).toEqual(expected);
      };
      expect(await names()).toEqual([]);
      expect(await tools('approve', 'tiny/echo', 'tiny/shout', '--why', 'read both')).toMatchObject({ code: 0 });
      await becomes(['echo', 'shout']);
      expect(await tools('quarantine', 'tiny/echo', '--why', 'looks wrong')).toMatchObject({ code: 0, stdout: 'tiny/echo: quarantined\n' });
      await becomes(['shout']);
    } finally {
      gateway.signal('SIGTERM');
      expect(await gateway.ended).toMatchObject({ code: 0 });
    }
  }, 60_000);

  test('SC-2 finds out that the documents are an old copy, with exit code 1', async () => {
    await tools('discover');
    await tools('approve', 'tiny/echo', '--why', 'read it');
    rmSync(join(folder, 'registry', 'documents'), { recursive: true });
    const verified = await tools('verify');
    expect(verified).toMatchObject({ code: 1, stdout: '' });
    expect(verified.stderr).toBe(`The registry in ${join(folder, 'registry')} is not to be believed: the approval log has 0 entries, 1 were seen before\n`);
  }, 60_000);

  test.each([
    ['no registry', ['list'], {}, 2, 'the key "registry" is missing, the folder in which approvals are kept'],
    ['an audit file that cannot be written', ['list'], { registry: 'registry', audit: 'none/audit.jsonl' }, 2, 'audit.jsonl cannot be written (ENOENT)'],
    ['an unknown tool', ['show', 'tiny/none'], { registry: 'registry' }, 1, 'tiny/none: nothing is known of it: no server has offered it yet'],
    ['no reason', ['approve', 'tiny/echo'], { registry: 'registry' }, 2, "required option '--why <text>' not specified"],
    ['neither tools nor --all', ['approve', '--why', 'x'], { registry: 'registry' }, 2, 'expected either tools or --all'],
    ['a pin that is none', ['approve', 'tiny/echo', '--why', 'x', '--pin', 'abc'], { registry: 'registry' }, 2, 'Expected at least the first 12 digits of the pin'],
    ['a state that there is not', ['list', '--state', 'lost'], { registry: 'registry' }, 2, 'Allowed choices are discovered, scanned, review, approved, quarantined, revoked'],
  ])('says in a sentence what is wrong: %s', async (_what, [command, ...args], more, code, sentence) => {
    configure(more);
    const ended = await tools(command!, ...args);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toContain(sentence);
  });

  test('starts no server to tell what is decided, and needs nothing of what they need', async () => {
    await tools('discover');
    const given = { command: process.execPath, args: [script], env: { KEY: '${NOT_SET_HERE}', OTHER: '${input:key}' }, envFile: 'none.env' };
    writeFileSync(config, JSON.stringify({ mcpServers: { tiny: given, far: { url: '${FAR}/mcp' } }, registry: 'registry', telemetry: { headers: { 'x-key': '${KEY}' } }, page: { token: '${PAGE}' } }));
    expect(await tools('list')).toMatchObject({ code: 0, stdout: expect.stringContaining('tiny/echo'), stderr: '' });
    expect(await tools('discover')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('/mcpServers/tiny/envFile: cannot read the file') });
  });

  test('says which tool is meant by its name alone', async () => {
    await tools('discover');
    expect(await tools('show', 'echo')).toMatchObject({ code: 1, stdout: '', stderr: 'echo: a tool is named with its server; did you mean tiny/echo?\n' });
  });

  test('says what to do where nothing is known yet', async () => {
    expect(await tools('list')).toMatchObject({ code: 0, stdout: 'Nothing is known yet. "tools discover" asks the servers, and so does a gateway when it starts.\n' });
  });

  test.each(['', 'discover', 'list', 'show', 'diff', 'approve', 'reject', 'quarantine', 'revoke', 'history', 'verify'])('explains itself: tools %s --help', async (command) => {
    const help = await run(['tools', ...(command === '' ? [] : [command]), '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('Exit codes:');
  });
});
