import { startUpstream, type FakeUpstream, type Received } from '../fixtures/upstream';
import { startHarness, type Harness } from '../harness';
import { CLIENTS, connect } from './clients';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const tools = [{ name: 'hang', inputSchema: { type: 'object' } }, { name: 'echo', inputSchema: { type: 'object' } }];

interface HangingServer extends FakeUpstream {
  /** Resolves with the call that hangs, once it has arrived. */
  readonly called: Promise<Received>;
  /** Resolves when the connection of that call is closed. */
  readonly closed: Promise<void>;
  /** Resolves with the first `notifications/cancelled`. */
  readonly cancelled: Promise<Received>;
}

function promised<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  return { promise: new Promise<T>((settle) => (resolve = settle)), resolve: (value) => resolve(value) };
}

/** A server of one era whose one tool never answers. */
async function hangingServer(era: 'legacy' | 'modern'): Promise<HangingServer> {
  const called = promised<Received>();
  const closed = promised<void>();
  const cancelled = promised<Received>();
  const upstream = await startUpstream((received, response) => {
    const { message, httpMethod } = received;
    const cached = era === 'modern' ? { resultType: 'complete', ttlMs: 1_000, cacheScope: 'private' } : {};
    switch (message?.method) {
      case 'initialize':
        if (era === 'modern') break;
        response.setHeader('mcp-session-id', 's');
        return { result: { protocolVersion: message.params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } } };
      case 'server/discover':
        if (era === 'legacy') break;
        return { result: { ...cached, supportedVersions: ['2026-07-28'], capabilities: { tools: {} } } };
      case 'tools/list':
        return { result: { ...cached, tools } };
      case 'tools/call':
        if (message.params.name === 'echo') return { result: { ...cached, content: [] } };
        called.resolve(received);
        response.on('close', () => closed.resolve(undefined));
        response.setHeader('content-type', 'text/event-stream').write(': begun\n\n');
        return new Promise(() => {});
      case 'notifications/cancelled':
        cancelled.resolve(received);
    }
    const isNotification = message !== undefined && message.id === undefined;
    response.statusCode = httpMethod === 'GET' ? 405 : isNotification ? 202 : 400;
    response.end();
    return undefined;
  });
  return Object.assign(upstream, { called: called.promise, closed: closed.promise, cancelled: cancelled.promise });
}

async function start(era: 'legacy' | 'modern'): Promise<{ harness: Harness; upstream: HangingServer }> {
  const upstream = await hangingServer(era);
  const harness = startHarness([{ name: 'files', upstream: { kind: 'http', url: upstream.url, headers: {} } }], { httpSse: true });
  open.push(upstream, harness);
  return { harness, upstream };
}

describe.each(CLIENTS)('client %s', (name) => {
  it('cancels a call to a legacy server: the server is told so, under the id that it knows', async () => {
    const { harness, upstream } = await start('legacy');
    const me = await connect(name, harness, 'files');
    open.push(me);
    const control = new AbortController();
    const call = me.call('hang', {}, { signal: control.signal });
    const { message } = await upstream.called;
    control.abort();
    await expect(call).rejects.toThrow();
    expect((await upstream.cancelled).message.params.requestId).toBe(message.id);
    expect(await me.call('echo')).toMatchObject({ content: [] });
  });

  it('cancels a call to a modern server: its connection is closed', async () => {
    const { harness, upstream } = await start('modern');
    const me = await connect(name, harness, 'files');
    open.push(me);
    const control = new AbortController();
    const call = me.call('hang', {}, { signal: control.signal });
    await upstream.called;
    control.abort();
    await expect(call).rejects.toThrow();
    await upstream.closed;
    expect(upstream.received.some(({ message }) => message?.method === 'notifications/cancelled')).toBe(false);
    expect(await me.call('echo')).toMatchObject({ content: [] });
  });
});
