import { join } from 'node:path';
import { startConformanceServer, type RunningServer } from '../../fixtures/conformance-server';
import { startHarness, type Harness } from '../harness';
import { connect } from './clients';
import { messagesOf, openRaw } from './raw';
import { stdio } from './upstreams';

const WATCHED = 'test://watched-resource';

let legacy: RunningServer;
let modern: RunningServer;
let harness: Harness;
beforeAll(async () => {
  [legacy, modern] = await Promise.all([startConformanceServer({ era: 'legacy' }), startConformanceServer({ era: 'modern' })]);
  harness = startHarness([
    { name: 'legacy', upstream: { kind: 'http', url: legacy.url, headers: {} } },
    { name: 'modern', upstream: { kind: 'http', url: modern.url, headers: {} } },
    { name: 'stdio', upstream: stdio(join(__dirname, 'scripted-server.cjs'), []) },
  ]);
});
afterAll(async () => {
  await harness.close();
  await Promise.all([legacy.close(), modern.close()]);
});

describe('modern clients of a legacy server', () => {
  it.each<[string, string, string, object]>([
    ['over HTTP', 'legacy', 'test_trigger_resource_update', {}],
    ['over stdio', 'stdio', 'touch', { text: WATCHED }],
  ])('listen at the same time, each for itself (%s)', async (_, server, trigger, args) => {
    const [first, second] = await Promise.all([connect('v2 (modern)', harness, server), connect('v2 (modern)', harness, server)]);
    const subscriptions = await Promise.all([first, second].map(({ client }) => client.listen({ resourceSubscriptions: [WATCHED] })));
    expect(subscriptions.map(({ honoredFilter }) => honoredFilter)).toEqual([{ resourceSubscriptions: [WATCHED] }, { resourceSubscriptions: [WATCHED] }]);
    await first.call(trigger, args);
    await Promise.all([first, second].map((one) => one.hears('notifications/resources/updated')));
    await subscriptions[0]?.close();
    first.heard.length = 0;
    second.heard.length = 0;
    await first.call(trigger, args);
    await second.hears('notifications/resources/updated');
    expect(first.heard).toEqual([]);
    await Promise.all([first.close(), second.close()]);
  });
});

describe('legacy sessions', () => {
  const subscribe = (method: string) => ({ jsonrpc: '2.0', id: method, method, params: { uri: WATCHED } });

  it('of one process hear only of the resources that they watch, also when another one stops watching', async () => {
    const [first, second, third] = await Promise.all([openRaw(harness, 'stdio'), openRaw(harness, 'stdio'), openRaw(harness, 'stdio')]);
    const streams = await Promise.all([first, second, third].map(async (session) => messagesOf(await session.stream())));
    await first.post(subscribe('resources/subscribe'));
    await second.post(subscribe('resources/subscribe'));
    expect((await second.post(subscribe('resources/unsubscribe'))).response.result).toEqual({});
    await first.call('touch', { text: WATCHED });
    await first.call('announce');
    expect((await streams[0]!.next()).value).toMatchObject({ method: 'notifications/resources/updated' });
    for (const stream of streams) expect((await stream.next()).value).toMatchObject({ method: 'notifications/tools/list_changed' });
    const { seen } = JSON.parse((await first.call('whoami')).response.result.content[0].text);
    expect(seen.filter(({ method }: any) => method === 'resources/unsubscribe')).toEqual([]);
    await first.end();
    const { seen: afterwards } = JSON.parse((await third.call('whoami')).response.result.content[0].text);
    expect(afterwards.filter(({ method }: any) => method === 'resources/unsubscribe')).toHaveLength(1);
    await Promise.all(streams.map((stream) => stream.return(undefined)));
  });

  it.each(['stdio', 'modern'])('have one stream, which the newest request for it takes over (%s server)', async (server) => {
    const session = await openRaw(harness, server);
    const first = messagesOf(await session.stream());
    const ended = first.next();
    const second = messagesOf(await session.stream());
    expect((await ended).done).toBe(true);
    const change = second.next();
    await session.call(server === 'stdio' ? 'announce' : 'test_trigger_tool_change');
    expect((await change).value).toMatchObject({ method: 'notifications/tools/list_changed' });
    await session.end();
    expect((await second.next()).done).toBe(true);
  });
});
