import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import type { GatewayOptions, ServerOptions } from '../../../lambda/gateway';
import { startHarness, type Harness } from '../harness';
import { messagesOf, openRaw } from './raw';
import { stdio } from './upstreams';

/** Short, for servers whose silence is the point. */
const IMPATIENT = { connectMs: 5_000, firstByteMs: 2_000, idleMs: 2_000, totalMs: 4_000, maxMessageBytes: 100_000 };
/** For calls that are served: however busy the machine is, no limit on time is what they meet. */
const PATIENT = { ...IMPATIENT, connectMs: 15_000, firstByteMs: 15_000, idleMs: 15_000, totalMs: 18_000 };

const scripted = (name: string, upstreamLimits: ServerOptions['upstreamLimits'] = IMPATIENT): ServerOptions => ({
  name,
  upstream: stdio(join(__dirname, 'scripted-server.cjs'), [name]),
  upstreamLimits,
});

const open: Harness[] = [];
afterEach(() => Promise.all(open.splice(0).map((harness) => harness.close())).then(() => undefined));

function start(options: Partial<GatewayOptions> = {}, upstreamLimits?: ServerOptions['upstreamLimits']): Harness {
  const harness = startHarness([scripted('a', upstreamLimits), scripted('b', upstreamLimits)], options);
  open.push(harness);
  return harness;
}

const textOf = ({ response }: { response: any }) => response.result?.content[0].text;
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a server over stdio that misbehaves', () => {
  it.each<[string, number, string]>([
    ['hang', -31504, 'upstream_timeout'],
    ['crash', -31502, 'upstream_closed'],
    ['garbage', -31502, 'upstream_garbage'],
    ['wrong_id', -31504, 'upstream_timeout'],
    ['huge', -31502, 'upstream_too_large'],
  ])('%s: the caller gets an error in time, others nothing but their answers, and the next call is served', async (tool, code, reason) => {
    const harness = start();
    const [alice, bob] = await Promise.all([openRaw(harness, 'a'), openRaw(harness, 'a', { principal: 'bob' })]);
    const [failed, other, elsewhere, modern] = await Promise.all([
      alice.call(tool, {}, 'mine'),
      bob.call('echo', { text: 'hello' }),
      openRaw(harness, 'b').then((session) => session.call('echo', { text: 'b' })),
      harness.modern('a', 'tools/call', { name: tool, arguments: {} }, { principal: 'carol' }),
    ]);
    expect([failed.status, failed.response.id, failed.response.error.code, failed.response.error.data.reason]).toEqual([200, 'mine', code, reason]);
    expect([textOf(other), textOf(elsewhere)]).toEqual(['hello', 'b']);
    expect(textOf(await alice.call('echo', { text: 'again' }))).toBe('again');
    expect([modern.response.error.code, modern.response.error.data.reason]).toEqual([code, reason]);
  });

  it.each<[string, string]>([
    ['chatter', 'after the noise'],
    ['unsolicited', 'after the answers that nobody asked for'],
    ['flood', 'after the flood'],
    ['changes', 'after the changes'],
    ['twice', 'first'],
  ])('%s: the call is served all the same', async (tool, text) => {
    const harness = start({}, PATIENT);
    const alice = await openRaw(harness, 'a');
    const stream = await alice.stream();
    expect(textOf(await alice.call(tool))).toBe(text);
    expect(textOf(await alice.call('echo', { text: 'again' }))).toBe('again');
    await stream.body?.cancel();
  });

  it('a client that does not take what a flooding server sends it loses its call, and no one else does', async () => {
    const output = new EventEmitter();
    const harness = start({ onServerOutput: (_server, line) => output.emit(line) }, PATIENT);
    const alice = await openRaw(harness, 'a');
    const cancelled = once(output, 'the flood was cancelled');
    const unread = await alice.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'drown', arguments: {} } });
    await cancelled;
    expect(textOf(await alice.call('echo', { text: 'still here' }, 2))).toBe('still here');
    const messages = [];
    for await (const message of messagesOf(unread)) messages.push(message);
    expect(messages.at(-1)).toMatchObject({ id: 1, error: { data: { reason: 'upstream_too_large' } } });
    expect(messages.length).toBeLessThan(1_100);
  });

  it('progress of others reaches nobody', async () => {
    const harness = start();
    const alice = await openRaw(harness, 'a');
    const { messages } = await alice.post({ jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'foreign_progress', arguments: {}, _meta: { progressToken: 'mine' } } });
    expect(messages.map(({ params, result }) => params?.progressToken ?? result.content[0].text)).toEqual(['mine', 'done']);
  });

  it('a question of an unknown kind is refused, and the call goes on', async () => {
    const harness = start();
    const alice = await openRaw(harness, 'a', { capabilities: { elicitation: {} } });
    expect(textOf(await alice.call('ask_nonsense'))).toContain('-32601');
    const { response } = await harness.modern('a', 'tools/call', { name: 'ask_nonsense', arguments: {} }, { capabilities: { elicitation: {} } });
    expect(response.result.content[0].text).toContain('-32601');
  });

  it('a server that answers nothing at its start is an error of the first request', async () => {
    const silent: ServerOptions = { name: 'silent', upstream: { kind: 'stdio', command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], env: {} }, upstreamLimits: { firstByteMs: 300 } };
    const missing: ServerOptions = { name: 'missing', upstream: { kind: 'stdio', command: '/no/such/program', args: [], env: {} } };
    const brief: ServerOptions = { name: 'brief', upstream: { kind: 'stdio', command: process.execPath, args: ['-e', 'process.exit(4)'], env: {} } };
    const harness = startHarness([silent, missing, brief]);
    open.push(harness);
    const expected = [['silent', 'upstream_timeout'], ['missing', 'upstream_connect'], ['brief', 'upstream_connect']] as const;
    const failed = expected.map(async ([name, reason]) => {
      const [{ status, response }] = await Promise.all([harness.modern(name, 'tools/list'), expect(openRaw(harness, name)).rejects.toThrow(reason)]);
      expect([name, status, response.error.data.reason]).toEqual([name, 200, reason]);
    });
    await Promise.all(failed);
  });
});

describe('a legacy server that a modern client meets first', () => {
  it.each(['strict', 'deaf'])('is served all the same, whatever it makes of server/discover (%s)', async (name) => {
    const harness = startHarness([scripted(name)]);
    open.push(harness);
    const { response } = await harness.modern(name, 'tools/call', { name: 'echo', arguments: { text: 'hello' } });
    expect(response.result.content[0].text).toBe('hello');
  });
});

describe('questions of a server over stdio', () => {
  const elicitation = { capabilities: { elicitation: {} } };
  const answer = (id: unknown, name: string) => ({ jsonrpc: '2.0', id, result: { action: 'accept', content: { name } } });

  it('MUL-6 reach the session whose call asks, under ids of their own, and take an answer from it alone', async () => {
    const harness = start();
    const [alice, second, bob] = await Promise.all([openRaw(harness, 'a', elicitation), openRaw(harness, 'a', elicitation), openRaw(harness, 'a', { ...elicitation, principal: 'bob' })]);
    const [ofAlice, ofBob] = await Promise.all([alice, bob].map(async (session) => messagesOf(await session.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ask', arguments: {} } }))));
    const askedAlice = (await ofAlice!.next()).value;
    const askedBob = (await ofBob!.next()).value;
    expect(askedAlice.id).not.toBe(askedBob.id);
    expect(askedAlice).toMatchObject({ method: 'elicitation/create', params: { message: 'Who?' } });
    for (const stranger of [second, bob]) expect((await stranger.post(answer(askedAlice.id, 'Mallory'))).status).toBe(202);
    expect((await alice.post({ jsonrpc: '2.0', id: askedAlice.id, result: { action: 'perhaps' } })).status).toBe(400);
    expect((await alice.post(answer(askedAlice.id, 'Alice'))).status).toBe(202);
    expect((await bob.post(answer(askedBob.id, 'Bob'))).status).toBe(202);
    expect((await ofAlice!.next()).value.result.content[0].text).toContain('"name":"Alice"');
    expect((await ofBob!.next()).value.result.content[0].text).toContain('"name":"Bob"');
  });

  it('may take longer to answer than the server may be silent', async () => {
    const slow: ServerOptions = { ...scripted('a'), upstreamLimits: { firstByteMs: 400, idleMs: 400, totalMs: 600 } };
    const harness = startHarness([slow]);
    open.push(harness);
    const alice = await openRaw(harness, 'a', elicitation);
    const messages = messagesOf(await alice.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ask', arguments: {} } }));
    const { id } = (await messages.next()).value;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await alice.post(answer(id, 'Slow'));
    expect((await messages.next()).value.result.content[0].text).toContain('"name":"Slow"');
  });

  it('are answered for a client that says nothing, so that the call comes to an end', async () => {
    const harness = start({ limits: { inputMs: 300 } });
    const alice = await openRaw(harness, 'a', elicitation);
    const { messages, response } = await alice.call('ask');
    expect(messages).toHaveLength(2);
    expect(response.result.content[0].text).toContain('the client did not answer in time');
    const { response: modern } = await harness.modern('a', 'tools/call', { name: 'ask', arguments: {} }, elicitation);
    expect(modern.result.resultType).toBe('input_required');
  });

  it('may be withdrawn, under the id that the client knows', async () => {
    const harness = start();
    const alice = await openRaw(harness, 'a', elicitation);
    const { messages } = await alice.call('ask_and_withdraw');
    expect(messages).toMatchObject([{ method: 'elicitation/create' }, { method: 'notifications/cancelled', params: { requestId: messages[0].id } }, { result: { content: [{ text: 'never mind' }] } }]);
  });

  it('continue a modern call once, with an answer that fits, from its own principal', async () => {
    const harness = start();
    const call = { name: 'ask', arguments: {} };
    const { response: first } = await harness.modern('a', 'tools/call', call, elicitation);
    const { requestState } = first.result;
    const retry = (name: string, principal = 'alice', content: object = { action: 'accept', content: { name } }) =>
      harness.modern('a', 'tools/call', { ...call, requestState, inputResponses: { question: content as any } }, { ...elicitation, principal });
    expect((await retry('Mallory', 'mallory')).response.error.code).toBe(-32602);
    expect((await retry('x', 'alice', { action: 'perhaps' })).response.error).toMatchObject({ code: -32602, message: expect.stringContaining('action') });
    expect((await retry('Alice')).response.result.content[0].text).toContain('"name":"Alice"');
    expect((await retry('Alice')).response.error.code).toBe(-32602);
  });
});

describe('processes', () => {
  it('MUL-6 PUB-1 two principals have two processes, and neither sees a message of the other', async () => {
    const harness = start();
    const [alice, bob] = await Promise.all([openRaw(harness, 'a'), openRaw(harness, 'a', { principal: 'bob' })]);
    await Promise.all([alice.call('echo', { text: 'of alice' }), bob.call('echo', { text: 'of bob' })]);
    const [ofAlice, ofBob] = await Promise.all([alice, bob].map(async (session) => JSON.parse(textOf(await session.call('whoami')))));
    expect(ofAlice.pid).not.toBe(ofBob.pid);
    expect(JSON.stringify(ofAlice)).not.toContain('of bob');
    expect(JSON.stringify(ofBob)).not.toContain('of alice');
  });

  it('one principal has one process, in both eras and in all sessions', async () => {
    const harness = start();
    await harness.modern('a', 'tools/list');
    const { response } = await harness.modern('a', 'tools/call', { name: 'whoami', arguments: {} });
    const sessions = await Promise.all([openRaw(harness, 'a'), openRaw(harness, 'a')]);
    const pids = await Promise.all(sessions.map(async (session) => JSON.parse(textOf(await session.call('whoami'))).pid));
    expect(pids).toEqual([JSON.parse(response.result.content[0].text).pid, pids[0]]);
  });

  it('are capped together, and one that is not in use makes room', async () => {
    const harness = start({ limits: { maxProcesses: 1 } });
    const alice = await openRaw(harness, 'a');
    const asking = alice.call('hang', {}, 1);
    await new Promise(setImmediate);
    const { status, response } = await harness.modern('b', 'tools/list', {}, { principal: 'bob' });
    expect([status, response.error.data.reason]).toEqual([200, 'upstream_capacity']);
    await asking;
    const { response: served } = await harness.modern('b', 'tools/call', { name: 'echo', arguments: { text: 'room' } }, { principal: 'bob' });
    expect(served.result.content[0].text).toBe('room');
  });

  it('are stopped when nobody uses them, and all of them with the gateway', async () => {
    const harness = start({ limits: { processIdleMs: 200 } });
    const alice = await openRaw(harness, 'a');
    const { pid } = JSON.parse(textOf(await alice.call('whoami')));
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
    const { pid: next } = JSON.parse(textOf(await alice.call('whoami')));
    expect(next).not.toBe(pid);
    const hanging = alice.call('hang', {}, 2);
    await new Promise(setImmediate);
    await harness.close();
    expect(isAlive(next)).toBe(false);
    expect((await hanging).response.error.data.reason).toBe('gateway_stopped');
  });

  it('what they write to their standard error, or by mistake to their standard output, goes to whoever runs the gateway', async () => {
    const lines: string[] = [];
    const harness = start({ onServerOutput: (server, line) => lines.push(`${server}: ${line}`) });
    await (await openRaw(harness, 'a')).call('chatter');
    expect(lines).toEqual(['a: scripted server a started', 'a: not MCP on its standard output: a banner', ...['{"half":', '[]', '42'].map((line) => `a: not MCP on its standard output: ${line}`)]);
  });
});

describe('cancellation over stdio', () => {
  /** The messages of `method` and of tool calls that the server has seen, once it has seen so many. */
  async function seen(whoami: () => Promise<any>, method: string, count: number): Promise<any[]> {
    for (;;) {
      const { seen: messages } = JSON.parse(textOf(await whoami()));
      const found = messages.filter((message: any) => message.method === method);
      if (found.length >= count) return messages.filter((message: any) => message.method === 'tools/call' || message.method === method);
    }
  }

  it('a legacy client says so, and the server is told under the id that it knows', async () => {
    const harness = start();
    const alice = await openRaw(harness, 'a');
    const hanging = alice.call('hang', {}, 'to be cancelled');
    await seen(() => alice.call('whoami', {}, 'w'), 'tools/call', 1);
    await alice.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'to be cancelled' } });
    expect((await hanging).response.error.data.reason).toBe('upstream_aborted');
    const [call, cancel] = await seen(() => alice.call('whoami', {}, 'w'), 'notifications/cancelled', 1);
    expect(cancel.params.requestId).toBe(call.id);
  });

  it("nobody cancels another session's call by its id", async () => {
    const harness = start();
    const [alice, other] = await Promise.all([openRaw(harness, 'a'), openRaw(harness, 'a')]);
    const hanging = alice.call('hang', {}, 1);
    await seen(() => other.call('whoami'), 'tools/call', 1);
    await other.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    expect((await hanging).response.error.data.reason).toBe('upstream_timeout');
  });

  it('a legacy client that disconnects cancels nothing; a modern one does', async () => {
    const harness = start();
    const alice = await openRaw(harness, 'a');
    const whoami = () => harness.modern('a', 'tools/call', { name: 'whoami', arguments: {} });
    await whoami();
    const params = { name: 'hang', arguments: {}, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} } };
    const [legacyGone, modernGone] = [new AbortController(), new AbortController()];
    const legacy = alice.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'hang', arguments: {} } }, { signal: legacyGone.signal });
    await seen(whoami, 'tools/call', 1);
    const modern = alice.send({ jsonrpc: '2.0', id: 2, method: 'tools/call', params }, { signal: modernGone.signal, headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'hang' } });
    await seen(whoami, 'tools/call', 2);
    legacyGone.abort();
    modernGone.abort();
    await expect(legacy).rejects.toThrow();
    await expect(modern).rejects.toThrow();
    const [, second, ...cancelled] = await seen(whoami, 'notifications/cancelled', 1);
    expect(cancelled).toMatchObject([{ method: 'notifications/cancelled', params: { requestId: second.id } }]);
  });
});
