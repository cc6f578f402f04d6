import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callTool, type Answer } from '../local/call';
import { CommandLine, descendantsOf, run, stillAlive, type Ended } from './command-line';

const tiny = join(__dirname, '..', 'local', 'fixtures', 'tiny-server.mjs');

describe('mcp-zero-trust, whose reader goes before it has said all', () => {
  let folder: string;
  let gateway: CommandLine | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reader-'));
  });
  afterEach(() => {
    gateway?.signal('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  /** As with `| head -0`. */
  const unread = (...args: readonly string[]): Promise<Ended> => new CommandLine(args, { cwd: folder }).stopReading('stdout').ended;
  const quietly = { code: 141, stdout: '', stderr: '' };

  test.each([[['--help']], [['--version']], [['help', 'local']], [['local', '--help']]])('%j ends without a word, with the code of other programs', async (args) => {
    expect(await unread(...args)).toEqual(quietly);
  });

  test('does not read on what nobody will see', async () => {
    writeFileSync(join(folder, 'audit.jsonl'), `${JSON.stringify({ time: '2026-11-22T12:00:00.000Z', kind: 'tool', subject: 'a/b', action: 'approve', by: 'me', why: 'read it' })}\n`.repeat(10_000));
    expect(await unread('audit', 'export', 'audit.jsonl')).toEqual(quietly);
    writeFileSync(join(folder, 'texts.jsonl'), `${JSON.stringify({ id: 1, text: 'sunny' })}\n`.repeat(1_000));
    expect(await unread('scan', '--jsonl', '--kind', 'result', 'texts.jsonl')).toEqual(quietly);
  });

  test('a finding stays one', async () => {
    writeFileSync(join(folder, 'audit.jsonl'), 'not as it was written\n');
    expect(await unread('audit', 'verify', 'audit.jsonl')).toEqual({ ...quietly, code: 1 });
  });

  test('what it was told to do is done all the same, to the last tool', async () => {
    writeFileSync(join(folder, 'mcp.json'), JSON.stringify({ mcpServers: { tiny: { command: process.execPath, args: [tiny] } }, registry: { folder: 'registry', twoPersons: 'never' } }));
    const tools = (...args: readonly string[]) => ['tools', ...args, '-c', 'mcp.json'];
    expect(await unread(...tools('discover'))).toEqual(quietly);
    expect(await unread(...tools('quarantine', 'tiny/echo', 'tiny/shout', '--why', 'who knows'))).toEqual(quietly);
    expect((await run(tools('list'), { cwd: folder })).stdout).toMatch(/^quarantined {2}tiny\/echo .*\nquarantined {2}tiny\/shout /);
  }, 60_000);

  test('a gateway says why it stops, stops what it started, and does not look as if somebody had stopped it', async () => {
    const call = await serve();
    const started = descendantsOf(gateway!.pid);
    gateway!.stopReading('stdout');
    await call();
    expect(await gateway!.ended).toMatchObject({ code: 141, stderr: 'Nobody reads the output of the gateway any more, so it stops.\n' });
    expect(await stillAlive(started)).toEqual([]);
  }, 60_000);

  test('a gateway whose warnings nobody reads serves on', async () => {
    const call = await serve('--verbose');
    gateway!.stopReading('stderr');
    for (let count = 0; count < 3; count++) expect((await call()).body.result).toBeDefined();
    gateway!.signal('SIGTERM');
    expect((await gateway!.ended).code).toBe(0);
  }, 60_000);

  /** Starts a gateway in front of a server that writes a line to its standard error for each that it reads, and calls it. */
  async function serve(...args: readonly string[]): Promise<() => Promise<Answer>> {
    const talkative = `import(${JSON.stringify(tiny)}).then(() => process.stdin.on('data', () => console.error('read it')))`;
    writeFileSync(join(folder, 'mcp.json'), JSON.stringify({ mcpServers: { tiny: { command: process.execPath, args: ['-e', talkative] } }, listen: '127.0.0.1:0' }));
    gateway = new CommandLine(['local', '-c', 'mcp.json', ...args], { cwd: folder });
    const screen = await gateway.written(/^Decisions:$/m);
    return () => callTool(/(http:\S+\/mcp\/tiny)/.exec(screen)![1]!, /(ey\S+)/.exec(screen)![1], 'echo', { text: 'hey' });
  }
});
