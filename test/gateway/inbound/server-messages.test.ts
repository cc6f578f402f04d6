import { checkAnswer, checkInputRequests, checkServerMessage } from '../../../lambda/gateway/inbound';
import { asJsonRpcMessage, type JsonObject, type JsonRpcMessage, type JsonValue, type Revision } from '../../../lambda/protocol';

const message = (method: string, params?: JsonObject, id?: number): JsonRpcMessage => {
  const found = asJsonRpcMessage({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }), ...(id === undefined ? {} : { id }) });
  if (found === undefined) throw new Error('not a message');
  return found;
};
const request = (revision: Revision, method: string, params?: JsonObject): string | undefined => checkServerMessage(message(method, params, 1), revision);
const notification = (revision: Revision, method: string, params?: JsonObject): string | undefined => checkServerMessage(message(method, params), revision);

const sampling = { messages: [{ role: 'user', content: { type: 'text', text: 'hi' } }], maxTokens: 10 };
const form = { message: 'Who?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } };
const url = { mode: 'url', message: 'Go', url: 'https://example.com/a', elicitationId: 'e1' };

describe('messages from an upstream server', () => {
  it('GW-1 knows what a server may ask in each revision', () => {
    expect(request('2024-11-05', 'roots/list')).toBeUndefined();
    expect(request('2024-11-05', 'ping')).toBeUndefined();
    expect(request('2025-03-26', 'sampling/createMessage', sampling)).toBeUndefined();
    expect(request('2025-03-26', 'elicitation/create', form)).toBe('unknown request');
    expect(request('2025-06-18', 'elicitation/create', form)).toBeUndefined();
    expect(request('2025-11-25', 'elicitation/create', form)).toBeUndefined();
    expect(request('2025-06-18', 'elicitation/create', url)).toMatch(/requestedSchema/);
    expect(request('2025-11-25', 'elicitation/create', url)).toBeUndefined();
    expect(request('2025-11-25', 'tools/call', { name: 'a' })).toBe('unknown request');
    expect(request('2026-07-28', 'roots/list')).toMatch(/must not send requests/);
  });

  it('GW-1 catches garbage in what a server asks, and names no value', () => {
    const secret = 'hunter2';
    for (const [method, params] of [
      ['sampling/createMessage', undefined],
      ['sampling/createMessage', { ...sampling, messages: secret }],
      ['sampling/createMessage', { ...sampling, maxTokens: secret }],
      ['sampling/createMessage', { ...sampling, messages: [{ role: secret, content: [] }] }],
      ['sampling/createMessage', { ...sampling, task: { ttl: 1 } }],
      ['elicitation/create', { ...form, mode: secret }],
      ['elicitation/create', { ...form, requestedSchema: { type: 'object' } }],
      ['elicitation/create', { ...url, url: secret }],
      ['roots/list', { _meta: secret }],
    ] satisfies [string, JsonObject | undefined][]) {
      const problem = request('2025-11-25', method, params);
      expect(problem).toMatch(/^params.*: expected /);
      expect(problem).not.toContain(secret);
    }
  });

  it('GW-1 allows members that a later revision may add', () => {
    expect(request('2025-11-25', 'sampling/createMessage', { ...sampling, future: { x: 1 } })).toBeUndefined();
  });

  it('GW-1 checks a server\'s notifications, progress tokens included', () => {
    expect(notification('2025-11-25', 'notifications/progress', { progressToken: 1, progress: 1, message: 'm' })).toBeUndefined();
    expect(notification('2025-11-25', 'notifications/progress', { progressToken: null, progress: 1 })).toMatch(/progressToken/);
    expect(notification('2025-11-25', 'notifications/message', { level: 'info', data: null })).toBeUndefined();
    expect(notification('2025-11-25', 'notifications/message', { level: 'info' })).toMatch(/data/);
    expect(notification('2025-11-25', 'notifications/resources/updated', {})).toMatch(/uri/);
    expect(notification('2025-11-25', 'notifications/elicitation/complete', { elicitationId: 'e' })).toBeUndefined();
    expect(notification('2026-07-28', 'notifications/elicitation/complete', { elicitationId: 'e' })).toBe('unknown notification');
    expect(notification('2026-07-28', 'notifications/subscriptions/acknowledged', { notifications: {} })).toBeUndefined();
    expect(notification('2025-11-25', 'notifications/subscriptions/acknowledged', { notifications: {} })).toBe('unknown notification');
    expect(notification('2025-11-25', 'notifications/initialized')).toBe('unknown notification');
  });

  it('GW-1 checks the questions in an input_required result', () => {
    expect(checkInputRequests(undefined)).toBeUndefined();
    expect(checkInputRequests({ a: { method: 'elicitation/create', params: form }, b: { method: 'roots/list' }, c: { method: 'sampling/createMessage', params: sampling } })).toBeUndefined();
    expect(checkInputRequests({ a: { method: 'elicitation/create', params: { mode: 'url', message: 'Go', url: 'https://example.com' } } })).toBeUndefined();
    for (const bad of [[], { a: 1 }, { a: { method: 'tools/call', params: {} } }, { a: { method: 'elicitation/create' } }] satisfies JsonValue[]) expect(checkInputRequests(bad)).toMatch(/^inputRequests/);
  });
});

describe('answers of a client to a server', () => {
  it('GW-1 knows what answers which request', () => {
    expect(checkAnswer('roots/list', { roots: [{ uri: 'file:///a' }] })).toBeUndefined();
    expect(checkAnswer('roots/list', { roots: 'all' })).toMatch(/^result.roots/);
    expect(checkAnswer('elicitation/create', { action: 'accept', content: { name: 'x' } })).toBeUndefined();
    expect(checkAnswer('elicitation/create', { action: 'maybe' })).toMatch(/^result.action/);
    expect(checkAnswer('sampling/createMessage', { role: 'assistant', content: { type: 'text', text: 'x' }, model: 'm' })).toBeUndefined();
    expect(checkAnswer('sampling/createMessage', { role: 'assistant', content: 'x', model: 'm' })).toMatch(/^result.content/);
    expect(checkAnswer('ping', {})).toBeUndefined();
    expect(checkAnswer('toString', {})).toBe('no answer is expected to this method');
  });
});
