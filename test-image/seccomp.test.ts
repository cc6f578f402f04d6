/** The seccomp profile of the package, compiled by libseccomp and put on real processes by bubblewrap. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../bench/child-process';
import { startProbe } from '../lambda/probe/server';

const ROOT = join(__dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'seccomp-'));
const FILTER = join(folder, 'filter');
const NODE = process.execPath;
const running: ChildProcess[] = [];

beforeAll(() => execFileSync('python3', [join(__dirname, 'seccomp-filter.py'), join(ROOT, 'seccomp', 'mcp-server.json'), FILTER]));
afterEach(async () => {
  for (const child of running.splice(0)) {
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Not root, without capabilities, and with the filter as its third descriptor. */
const SANDBOX = ['--seccomp', '3', '--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--ro-bind', ROOT, ROOT, '--unshare-user', '--uid', '65532', '--gid', '65532', '--cap-drop', 'ALL', '--die-with-parent', '--setenv', 'HOME', '/tmp', '--setenv', 'TMPDIR', '/tmp', '--chdir', '/tmp', '--'];

function inside(command: readonly string[]): string {
  const filter = openSync(FILTER, 'r');
  return execFileSync('bwrap', [...SANDBOX, ...command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe', filter] });
}

function start(command: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn('bwrap', [...SANDBOX, ...command], { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe', openSync(FILTER, 'r')] });
  running.push(child);
  return child;
}

async function said(child: ChildProcess, pattern: RegExp): Promise<string> {
  const lines = [child.stdout!, child.stderr!].map(async (stream) => {
    for await (const line of createInterface({ input: stream })) if (pattern.test(line)) return line;
    throw new Error(`ended before it wrote ${pattern}`);
  });
  return Promise.any(lines);
}

/** What the kernel answers to a system call: the name of its error, or `allowed`. */
function answerTo(call: string): string {
  const script = `
import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
arm = platform.machine() == 'aarch64'
def call(x86, arm64, *given):
    result = libc.syscall(arm64 if arm else x86, *given)
    print('allowed' if result >= 0 else errno.errorcode[ctypes.get_errno()])
${call}`;
  return inside(['python3', '-c', script]).trim();
}

const NEW_USER_NAMESPACE = 0x10000000;

describe('CON-4 the profile refuses', () => {
  test.each([
    ['a new user namespace', `call(272, 97, ${NEW_USER_NAMESPACE})`],
    ['a process in a new user namespace', `call(56, 220, ${NEW_USER_NAMESPACE} | 17, 0, 0, 0, 0)`],
    ['to mount', "call(165, 40, b'none', b'/tmp', b'tmpfs', 0, None)"],
    ['to look into another process', 'call(101, 117, 0, 0, 0, 0)'],
    ['to read the memory of another process', 'call(310, 270, 1, None, 0, None, 0, 0)'],
    ['to take a file from another process', 'call(438, 438, 0, 0, 0)'],
    ['keys of the kernel', 'call(250, 219, 0, -3, 0, 0, 0)'],
    ['programs in the kernel', 'call(321, 280, 0, None, 0)'],
    ['to watch the processor', 'call(298, 241, None, 0, -1, -1, 0)'],
    ['rings of requests', 'call(425, 425, 1, None)'],
    ['faults of pages in its own hands', 'call(323, 282, 0)'],
    ['a file without a name, to execute', "call(319, 279, b'x', 0)"],
    ['to execute a file by its descriptor', "call(322, 281, -1, b'', None, None, 0x1000)"],
    ['to open a file by its handle', 'call(304, 265, -1, None, 0)'],
    ['another owner for a file', "call(92, 1, b'/tmp', 0, 0) if not arm else call(0, 54, -100, b'/tmp', 0, 0, 0)"],
    ['another root', "call(161, 51, b'/tmp')"],
    ['the log of the kernel', 'call(103, 116, 10, None, 0)'],
    ['a packet socket', 'call(41, 198, 17, 3, 0)'],
    ['a socket to the host of a virtual machine', 'call(41, 198, 40, 1, 0)'],
    ["a socket of the kernel's ciphers", 'call(41, 198, 38, 5, 0)'],
    ['to type into its terminal', 'call(16, 29, 0, 0x5412, None)'],
    ['memory shared by its key', 'call(29, 194, 1, 4096, 0o1600)'],
  ])('%s', (_what, call) => {
    expect(answerTo(call)).toBe('EPERM');
  });

  test('clone3, whose flags it cannot see, as something that is not there: libraries then take clone', () => {
    expect(answerTo('call(435, 435, None, 0)')).toBe('ENOSYS');
  });
});

describe('CON-4 the profile lets', () => {
  test('programs work with files, threads, processes and names', () => {
    const script = `
      const { execFileSync } = require('node:child_process'), fs = require('node:fs'), { Worker } = require('node:worker_threads');
      fs.writeFileSync('/tmp/a', 'b'); fs.renameSync('/tmp/a', '/tmp/c'); fs.mkdirSync('/tmp/d'); fs.watch('/tmp').close();
      const worker = new Worker('require("node:worker_threads").parentPort.postMessage(1)', { eval: true });
      require('node:dns').lookup('localhost', (error, address) => worker.once('message', (one) => console.log(execFileSync('echo', [fs.readFileSync('/tmp/c', 'utf8'), String(one), error ? error.code : 'name'], { encoding: 'utf8' }).trim())));`;
    expect(inside([NODE, '-e', script]).trim()).toBe('b 1 name');
    expect(inside(['python3', '-c', 'import subprocess, threading, ssl, sqlite3, socket; sqlite3.connect("/tmp/x").execute("create table t(a)"); threading.Thread(target=lambda: None).start(); print(subprocess.run(["echo", "ok"], capture_output=True, text=True).stdout.strip(), socket.getaddrinfo("localhost", 80)[0][1].value)']).trim()).toBe('ok 1');
  });

  test('an MCP server answer the probe', async () => {
    const port = await freePort();
    const server = start([NODE, join(ROOT, 'node_modules', '@modelcontextprotocol', 'server-everything', 'dist', 'index.js'), 'streamableHttp'], { PORT: `${port}` });
    await said(server, /listening on port/i);
    const probe = await startProbe({ port: 0, url: new URL(`http://127.0.0.1:${port}/mcp`), timeoutMs: 10_000, holdMs: 0 });
    const answer = await fetch(`http://127.0.0.1:${probe.port}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([200, 'answers MCP']);
    probe.close();
  });

  test('the gateway start servers as processes, decide and serve', async () => {
    const gateway = start([NODE, join(ROOT, 'dist', 'bin', 'mcp-zero-trust.js'), 'local', '--demo', '--listen', '127.0.0.1:0']);
    const [url] = /http:\/\/[^\s/]+/.exec(await said(gateway, /http:\/\/127\.0\.0\.1:\d+/))!;
    const { status } = await fetch(`${url}/mcp/everything`, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }, body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' });
    expect(status).toBe(401);
  });
});
