import { createClientQuestions } from '../../../lambda/gateway/legs/client-questions';
import { createLegacyOverModernLeg, newTranslatedSession } from '../../../lambda/gateway/legs/legacy-over-modern';
import { MetaKey, type JsonObject, type JsonRpcRequest } from '../../../lambda/protocol';
import { FakeModernLeg, collect, request, result, type Script } from './fake-legs';

function legOver(script: Script, clientCapabilities: JsonObject = {}, questions = createClientQuestions(60_000)) {
  const modern = new FakeModernLeg(script);
  const legacy = createLegacyOverModernLeg({ leg: modern, session: 'session-1', state: newTranslatedSession(), clientCapabilities, clientInfo: { name: 'c', version: '1' }, questions });
  return { modern, legacy };
}

const asksOnce: Script = async function* (asked) {
  if (asked.params?.inputResponses !== undefined) yield result(asked.id, { resultType: 'complete', content: [{ type: 'text', text: JSON.stringify(asked.params.inputResponses) }] });
  else yield result(asked.id, { resultType: 'input_required', requestState: 'opaque', inputRequests: { name: { method: 'elicitation/create', params: { message: 'Name?', requestedSchema: { type: 'object', properties: {} } } } } });
};

describe('a legacy client in front of a modern server', () => {
  it('sends the version, capabilities and client of its session with every request', async () => {
    const { modern, legacy } = legOver(async function* (asked) { yield result(asked.id, { resultType: 'complete', content: [] }); }, { roots: {} });
    await collect(await legacy.exchange(request('tools/call', { name: 'a', _meta: { progressToken: 1 } }), {}));
    expect(modern.requests[0]?.params?._meta).toEqual({
      progressToken: 1,
      [MetaKey.PROTOCOL_VERSION]: '2026-07-28',
      [MetaKey.CLIENT_CAPABILITIES]: { roots: {} },
      [MetaKey.CLIENT_INFO]: { name: 'c', version: '1' },
    });
  });

  it('gets results without what only the modern era knows', async () => {
    const { legacy } = legOver(async function* (asked) {
      yield result(asked.id, { resultType: 'complete', ttlMs: 5, cacheScope: 'public', tools: [], structuredContent: [1], _meta: { [MetaKey.SERVER_INFO]: {}, own: 1 } });
    });
    expect(await collect(await legacy.exchange(request('tools/list'), {}))).toEqual([result(7, { tools: [], _meta: { own: 1 } })]);
  });

  it('is asked by a request when the server requires input, and the call goes on with its answer', async () => {
    const questions = createClientQuestions(60_000);
    const { modern, legacy } = legOver(asksOnce, { elicitation: {} }, questions);
    const { events } = await legacy.exchange(request('tools/call', { name: 'a' }), {});
    const iterator = events[Symbol.asyncIterator]();
    const asked = (await iterator.next()).value;
    const question = (asked as { message: JsonRpcRequest }).message;
    expect(question).toMatchObject({ method: 'elicitation/create', params: { message: 'Name?' } });
    const rest = iterator.next();
    await new Promise(setImmediate);
    await legacy.respond(result(question.id, { action: 'accept', content: { name: 'Ada' } }));
    expect((await rest).value).toMatchObject({ message: { id: 7, result: { content: [{ text: '{"name":{"action":"accept","content":{"name":"Ada"}}}' }] } } });
    expect(modern.requests[1]?.params).toMatchObject({ requestState: 'opaque' });
    expect(questions.size).toBe(0);
  });

  it('MUL-6 takes no answer from another session', async () => {
    const questions = createClientQuestions(60_000);
    const { legacy } = legOver(asksOnce, { elicitation: {} }, questions);
    const { events } = await legacy.exchange(request('tools/call', { name: 'a' }), {});
    const iterator = events[Symbol.asyncIterator]();
    const question = ((await iterator.next()).value as { message: JsonRpcRequest }).message;
    const rest = iterator.next();
    await new Promise(setImmediate);
    const stranger = createLegacyOverModernLeg({ leg: new FakeModernLeg(asksOnce), session: 'session-2', state: newTranslatedSession(), clientCapabilities: {}, questions });
    await stranger.respond(result(question.id, { action: 'accept', content: { name: 'Mallory' } }));
    expect(questions.size).toBe(1);
    await legacy.respond(result(question.id, { action: 'decline' }));
    expect(JSON.stringify((await rest).value)).not.toContain('Mallory');
  });

  it('gets an error when the server asks for input that it cannot give', async () => {
    const { legacy } = legOver(asksOnce);
    expect(await collect(await legacy.exchange(request('tools/call', { name: 'a' }), {}))).toMatchObject([{ id: 7, error: { code: -32600 } }]);
  });

  it('has ping, logging/setLevel and subscriptions answered, and the level kept', async () => {
    const { modern, legacy } = legOver(async function* (asked) { yield result(asked.id, { resultType: 'complete' }); });
    for (const [method, params] of [['ping', {}], ['logging/setLevel', { level: 'error' }], ['resources/subscribe', { uri: 'a:b' }]] as const) {
      expect(await collect(await legacy.exchange(request(method, params), {}))).toEqual([result(7, {})]);
    }
    expect(modern.requests).toHaveLength(0);
    await collect(await legacy.exchange(request('tools/call', { name: 'a' }), {}));
    expect(modern.requests[0]?.params?._meta).toMatchObject({ [MetaKey.LOG_LEVEL]: 'error' });
    const stream = await legacy.listen({});
    for await (const _ of stream?.events ?? []);
    expect(modern.requests[1]).toMatchObject({ method: 'subscriptions/listen', params: { notifications: { resourceSubscriptions: ['a:b'], toolsListChanged: true } } });
  });

  it('has its stream ended with the server\'s, which is not asked again and again', async () => {
    const { modern, legacy } = legOver(async function* (asked) { yield result(asked.id, { resultType: 'complete' }); });
    const stream = await legacy.listen({});
    for await (const _ of stream?.events ?? []);
    expect(modern.requests).toHaveLength(1);
  });

  it('has its stream started anew after a change of its subscriptions, and ended with its session', async () => {
    let end: () => void = () => undefined;
    const { modern, legacy } = legOver(async function* (asked) {
      if (asked.method !== 'subscriptions/listen') return yield result(asked.id, { resultType: 'complete' });
      await new Promise<void>((resolve) => (end = resolve));
    });
    const stream = await legacy.listen({});
    const over = (async () => { for await (const _ of stream?.events ?? []); })();
    await new Promise(setImmediate);
    await legacy.exchange(request('resources/subscribe', { uri: 'a:b' }), {});
    end();
    await new Promise(setImmediate);
    expect(modern.requests.map(({ params }) => (params?.notifications as JsonObject).resourceSubscriptions)).toEqual([[], ['a:b']]);
    await legacy.end();
    end();
    await over;
    expect(modern.requests).toHaveLength(2);
  });

  it('hears changes on its stream without the tag of the subscription', async () => {
    const { legacy } = legOver(async function* (asked) {
      const _meta = { [MetaKey.SUBSCRIPTION_ID]: asked.id };
      yield { jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: { notifications: {}, _meta } };
      yield { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'a:b', _meta } };
      yield result(asked.id, { resultType: 'complete', _meta });
    });
    const stream = await legacy.listen({});
    const heard = [];
    for await (const event of stream?.events ?? []) heard.push(event);
    expect(heard).toEqual([{ kind: 'message', message: { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'a:b' } } }]);
  });
});
