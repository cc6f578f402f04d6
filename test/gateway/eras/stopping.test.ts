import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { legacyServer, startUpstream, stream, type FakeUpstream } from '../fixtures/upstream';
import { startHarness, type Harness } from '../harness';
import { openStream } from '../http-sse/stream';
import { messagesOf, openRaw } from './raw';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const stdio = { kind: 'stdio', command: process.execPath, args: [join(__dirname, 'scripted-server.cjs'), 's'], env: {} } as const;
const progress = { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1 } };
const slow = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'slow', arguments: {}, _meta: { progressToken: 1 } } };

async function start(callTool: (response: ServerResponse) => void, options: Parameters<typeof startHarness>[1] = {}): Promise<Harness> {
  const upstream: FakeUpstream = await startUpstream(legacyServer(callTool));
  const harness = startHarness([{ name: 'files', upstream: { kind: 'http', url: upstream.url, headers: {} } }], options);
  open.push(upstream, harness);
  return harness;
}

const resumable = (response: ServerResponse) => void stream(response).write(`id: 1\ndata: ${JSON.stringify(progress)}\n\n`);
const stopped = { code: -31502, message: 'The server "files" had not answered when the gateway stopped.', data: { reason: 'gateway_stopped' } };

describe('a gateway that stops', () => {
  it('LOG-1 whose sessions end with it answers a call whose stream nobody else can take up', async () => {
    const harness = await start(resumable);
    const session = await openRaw(harness, 'files');
    const messages = messagesOf(await session.send(slow));
    expect((await messages.next()).value).toEqual(progress);
    await harness.close();
    expect((await messages.next()).value).toMatchObject({ jsonrpc: '2.0', id: 7, error: stopped });
    expect((await messages.next()).done).toBe(true);
    expect(harness.events.at(-1)).toMatchObject({ method: 'tools/call', decision: 'error', reason: 'gateway_stopped' });
  });

  it('LOG-1 leaves a resumable call to the others who know its session, and says when to come back and what happened', async () => {
    const harness = await start(resumable, { sessionsOutlive: true });
    const session = await openRaw(harness, 'files');
    const answer = await session.send(slow);
    await harness.close();
    const text = await answer.text();
    expect(text).toContain('id: 1\n');
    expect(text).toMatch(/\n\nretry: 1000\n\n$/);
    expect(text).not.toContain('"error"');
    expect(harness.events.at(-1)).toMatchObject({ method: 'tools/call', decision: 'allow', reason: 'left_to_resume' });
  });

  it('LOG-1 answers what cannot be resumed, whoever else knows the session', async () => {
    const harness = await start((response) => void stream(response).write(`data: ${JSON.stringify(progress)}\n\n`), { sessionsOutlive: true });
    const session = await openRaw(harness, 'files');
    const messages = messagesOf(await session.send(slow));
    expect((await messages.next()).value).toEqual(progress);
    await harness.close();
    expect((await messages.next()).value).toMatchObject({ id: 7, error: stopped });
    expect(harness.events.at(-1)).toMatchObject({ method: 'tools/call', decision: 'error', reason: 'gateway_stopped' });
  });

  it('tells a modern client at once, also while it waits for the moment to take up the stream of a legacy server', async () => {
    let ended: () => void = () => {};
    const hasEnded = new Promise<void>((resolve) => (ended = resolve));
    const harness = await start((response) => void stream(response).end('id: 1\nretry: 30000\ndata: \n\n', ended));
    const answer = harness.modern('files', 'tools/call', { name: 'slow', arguments: {} });
    await hasEnded;
    await harness.close();
    expect((await answer).response).toMatchObject({ error: { code: -31502, data: { reason: 'gateway_stopped' } } });
    expect(harness.events.at(-1)).toMatchObject({ method: 'tools/call', decision: 'error', reason: 'gateway_stopped' });
  });

  it('tells a client of HTTP+SSE on its stream before that ends', async () => {
    const harness = await start(resumable, { httpSse: true });
    const client = await openStream(harness, 'files');
    await client.post({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'old', version: '1' } } });
    await client.says();
    await client.post(slow);
    expect(await client.says()).toEqual(progress);
    await harness.close();
    expect(await client.says()).toMatchObject({ id: 7, error: stopped });
    await client.ended;
    expect(harness.events.find(({ method }) => method === 'tools/call')).toMatchObject({ decision: 'error', reason: 'gateway_stopped' });
  });

  it('LOG-1 ends the stream of what a server says by itself, which is no failure', async () => {
    const harness = await start(resumable, { sessionsOutlive: true });
    const session = await openRaw(harness, 'files');
    const listening = await session.stream();
    await harness.close();
    expect(await listening.text()).toMatch(/list_changed[^]*\n\nretry: 1000\n\n$/);
    expect(harness.events.at(-1)).toMatchObject({ method: 'listen', decision: 'allow', reason: 'gateway_stopped' });
  });

  it('tells who waits for a process before that has ended', async () => {
    const harness = startHarness([{ name: 'files', upstream: stdio }]);
    open.push(harness);
    const session = await openRaw(harness, 'files');
    const hanging = session.call('hang', {}, 7);
    await session.call('whoami', {}, 8);
    const closing = harness.close();
    expect((await hanging).response).toMatchObject({ id: 7, error: stopped });
    await closing;
    expect(harness.events.at(-1)).toMatchObject({ method: 'tools/call', decision: 'error', reason: 'gateway_stopped' });
  });
});
