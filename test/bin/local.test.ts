import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canSeeProcesses, CommandLine, descendantsOf, processesWith, run, stillAlive } from './command-line';

interface Printed {
  readonly endpoints: Readonly<Record<string, string>>;
  readonly tokens: Readonly<Record<string, string>>;
  readonly curls: readonly string[];
  readonly folder: string;
}

/** What a newcomer would copy from the screen. */
function readScreen(screen: string): Printed {
  const endpoints = [...screen.matchAll(/^ {2}(\w+) +(http:\S+) +\d+ tools$/gm)].map(([, name, url]) => [name, url]);
  const tokens = [...screen.matchAll(/^ {2}(\w+), of .*\n {2}(ey\S+)$/gm)].map(([, name, token]) => [name, token]);
  return {
    endpoints: Object.fromEntries(endpoints),
    tokens: Object.fromEntries(tokens),
    curls: [...screen.matchAll(/^ {2}(curl .*)$/gm)].map(([, line]) => line!),
    folder: /are in (\S+) until/.exec(screen)![1]!,
  };
}

/** Does what curl would do with a printed line. */
async function doAsCurl(line: string): Promise<{ readonly result?: unknown; readonly error?: { readonly code: number; readonly data: unknown } }> {
  const url = /(http:\S+)/.exec(line)![1]!;
  const given = [...line.matchAll(/-H '([^']+)'/g)].map(([, header]) => header!);
  const inFile = readFileSync(/-H @(\S+)/.exec(line)![1]!, 'utf8').trim().split('\n');
  const headers = [...inFile, ...given].map((header) => header.split(': ', 2) as [string, string]);
  const body = readFileSync(/-d @(\S+)/.exec(line)![1]!, 'utf8');
  return (await fetch(url, { method: 'POST', headers, body })).json() as ReturnType<typeof doAsCurl>;
}

describe('mcp-zero-trust local --demo', () => {
  let demo: CommandLine;
  let screen: Printed;
  let started: number[];

  beforeAll(async () => {
    demo = new CommandLine(['local', '--demo', '--listen', '127.0.0.1:0'], { cwd: tmpdir() });
    screen = readScreen(await demo.written(/^Decisions:$/m));
  }, 60_000);
  afterAll(() => demo.signal('SIGKILL'));

  const authorization = (name: string) => ({ requestInit: { headers: { Authorization: `Bearer ${screen.tokens[name]}` } } });

  test('prints three endpoints, two tokens, three calls, and how to add it to a client', async () => {
    expect(Object.keys(screen.endpoints)).toEqual(['everything', 'files', 'memory']);
    expect(Object.keys(screen.tokens)).toEqual(['alice', 'bob']);
    expect(screen.curls).toHaveLength(3);
    const text = await demo.written(/"mcpServers"/);
    expect(JSON.parse(/^ {2}\{[^]*?^ {2}\}/m.exec(text)![0])).toEqual({
      mcpServers: { files: { type: 'http', url: screen.endpoints.files, headers: { Authorization: `Bearer ${screen.tokens.alice}` } } },
    });
  });

  test('the printed calls work as they say: one allowed, one denied by a policy on its arguments', async () => {
    const [allowed, denied] = await Promise.all(screen.curls.slice(0, 2).map(doAsCurl));
    expect(JSON.stringify(allowed?.result)).toContain('Welcome to the sample folder');
    expect(denied?.error).toMatchObject({ code: -31403, data: { reason: 'forbidden', policyIds: ['writes-stay-in-the-inbox'] } });
    const decisions = await demo.written(/DENY .*\n[^]*ALLOW|ALLOW .*\n[^]*DENY/);
    expect(decisions).toMatch(/ALLOW {2}User alice {2}files tools\/call read_text_file/);
    expect(decisions).toMatch(/DENY {3}User bob {2}files tools\/call write_file {2}forbidden {2}by writes-stay-in-the-inbox/);
  });

  test('JIT-5 the third needs an approval, which the approver gives at the page with the printed link', async () => {
    const curl = screen.curls[2]!;
    const { error } = await doAsCurl(curl);
    expect(error).toMatchObject({ code: -31403, data: { reason: 'grant_required' } });
    const page = (error as unknown as { data: { approvalUrl: string } }).data.approvalUrl;
    const link = new URL(/^ {2}carol\n {2}(\S+)$/m.exec(await demo.written(/Decisions:/))![1]!);
    const post = (url: string, fields: Record<string, string>, cookie = '') => fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields), headers: { cookie, origin: link.origin } });
    const signedIn = await post(link.href, { secret: link.searchParams.get('secret')!, next: '/approvals' });
    const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!;
    const shown = await (await fetch(page, { headers: { cookie } })).text();
    expect(shown).toContain('bob asks to call delete_entities of memory');
    const form = /action="\/approvals\/[0-9a-f-]+"><input type="hidden" name="form" value="([^"]+)"/.exec(shown)![1]!;
    expect((await post(page, { form, decision: 'approve', why: '' }, cookie)).status).toBe(303);
    expect(await doAsCurl(curl)).toMatchObject({ result: { content: expect.anything() } });
    expect((await doAsCurl(curl)).error).toBeDefined();
    expect(await demo.written(/GRANT {2}used/)).toMatch(/GRANT {2}approved by carol: bob memory delete_entities/);
  });

  test.each([['2026-07-28', 'auto'], ['2025-11-25', 'legacy']] as const)('the official v2 client reads a file with alice’s token, in %s', async (revision, mode) => {
    const client = new ClientV2({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
    await client.connect(new TransportV2(new URL(screen.endpoints.files!), authorization('alice')));
    expect(client.getNegotiatedProtocolVersion()).toBe(revision);
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toContain('read_text_file');
    expect(names).not.toContain('write_file');
    expect(await client.callTool({ name: 'read_text_file', arguments: { path: 'customers.csv' } })).toMatchObject({ content: [{ text: expect.stringContaining('Uppsala') }] });
    await client.close();
  });

  test('the v1 client writes in the inbox with bob’s token, and nowhere else', async () => {
    const client = new ClientV1({ name: 'test', version: '1' });
    await client.connect(new TransportV1(new URL(screen.endpoints.files!), authorization('bob')));
    const write = (path: string) => client.callTool({ name: 'write_file', arguments: { path, content: 'hello' } });
    await write('inbox/hello.txt');
    expect(readFileSync(join(screen.folder, 'files', 'inbox', 'hello.txt'), 'utf8')).toBe('hello');
    await expect(write('inbox/../reports/2026-q3.md')).rejects.toThrow(/denied/);
    await expect(write('welcome.txt')).rejects.toThrow(/denied/);
    await client.close();
  });

  test('the memory is shared, and kept in the demo’s own folder', async () => {
    for (const [name, tool, args] of [
      ['bob', 'create_entities', { entities: [{ name: 'Q3', entityType: 'report', observations: ['is good'] }] }],
      ['alice', 'search_nodes', { query: 'Q3' }],
    ] as const) {
      const client = new ClientV2({ name: 'test', version: '1' });
      await client.connect(new TransportV2(new URL(screen.endpoints.memory!), authorization(name)));
      expect(JSON.stringify(await client.callTool({ name: tool, arguments: args }))).toContain('is good');
      await client.close();
    }
    expect(existsSync(join(screen.folder, 'memory.jsonl'))).toBe(true);
  });

  test('Ctrl-C ends it within 5 seconds, with code 0, every process that it started, and its folder, whoever still uses it', async () => {
    const client = new ClientV1({ name: 'test', version: '1' });
    await client.connect(new TransportV1(new URL(screen.endpoints.everything!), authorization('bob')));
    const running = new Promise((resolve) => {
      void client
        .callTool({ name: 'trigger-long-running-operation', arguments: { duration: 60, steps: 600 } }, undefined, { onprogress: resolve })
        .catch(() => undefined);
    });
    await running;
    started = descendantsOf(demo.pid);
    if (canSeeProcesses) expect(started.length).toBeGreaterThanOrEqual(3);
    const began = Date.now();
    demo.signal('SIGINT');
    const { code, stderr } = await demo.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(await stillAlive(started)).toEqual([]);
    expect(existsSync(screen.folder)).toBe(false);
    await client.close();
  });
});

describe('mcp-zero-trust local, where something is wrong, says it in one sentence, ends with 2 and leaves nothing running', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'local-cli-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const tiny = join(__dirname, '..', 'local', 'fixtures', 'tiny-server.mjs');
  const write = (text: string) => writeFileSync(join(folder, 'mcp.json'), text);

  test('a taken port', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const { code, stdout, stderr } = await run(['local', '--demo', '--listen', `127.0.0.1:${port}`], { env: { ...process.env, TMPDIR: folder } });
    other.close();
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `127.0.0.1:${port} is taken by another program: stop it, or choose another port with --listen 127.0.0.1:0\n`,
    });
    expect(existsSync(folder)).toBe(true);
    expect(readFolder()).toEqual([]);
  });

  test('a server that does not start, beside one that does', async () => {
    const mark = randomUUID();
    const env = { MARK: mark };
    write(JSON.stringify({ listen: ':0', mcpServers: { good: { command: process.execPath, args: [tiny], env }, bad: { command: process.execPath, args: ['-e', 'process.exit(3)'], env } } }));
    const { code, stdout, stderr } = await run(['local', '--config', 'mcp.json'], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^The server "bad" does not start: it ended with code 3 [^\n]*\n$/);
    expect(await stillAlive(processesWith(mark))).toEqual([]);
  });

  test('a broken configuration', async () => {
    write('{\n  "mcpServers": {\n    "files": {"command": "node", "arg": []}\n  }\n}\n');
    expect(await run(['local', '--config', 'mcp.json'], { cwd: folder })).toEqual({
      code: 2,
      stdout: '',
      stderr: 'mcp.json:3:34: /mcpServers/files/arg: unknown key, did you mean "args"?\n',
    });
  });

  test('an input of VS Code, where nobody can be asked', async () => {
    write('{"servers": {"files": {"command": "node", "env": {"KEY": "${input:api-key}"}}}}');
    expect(await run(['local', '--config', 'mcp.json'], { cwd: folder })).toEqual({
      code: 2,
      stdout: '',
      stderr: 'mcp.json:1:58: /servers/files/env/KEY: the input "api-key" has no answer, expected it in the environment as MCP_INPUT_API_KEY\n',
    });
  });

  test('a server that does not answer is told of while it is waited for', async () => {
    write(JSON.stringify({ listen: ':0', mcpServers: { slow: { command: process.execPath, args: ['-e', 'setInterval(() => 0, 1000)'] } } }));
    const slow = new CommandLine(['local', '-c', 'mcp.json'], { cwd: folder });
    await slow.written(/^The server slow has not answered yet; each has up to a minute to start/m, 'stderr');
    slow.signal('SIGTERM');
    expect((await slow.ended).code).toBe(0);
  });

  test('SIGTERM while the servers start', async () => {
    const mark = randomUUID();
    write(JSON.stringify({ listen: ':0', mcpServers: { slow: { command: process.execPath, args: ['-e', 'setInterval(() => 0, 1000)'], env: { MARK: mark } } } }));
    const slow = new CommandLine(['local', '-c', 'mcp.json'], { cwd: folder });
    while (canSeeProcesses && processesWith(mark).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    slow.signal('SIGTERM');
    expect((await slow.ended).code).toBe(0);
    expect(await stillAlive(processesWith(mark))).toEqual([]);
  });

  function readFolder(): string[] {
    return readdirSync(folder);
  }
});

describe('mcp-zero-trust', () => {
  test('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as { version: string };
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('the help of local names every key of the configuration file', async () => {
    const { stdout } = await run(['local', '--help']);
    const schema = JSON.parse(readFileSync(join(__dirname, '..', '..', 'schema', 'mcp-zero-trust.schema.json'), 'utf8')) as { properties: Record<string, { description?: string }> };
    const ofOthers = ['$schema', 'servers', 'inputs', 'globalShortcut', 'preferences'];
    for (const key of Object.keys(schema.properties).filter((name) => !ofOthers.includes(name))) expect(stdout).toMatch(new RegExp(`^  ${key} `, 'm'));
  });

  test.each([[['--help']], [['local', '--help']], [['config', '--help']], [['config', 'check', '--help']]])('%j has examples and exit codes', async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: mcp-zero-trust/);
    expect(stdout).toContain('Examples:\n');
    expect(stdout).toContain('Exit codes:\n');
  });

  test.each([
    [['locl'], "error: unknown command 'locl'\n(Did you mean local?)\n(mcp-zero-trust --help says more)\n"],
    [['local', '--confg', 'x'], "error: unknown option '--confg'\n(Did you mean --config?)\n(mcp-zero-trust local --help says more)\n"],
    [['local'], 'error: expected either --config <file> or --demo\n(mcp-zero-trust local --help says more)\n'],
    [['local', 'mcp.json'], 'error: expected the configuration file as --config mcp.json\n(mcp-zero-trust local --help says more)\n'],
    [['local', '--demo', '--config', 'x'], 'error: expected either --config <file> or --demo\n(mcp-zero-trust local --help says more)\n'],
    [['config', 'check'], "error: required option '-c, --config <file>' not specified\n(mcp-zero-trust config check --help says more)\n"],
  ])('%j ends with 2 and says what was expected', async (args, stderr) => {
    expect(await run(args)).toEqual({ code: 2, stdout: '', stderr });
  });

  test('config check tells every problem of a file, each on a line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'config-check-'));
    writeFileSync(join(folder, 'bad.yaml'), 'mcpServers:\n  a: {comand: x}\nlisten: []\n');
    writeFileSync(join(folder, 'good.yaml'), 'mcpServers:\n  a: {command: x, autoApprove: [y]}\n');
    expect(await run(['config', 'check', '-c', 'bad.yaml'], { cwd: folder })).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'bad.yaml:2:7: /mcpServers/a/comand: unknown key, did you mean "command"?\n' +
        'bad.yaml:3:9: /listen: expected a string, an integer or an object, found an array\n',
    });
    expect(await run(['config', 'check', '-c', 'good.yaml'], { cwd: folder })).toEqual({
      code: 0,
      stdout: 'good.yaml: good, 1 server: a\n',
      stderr: 'good.yaml: warning: these keys of other clients change nothing here, policies and limits do: a.autoApprove\n',
    });
    rmSync(folder, { recursive: true });
  });
});
