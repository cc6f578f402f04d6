import fc from 'fast-check';
import { checkModern, classify, decodeHeaderValue, encodeHeaderValue, Refusal, type HeaderReader } from '../../../lambda/gateway/inbound';
import type { JsonObject, JsonValue } from '../../../lambda/protocol';

const META = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
type HeaderValues = Record<string, string | undefined>;

function headersOf(values: HeaderValues): Headers {
  return new Headers(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** What the gateway says to a body with these headers, up to the parameters of its method. */
function answer(headers: HeaderReader, body: JsonValue): Refusal | undefined {
  const classified = classify(headers, body);
  if (classified instanceof Refusal) return classified;
  if (classified.era !== 'modern') throw new Error('not modern');
  return checkModern(headers, classified.message);
}

function request(method: string, params: JsonObject = {}, changes: HeaderValues = {}, meta: JsonObject | undefined = META): Refusal | undefined {
  const name = typeof params.name === 'string' ? params.name : typeof params.uri === 'string' ? params.uri : undefined;
  const named = ['tools/call', 'prompts/get', 'resources/read'].includes(method) ? { 'mcp-name': name } : {};
  const headers = headersOf({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...named, ...changes });
  return answer(headers, { jsonrpc: '2.0', id: 7, method, params: meta === undefined ? params : { ...params, _meta: meta } });
}

const without = (key: string): JsonObject => Object.fromEntries(Object.entries(META).filter(([name]) => name !== key));
const mismatch = { status: 400, reason: 'header_mismatch', error: { code: -32020 }, id: 7 };

describe('_meta of a modern request', () => {
  it('GW-1 accepts a request with a version and capabilities, with or without clientInfo', () => {
    expect(request('server/discover')).toBeUndefined();
    expect(request('tools/call', { name: 'read_file', arguments: {} })).toBeUndefined();
    expect(request('tools/list', {}, {}, { ...META, 'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' }, 'io.modelcontextprotocol/logLevel': 'info', progressToken: 3 })).toBeUndefined();
  });

  it('GW-1 refuses a request without _meta, version or capabilities with 400 and -32602', () => {
    const refused = { status: 400, reason: 'invalid_meta', error: { code: -32602 }, id: 7 };
    const headers = headersOf({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' });
    expect(answer(headers, { jsonrpc: '2.0', id: 7, method: 'server/discover' })).toMatchObject(refused);
    expect(answer(headers, { jsonrpc: '2.0', id: 7, method: 'server/discover', params: {} })).toMatchObject(refused);
    expect(request('server/discover', {}, {}, without('io.modelcontextprotocol/protocolVersion'))).toMatchObject(refused);
    expect(request('server/discover', {}, {}, without('io.modelcontextprotocol/clientCapabilities'))).toMatchObject(refused);
  });

  it.each<[string, JsonObject]>([
    ['capabilities that are no object', { 'io.modelcontextprotocol/clientCapabilities': [] }],
    ['capabilities of the wrong shape', { 'io.modelcontextprotocol/clientCapabilities': { roots: true } }],
    ['a version that is no string', { 'io.modelcontextprotocol/protocolVersion': 20260728 }],
    ['a log level that does not exist', { 'io.modelcontextprotocol/logLevel': 'loud' }],
    ['a clientInfo without version', { 'io.modelcontextprotocol/clientInfo': { name: 'c' } }],
    ['a progress token that is no string or integer', { progressToken: 1.5 }],
  ])('GW-1 refuses %s with 400 and -32602', (_what, changed) => {
    expect(request('tools/list', {}, {}, { ...META, ...changed })).toMatchObject({ status: 400, error: { code: -32602 } });
  });
});

describe('headers of a modern request', () => {
  it('GW-1 refuses a MCP-Protocol-Version that is missing or differs from _meta with 400 and -32020', () => {
    expect(request('tools/list', {}, { 'mcp-protocol-version': undefined })).toMatchObject(mismatch);
    expect(request('tools/list', {}, { 'mcp-protocol-version': '2025-11-25' })).toMatchObject(mismatch);
    expect(request('tools/list', {}, { 'mcp-protocol-version': '2026-07-28, 2026-07-28' })).toMatchObject(mismatch);
    expect(request('tools/list', {}, {}, { ...META, 'io.modelcontextprotocol/protocolVersion': 'v999.0.0' })).toMatchObject(mismatch);
  });

  it.each(['v999.0.0', '2027-01-01', '2025-11-25'])('GW-1 refuses the version %s in _meta with 400, -32022 and what is supported', (version) => {
    expect(request('server/discover', {}, { 'mcp-protocol-version': version }, { ...META, 'io.modelcontextprotocol/protocolVersion': version })).toMatchObject({
      status: 400,
      id: 7,
      error: { code: -32022, data: { supported: ['2026-07-28'], requested: version } },
    });
  });

  it.each([undefined, 'prompts/list', 'TOOLS/LIST', 'tools/list, tools/list', ''])('GW-1 refuses Mcp-Method "%s" for tools/list', (method) => {
    expect(request('tools/list', {}, { 'mcp-method': method })).toMatchObject(mismatch);
  });

  it('GW-1 reads header names in any case and values without outer white space', () => {
    const raw = new Map([['mcp-protocol-version', ' 2026-07-28\t'], ['mcp-method', '  tools/call'], ['mcp-name', '\t read_file  ']]);
    const headers = { get: (name: string) => raw.get(name.toLowerCase()) ?? null };
    expect(answer(headers, { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'read_file', _meta: META } })).toBeUndefined();
    expect(answer(new Headers({ 'MCP-PROTOCOL-VERSION': '2026-07-28', 'MCP-METHOD': 'tools/list' }), { jsonrpc: '2.0', id: 7, method: 'tools/list', params: { _meta: META } })).toBeUndefined();
  });

  it.each<[string, JsonObject]>([
    ['tools/call', { name: 'read_file' }],
    ['prompts/get', { name: 'greet' }],
    ['resources/read', { uri: 'file:///a' }],
  ])('GW-1 requires Mcp-Name on %s, equal to its parameter', (method, params) => {
    expect(request(method, params)).toBeUndefined();
    expect(request(method, params, { 'mcp-name': undefined })).toMatchObject(mismatch);
    expect(request(method, params, { 'mcp-name': 'other' })).toMatchObject(mismatch);
    expect(request(method, params, { 'mcp-name': String(Object.values(params)[0]).toUpperCase() })).toMatchObject(mismatch);
  });

  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])('GW-1 requires Mcp-Name on %s before it says that tasks are not served', (method) => {
    expect(request(method, { taskId: 't1' })).toMatchObject(mismatch);
    expect(request(method, { taskId: 't1' }, { 'mcp-name': 't1' })).toMatchObject({ status: 404, error: { code: -32601 } });
  });

  it('GW-1 refuses Mcp-Name where the body has no name, because someone may have decided on it', () => {
    expect(request('tools/list', {}, { 'mcp-name': 'read_file' })).toMatchObject(mismatch);
  });

  it('GW-1 reports a name missing from the body as a missing parameter', () => {
    expect(request('tools/call', {}, { 'mcp-name': undefined })).toMatchObject({ status: 200, error: { code: -32602 }, id: 7 });
    expect(request('tools/call', {}, { 'mcp-name': '=?base64??=' })).toMatchObject({ error: { code: -32602 } });
  });

  it('GW-1 compares the decoded Mcp-Name', () => {
    const base64 = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;
    expect(request('tools/call', { name: 'größe' }, { 'mcp-name': base64('größe') })).toBeUndefined();
    expect(request('tools/call', { name: 'read_file' }, { 'mcp-name': base64('read_file') })).toBeUndefined();
    expect(request('tools/call', { name: 'read_file' }, { 'mcp-name': base64('write_file') })).toMatchObject(mismatch);
    expect(request('tools/call', { name: 'read_file' }, { 'mcp-name': '=?base64??=' })).toMatchObject(mismatch);
    expect(request('tools/call', { name: 'read_file' }, { 'mcp-name': '=?base64?!!!?=' })).toMatchObject(mismatch);
    // A name that looks like the sentinel has to be encoded itself.
    const odd = '=?base64?SGVsbG8=?=';
    expect(request('tools/call', { name: odd }, { 'mcp-name': odd })).toMatchObject(mismatch);
    expect(request('tools/call', { name: odd }, { 'mcp-name': base64(odd) })).toBeUndefined();
  });

  it('GW-1 refuses characters that a header may not hold, even where body and header are the same', () => {
    expect(request('tools/call', { name: 'grö' }, { 'mcp-name': 'grö' })).toMatchObject(mismatch);
  });

  it('GW-1 never lets a header and a body with different names through', () => {
    const name = fc.string({ unit: 'binary', maxLength: 12 });
    fc.assert(
      fc.property(name, name, (inBody, inHeader) => {
        const refused = request('tools/call', { name: inBody }, { 'mcp-name': encodeHeaderValue(inHeader) });
        expect(refused === undefined).toBe(inBody === inHeader);
      }),
    );
  });

  it('GW-1 checks _meta before headers, the version before missing headers, and headers before the method', () => {
    expect(request('no/such', {}, { 'mcp-method': 'other' }, {})).toMatchObject({ error: { code: -32602 } });
    expect(request('no/such', {}, { 'mcp-method': undefined, 'mcp-protocol-version': undefined }, { ...META, 'io.modelcontextprotocol/protocolVersion': '2027-01-01' })).toMatchObject({ error: { code: -32022 } });
    expect(request('no/such', {}, { 'mcp-method': undefined })).toMatchObject({ error: { code: -32020 } });
  });
});

describe('value encoding', () => {
  it('GW-1 encodes every value so that it decodes to itself, in characters that a header may hold', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.string().map((text) => `=?base64?${text}?=`), fc.constantFrom('', ' ', '=?base64??=', '=?base64?=', 'a b', ' a', 'a\t', 'a\nb')), (value) => {
        const encoded = encodeHeaderValue(value);
        expect(encoded).toMatch(/^[\x20-\x7e\t]+$/);
        expect(new Headers({ x: encoded }).get('x')).toBe(encoded);
        expect(decodeHeaderValue(encoded)).toBe(value);
      }),
    );
  });

  it('GW-1 decodes one spelling of a value only', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('A', 'B', 'g', 'w', '=', '+', '/', '-', ' '), maxLength: 12 }), (payload) => {
        const decoded = decodeHeaderValue(`=?base64?${payload}?=`);
        if (decoded !== undefined) expect(Buffer.from(decoded).toString('base64')).toBe(payload);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['=?base64?SGVsbG8?=', '=?base64?SGVs!!!bG8=?=', '=?base64?SGVsbG9=?=', '=?base64?SGVs bG8=?=', '=?base64?_-8=?=', '=?base64?/w==?=', '=?base64?SGVsbG8==?='])('GW-1 refuses the sentinel %s', (value) => {
    expect(decodeHeaderValue(value)).toBeUndefined();
  });

  it.each(['SGVsbG8=', '=?base64?SGVsbG8=', 'SGVsbG8=?=', '=?BASE64?SGVsbG8=?=', '=?base64?=', 'plain text'])('GW-1 takes %s literally', (value) => {
    expect(decodeHeaderValue(value)).toBe(value);
  });
});

describe('methods of 2026-07-28', () => {
  it.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe', 'tasks/list', 'tasks/result', 'sampling/createMessage', 'unknown/method', 'constructor'])(
    'GW-1 answers %s with 404, -32601 and the id',
    (method) => {
      expect(request(method)).toMatchObject({ status: 404, reason: 'unknown_method', error: { code: -32601 }, id: 7 });
    },
  );

  it.each<[string, JsonObject]>([
    ['tools/list', { cursor: 'c' }],
    ['tools/call', { name: 'a', arguments: { x: 1 }, inputResponses: { q: { action: 'accept' } }, requestState: 's' }],
    ['prompts/list', {}],
    ['prompts/get', { name: 'a', arguments: { x: '1' } }],
    ['resources/list', {}],
    ['resources/templates/list', {}],
    ['resources/read', { uri: 'test://a' }],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'a', value: 'b' }, context: { arguments: { c: 'd' } } }],
    ['server/discover', {}],
    ['subscriptions/listen', { notifications: { toolsListChanged: true, resourceSubscriptions: ['test://a'] } }],
  ])('GW-1 accepts %s', (method, params) => {
    expect(request(method, params)).toBeUndefined();
  });

  it.each<[string, JsonObject, string]>([
    ['tools/list', { cursor: 1 }, 'params.cursor'],
    ['tools/call', { name: 'a', arguments: [] }, 'params.arguments'],
    ['tools/call', { name: 'a', task: { ttl: 1 } }, 'params.task'],
    ['tools/call', { name: 'a', inputResponses: [] }, 'params.inputResponses'],
    ['tools/call', { name: 'a', inputResponses: { secret: 'x' } }, 'params.inputResponses.*'],
    ['tools/call', { name: 'a', requestState: {} }, 'params.requestState'],
    ['prompts/get', { name: 'a', arguments: { x: 1 } }, 'params.arguments.*'],
    ['resources/read', { uri: 'no uri' }, 'params.uri'],
    ['completion/complete', { ref: { type: 'ref/tool', name: 'p' }, argument: { name: 'a', value: 'b' } }, 'params.ref.type'],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'a' } }, 'params.argument.value'],
    ['subscriptions/listen', {}, 'params.notifications'],
    ['subscriptions/listen', { notifications: { resourceSubscriptions: [1] } }, 'params.notifications.resourceSubscriptions[0]'],
  ])('GW-1 refuses %s %j and names the parameter', (method, params, where) => {
    const refused = request(method, params);
    expect(refused).toMatchObject({ status: 200, reason: 'invalid_params', error: { code: -32602 }, id: 7 });
    expect(refused?.error.message).toContain(`${where}: expected`);
  });

  it('GW-1 never quotes a value in a refusal', () => {
    const secret = 'hunter2-hunter2';
    for (const refused of [
      request('tools/call', { name: secret, arguments: secret }),
      request('tools/call', { name: secret }, { 'mcp-name': 'other' }),
      request('prompts/get', { name: 'a', arguments: { [secret]: 1 } }),
      request('logging/setLevel', { level: secret }),
    ]) {
      expect(JSON.stringify(refused)).toContain('"code"');
      expect(JSON.stringify(refused)).not.toContain(secret);
    }
  });
});

describe('what a modern client posts besides requests', () => {
  const modern = headersOf({ 'mcp-protocol-version': '2026-07-28' });

  it('GW-1 accepts a cancellation without _meta and headers, refuses other notifications', () => {
    expect(answer(modern, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })).toBeUndefined();
    expect(answer(modern, { jsonrpc: '2.0', method: 'notifications/cancelled', params: {} })).toMatchObject({ status: 400, error: { code: -32602 } });
    for (const method of ['notifications/roots/list_changed', 'notifications/initialized', 'notifications/elicitation/complete']) {
      const refused = answer(modern, { jsonrpc: '2.0', method });
      expect(refused).toMatchObject({ status: 400, error: { code: -32601 } });
      expect(refused?.id).toBeUndefined();
    }
  });

  it('GW-1 refuses a notification whose headers or version disagree', () => {
    const notification = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    expect(answer(headersOf({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' }), notification)).toMatchObject({ error: { code: -32020 } });
    const claiming = { ...notification, params: { ...notification.params, _meta: META } };
    expect(answer(headersOf({ 'mcp-protocol-version': '2025-11-25' }), claiming)).toMatchObject({ error: { code: -32020 } });
    expect(answer(headersOf({}), claiming)).toBeUndefined();
    expect(answer(headersOf({ 'mcp-protocol-version': '2027-01-01' }), notification)).toMatchObject({ error: { code: -32022 } });
    expect(answer(headersOf({}), { ...notification, params: { requestId: 1, _meta: { 'io.modelcontextprotocol/protocolVersion': 1 } } })).toMatchObject({ status: 400, error: { code: -32602 } });
  });

  it('GW-1 refuses a posted response and a batch', () => {
    expect(classify(modern, { jsonrpc: '2.0', id: 1, result: {} })).toMatchObject({ status: 400, error: { code: -32600 } });
    expect(classify(modern, [])).toMatchObject({ status: 400, error: { code: -32600 } });
    expect(classify(headersOf({}), [{ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: META } }])).toMatchObject({ status: 400, error: { code: -32600 } });
  });
});
