import { randomBytes } from 'node:crypto';
import { createModernOverLegacyLeg } from '../../../lambda/gateway/legs/modern-over-legacy';
import { shareSession } from '../../../lambda/gateway/legs/shared-session';
import { createWaitingCalls } from '../../../lambda/gateway/legs/waiting-calls';
import { createSeal } from '../../../lambda/gateway/sessions';
import { MetaKey, type JsonObject, type JsonRpcResult } from '../../../lambda/protocol';
import { FakeLegacyLeg, collect, request, result, type Script } from './fake-legs';

const seal = createSeal(randomBytes(32));
const description = { capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, tasks: {} }, serverInfo: { name: 's', version: '1' }, instructions: 'Be kind.' };

function legOver(script: Script, waiting = createWaitingCalls(seal), binding = 'files+alice') {
  const legacy = new FakeLegacyLeg(script);
  return { legacy, waiting, modern: createModernOverLegacyLeg({ session: shareSession(legacy, description), waiting, binding, inputMs: 60_000, asksAside: true }) };
}

const meta = (capabilities: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  [MetaKey.PROTOCOL_VERSION]: '2026-07-28',
  [MetaKey.CLIENT_CAPABILITIES]: capabilities,
  ...more,
});

const echo: Script = async function* (asked) {
  yield result(asked.id, { content: [] });
};

/** A question on the session's open stream, as from a tool that does not say which request it is about. */
const aside = request('sampling/createMessage', { messages: [], maxTokens: 1 }, 'aside');
const asksAside: Script = async function* (asked, io) {
  const answer = await io.answered('aside');
  yield result(asked.id, { content: [{ type: 'text', text: JSON.stringify('result' in answer ? answer.result.model : answer.error.message) }] });
};

describe('a modern client in front of a legacy server', () => {
  it('is asked what the server asks beside the stream of the call, and its answer goes there', async () => {
    const { modern, legacy } = legOver(asksAside);
    legacy.outOfBand = [aside];
    const call = { name: 'a', _meta: meta({ sampling: {} }) };
    const [question] = await collect(await modern.exchange(request('tools/call', call), {}));
    expect(question).toMatchObject({ id: 7, result: { resultType: 'input_required', inputRequests: { question: { method: 'sampling/createMessage' } } } });
    const { requestState } = (question as JsonRpcResult).result;
    const inputResponses = { question: { role: 'assistant', model: 'm', content: { type: 'text', text: 'x' } } };
    const [answer] = await collect(await modern.exchange(request('tools/call', { ...call, requestState, inputResponses }, 8), {}));
    expect(answer).toMatchObject({ id: 8, result: { resultType: 'complete', content: [{ text: '"m"' }] } });
  });

  it('is not asked what it cannot answer: the server is told so at once', async () => {
    const { modern, legacy } = legOver(asksAside);
    legacy.outOfBand = [aside];
    const [answer] = await collect(await modern.exchange(request('tools/call', { name: 'a', _meta: meta({ elicitation: {} }) }), {}));
    expect(answer).toMatchObject({ id: 7, result: { content: [{ text: '"no client is there that answers sampling/createMessage"' }] } });
  });

  it('opens no stream for a client that can be asked nothing', async () => {
    const { modern, legacy } = legOver(echo);
    const listen = jest.spyOn(legacy, 'listen');
    await collect(await modern.exchange(request('tools/call', { name: 'a', _meta: meta() }), {}));
    await collect(await modern.exchange(request('tools/list', { _meta: meta({ sampling: {} }) }), {}));
    expect(listen).not.toHaveBeenCalled();
  });

  it('is answered server/discover from what initialize said, without what the gateway does not know', async () => {
    const { modern, legacy } = legOver(echo);
    const [answer] = await collect(await modern.exchange(request('server/discover', { _meta: meta() }), {}));
    expect(answer).toMatchObject({
      id: 7,
      result: {
        supportedVersions: ['2026-07-28'],
        capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
        instructions: 'Be kind.',
        resultType: 'complete',
        cacheScope: 'private',
        _meta: { [MetaKey.SERVER_INFO]: { name: 's', version: '1' } },
      },
    });
    expect((answer as JsonRpcResult).result.capabilities).not.toHaveProperty('tasks');
    expect(legacy.requests).toHaveLength(0);
  });

  it('has its request translated and gets a complete result', async () => {
    const { modern, legacy } = legOver(echo);
    const [answer] = await collect(await modern.exchange(request('tools/call', { name: 'a', arguments: { x: 1 }, _meta: meta({}, { progressToken: 'p' }) }), {}));
    expect(legacy.requests[0]?.params).toEqual({ name: 'a', arguments: { x: 1 }, _meta: { progressToken: legacy.requests[0]?.id } });
    expect(legacy.requests[0]?.id).not.toBe(7);
    expect(answer).toMatchObject({ id: 7, result: { content: [], resultType: 'complete' } });
  });

  it('gets lists as private and with a time to live', async () => {
    const { modern } = legOver(async function* (asked) {
      yield result(asked.id, { tools: [] });
    });
    expect(await collect(await modern.exchange(request('tools/list', { _meta: meta() }), {}))).toMatchObject([{ result: { cacheScope: 'private', ttlMs: 60_000 } }]);
  });

  it('keeps progress on the request, and log messages only from the level it asked for', async () => {
    const { modern } = legOver(async function* (asked) {
      yield { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'of another call', progress: 1 } };
      yield { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: asked.id, progress: 1 } };
      yield { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'debug', data: 'no' } };
      yield { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'error', data: 'yes' } };
      yield { jsonrpc: '2.0', method: 'notifications/tools/list_changed' };
      yield result(asked.id, {});
    });
    const messages = await collect(await modern.exchange(request('tools/call', { _meta: meta({}, { [MetaKey.LOG_LEVEL]: 'warning', progressToken: 'p' }) }), {}));
    expect(messages.map((message) => ('method' in message ? message.params?.data ?? message.params?.progressToken : 'response'))).toEqual(['p', 'yes', 'response']);
  });

  const asking: Script = async function* (asked, { answered }) {
    yield { jsonrpc: '2.0', id: 99, method: 'elicitation/create', params: { message: 'Name?', requestedSchema: { type: 'object', properties: {} } } };
    const answer = await answered(99);
    yield result(asked.id, { content: [{ type: 'text', text: JSON.stringify(answer) }] });
  };

  it('turns the question of a server into input_required, and continues the call with the answer', async () => {
    const { modern, legacy } = legOver(asking);
    const capabilities = { elicitation: {} };
    const [first] = (await collect(await modern.exchange(request('tools/call', { name: 'a', _meta: meta(capabilities) }), {}))) as JsonRpcResult[];
    expect(first?.result).toMatchObject({ resultType: 'input_required', inputRequests: { question: { method: 'elicitation/create', params: { message: 'Name?' } } } });
    const retry = { name: 'a', _meta: meta(capabilities), requestState: first?.result.requestState, inputResponses: { question: { action: 'accept', content: { name: 'Ada' } } } };
    const [second] = await collect(await modern.exchange(request('tools/call', retry, 8), {}));
    expect(legacy.responses).toEqual([result(99, { action: 'accept', content: { name: 'Ada' } })]);
    expect(second).toMatchObject({ id: 8, result: { resultType: 'complete' } });
    expect(legacy.requests).toHaveLength(1);
  });

  it('asks again when the retry brings no answer', async () => {
    const { modern, waiting } = legOver(asking);
    const [first] = (await collect(await modern.exchange(request('tools/call', { _meta: meta({ elicitation: {} }) }), {}))) as JsonRpcResult[];
    const retry = { _meta: meta({ elicitation: {} }), requestState: first?.result.requestState, inputResponses: {} };
    const [again] = (await collect(await modern.exchange(request('tools/call', retry, 8), {}))) as JsonRpcResult[];
    expect(again?.result.resultType).toBe('input_required');
    expect(waiting.size).toBe(1);
    waiting.close();
  });

  it('MUL-6 refuses request state that belongs to another principal, was used before, or was made up', async () => {
    const { modern, waiting } = legOver(asking);
    const [first] = (await collect(await modern.exchange(request('tools/call', { _meta: meta({ elicitation: {} }) }), {}))) as JsonRpcResult[];
    const retry = { _meta: meta(), requestState: first?.result.requestState, inputResponses: { question: { action: 'decline' } } };
    const other = legOver(asking, waiting, 'files+mallory');
    const refused = { error: { code: -32602, message: 'requestState is unknown, expired or not yours: call again without it' } };
    expect(await collect(await other.modern.exchange(request('tools/call', retry), {}))).toMatchObject([refused]);
    expect(await collect(await modern.exchange(request('tools/call', retry), {}))).toMatchObject([{ result: { resultType: 'complete' } }]);
    expect(await collect(await modern.exchange(request('tools/call', retry), {}))).toMatchObject([refused]);
    expect(await collect(await modern.exchange(request('tools/call', { ...retry, requestState: 'made-up' }), {}))).toMatchObject([refused]);
  });

  it('ends the call with -32021 when the server asks for what the client did not declare', async () => {
    const { modern, legacy } = legOver(asking);
    const [answer] = await collect(await modern.exchange(request('tools/call', { _meta: meta({}) }), {}));
    expect(answer).toMatchObject({ id: 7, error: { code: -32021, data: { requiredCapabilities: { elicitation: {} } } } });
    expect(legacy.responses).toMatchObject([{ id: 99, error: { code: -32601 } }]);
  });

  it('turns the legacy error for a URL elicitation into input_required', async () => {
    const { modern } = legOver(async function* (asked) {
      yield { jsonrpc: '2.0', id: asked.id, error: { code: -32042, message: 'go there', data: { elicitations: [{ mode: 'url', elicitationId: 'e', url: 'https://a.example', message: 'm' }] } } };
    });
    expect(await collect(await modern.exchange(request('tools/call', { _meta: meta({ elicitation: { url: {} } }) }), {}))).toMatchObject([
      { result: { resultType: 'input_required', inputRequests: { 'elicitation-0': { method: 'elicitation/create', params: { mode: 'url', url: 'https://a.example' } } } } },
    ]);
  });

  it('gets -32602 for a resource that is not there', async () => {
    const { modern } = legOver(async function* (asked) {
      yield { jsonrpc: '2.0', id: asked.id, error: { code: -32002, message: 'Resource not found' } };
    });
    expect(await collect(await modern.exchange(request('resources/read', { uri: 'a:b', _meta: meta() }), {}))).toMatchObject([{ error: { code: -32602 } }]);
  });

  it('listens to what it asked for and the server offers, tagged with its subscription', async () => {
    const { modern, legacy } = legOver(echo);
    legacy.outOfBand = [
      { jsonrpc: '2.0', method: 'notifications/tools/list_changed' },
      { jsonrpc: '2.0', method: 'notifications/prompts/list_changed' },
      { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'a:b' } },
      { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'not:asked' } },
    ];
    const filter = { toolsListChanged: true, promptsListChanged: true, resourceSubscriptions: ['a:b'] };
    const messages = await collect(await modern.exchange(request('subscriptions/listen', { notifications: filter, _meta: meta() }), {}));
    const tag = { [MetaKey.SUBSCRIPTION_ID]: 7 };
    expect(messages).toMatchObject([
      { method: 'notifications/subscriptions/acknowledged', params: { notifications: { toolsListChanged: true, resourceSubscriptions: ['a:b'] }, _meta: tag } },
      { method: 'notifications/tools/list_changed', params: { _meta: tag } },
      { method: 'notifications/resources/updated', params: { uri: 'a:b', _meta: tag } },
      { id: 7, result: { resultType: 'complete', _meta: tag } },
    ]);
    expect(legacy.requests.map(({ method }) => method)).toEqual(['resources/subscribe', 'resources/unsubscribe']);
  });
});
