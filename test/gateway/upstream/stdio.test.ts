import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonRpcMessage, JsonRpcNotification, JsonRpcResult } from '../../../lambda/protocol';
import { DEFAULT_UPSTREAM_LIMITS, startProcess, UpstreamFailure, type ProcessExit, type ServerProcess, type StartOptions, type StdioUpstream } from '../../../lambda/gateway/upstream';
import { failureOf } from './fixtures/failure';

const script = join(__dirname, 'fixtures', 'server.js');

interface Started {
  readonly server: ServerProcess;
  readonly messages: JsonRpcMessage[];
  readonly lines: string[];
  readonly noise: string[];
  readonly exits: [string, ProcessExit][];
}

const running: ServerProcess[] = [];

async function start(behaviour: string[], upstream: Partial<StdioUpstream> = {}, options: StartOptions = { settleMs: 0 }): Promise<Started> {
  const messages: JsonRpcMessage[] = [];
  const lines: string[] = [];
  const noise: string[] = [];
  const exits: [string, ProcessExit][] = [];
  const server = await startProcess(
    { name: 'files', command: process.execPath, args: [script, ...behaviour], env: {}, limits: DEFAULT_UPSTREAM_LIMITS, ...upstream },
    { onMessage: (message) => messages.push(message), onStderrLine: (line) => lines.push(line), onNoise: (line) => noise.push(line), onExit: (...exit) => exits.push(exit) },
    options,
  );
  running.push(server);
  return { server, messages, lines, noise, exits };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // What has ended stays known until its new parent has noticed, which is not ours to wait for.
  const stat = `/proc/${pid}/stat`;
  return !(existsSync(stat) && readFileSync(stat, 'utf8').includes(') Z '));
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { text: 'zażółć\n🔒' } } as const;

describe('a conversation', () => {
  test('sends a message a line and reads a message a line', async () => {
    const { server, messages } = await start(['echo']);
    for (let id = 0; id < 100; id += 1) server.send({ ...call, id });
    await until(() => messages.length === 100);
    expect(messages.map((message) => (message as JsonRpcResult).id)).toEqual(Array.from({ length: 100 }, (_, id) => id));
    expect((messages[0] as JsonRpcResult).result).toEqual(call.params);
  });

  test('a large message is one message', async () => {
    const { server, messages } = await start(['echo']);
    server.send({ ...call, params: { text: 'x'.repeat(1_000_000) } });
    await until(() => messages.length === 1);
    expect((messages[0] as JsonRpcResult).result).toEqual({ text: 'x'.repeat(1_000_000) });
  });

  test('a last line without its end is still a message', async () => {
    const { server, messages } = await start(['unfinished-last-line']);
    await server.exited;
    expect(messages).toEqual([{ jsonrpc: '2.0', method: 'notifications/bye' }]);
  });

  test('a banner on stdout is passed over, with a note', async () => {
    const { server, messages, noise } = await start(['banner']);
    server.send(call);
    await until(() => messages.length === 1);
    expect(noise).toEqual(['Welcome to the server!', '  \\u{1b}[31mv1.2\\u{1b}[0m']);
  });
});

describe('a process that does not behave', () => {
  test('whose command does not exist is a failure to connect', async () => {
    const failure = await failureOf(start([], { command: 'no-such-command-here' }));
    expect(failure).toMatchObject({ code: 'connect', message: 'The command "no-such-command-here" of the server "files" was not found, or its working directory was not.' });
  });

  test('whose command is no program is a failure to connect', async () => {
    expect(await failureOf(start([], { command: script }))).toMatchObject({ code: 'connect', message: `The command "${script}" of the server "files" may not be executed.` });
  });

  test('that ends at once is a failure to connect', async () => {
    expect(await failureOf(start(['exit-at-start'], {}, { settleMs: 10_000 }))).toMatchObject({ code: 'connect', message: 'The server "files" ended with code 3 before its first message; its standard error may say why.' });
  });

  test('that ends later says so once, and takes no more messages', async () => {
    const { server, messages, exits } = await start(['echo', '7']);
    server.send(call);
    server.send({ jsonrpc: '2.0', id: 2, method: 'crash' });
    expect(await server.exited).toMatchObject({ code: 7, signal: null, failure: { code: 'closed', message: 'The server "files" ended with code 7.' } });
    expect(messages).toHaveLength(1);
    expect(exits.map(([reason]) => reason)).toEqual(['The server "files" ended with code 7.']);
    expect(() => server.send(call)).toThrow(UpstreamFailure);
  });

  test('that writes a line without end is killed', async () => {
    const { server } = await start(['huge-line'], { limits: { ...DEFAULT_UPSTREAM_LIMITS, maxMessageBytes: 100_000 } });
    expect(await server.exited).toMatchObject({ signal: 'SIGKILL', failure: { code: 'too_large' } });
  });

  test('that keeps writing what is not MCP is killed', async () => {
    const { server, noise } = await start(['noise']);
    expect((await server.exited).failure).toMatchObject({ code: 'garbage', message: 'The server "files" writes to its standard output what is not MCP.' });
    expect(noise.length).toBeLessThan(100);
  });

  test('that does not read is not sent without bound', async () => {
    const { server } = await start(['deaf'], { limits: { ...DEFAULT_UPSTREAM_LIMITS, maxMessageBytes: 100_000 } }, { settleMs: 0, graceMs: 20 });
    const sendAll = () => {
      for (let i = 0; i < 100; i += 1) server.send({ ...call, params: { text: 'x'.repeat(50_000) } });
    };
    expect(sendAll).toThrow('The server "files" does not read what it is sent.');
  });

  test('that writes much to stderr is logged in bounds, a line at a time, without control characters', async () => {
    const { server, lines } = await start(['stderr']);
    await server.stop();
    expect(lines).toEqual(['one', 't\\u{1b}[2Jwo', `${'x'.repeat(2_048)}…`, 'last']);
    const flood = await start(['stderr-flood']);
    await flood.server.stop();
    expect(flood.lines).toHaveLength(201);
    expect(flood.lines.at(-1)).toBe('(4800 more lines were dropped)');
  });
});

test('the environment is the safe part of ours and what is configured', async () => {
  process.env.GATEWAY_SEAL_KEY = 'secret';
  try {
    const { server, messages } = await start(['echo'], { env: { API_KEY: 'theirs' } });
    server.send({ jsonrpc: '2.0', id: 1, method: 'env' });
    await until(() => messages.length === 1);
    const environment = (messages[0] as JsonRpcResult).result;
    expect(environment).toMatchObject({ API_KEY: 'theirs', PATH: process.env.PATH });
    const known = ['API_KEY', 'HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'USER'];
    // macOS adds one of its own to every process.
    expect(Object.keys(environment).filter((name) => !known.includes(name) && name !== '__CF_USER_TEXT_ENCODING')).toEqual([]);
  } finally {
    delete process.env.GATEWAY_SEAL_KEY;
  }
});

describe('the end', () => {
  test('stop() closes stdin, and a server that listens to that ends by itself', async () => {
    const { server, exits } = await start(['echo']);
    await server.stop();
    expect(exits).toEqual([[expect.any(String), expect.objectContaining({ code: 0, signal: null })]]);
    expect(isAlive(server.pid)).toBe(false);
  });

  test('stop() kills a server that ignores everything else', async () => {
    const { server, messages } = await start(['ignores-sigterm'], {}, { settleMs: 0, graceMs: 300 });
    server.send(call);
    await until(() => messages.length === 1);
    await Promise.all([server.stop(), server.stop()]);
    expect((await server.exited).signal).toBe('SIGKILL');
    expect(messages).toContainEqual({ jsonrpc: '2.0', method: 'notifications/stubborn' });
  });

  test.each([
    ['stop()', (server: ServerProcess) => void server.stop()],
    ['a crash', (server: ServerProcess) => server.send({ jsonrpc: '2.0', id: 1, method: 'crash' })],
  ])('%s takes the grandchildren along', async (_, end) => {
    const { server, messages } = await start(['grandchild']);
    await until(() => messages.length === 1);
    const pid = (messages[0] as JsonRpcNotification).params?.pid as number;
    expect(isAlive(pid)).toBe(true);
    end(server);
    await server.exited;
    await until(() => !isAlive(pid));
  });

  test.each<[string, number | string, (gateway: ReturnType<typeof fork>) => void]>([
    ['exits', 0, (gateway) => gateway.send('exit')],
    ['throws', 1, (gateway) => gateway.send('throw')],
    ['gets SIGINT', 'SIGINT', (gateway) => gateway.kill('SIGINT')],
    ['gets SIGTERM', 'SIGTERM', (gateway) => gateway.kill('SIGTERM')],
    ['gets SIGKILL', 'SIGKILL', (gateway) => gateway.kill('SIGKILL')],
  ])('no server outlives a gateway that %s', async (_, ending, end) => {
    const gateway = fork(join(__dirname, 'fixtures', 'gateway.js'), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] });
    const [pid] = (await once(gateway, 'message')) as [number];
    expect(isAlive(pid)).toBe(true);
    const exit = once(gateway, 'exit');
    end(gateway);
    const [code, signal] = await exit;
    expect(code ?? signal).toBe(ending);
    await until(() => !isAlive(pid));
  });
});
