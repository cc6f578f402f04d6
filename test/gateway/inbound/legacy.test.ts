import { checkBatch, checkLegacy, checkLegacyHeaders, checkMessage, classify, Refusal } from '../../../lambda/gateway/inbound';
import { asJsonRpcMessage, LEGACY_REVISIONS, type JsonObject, type JsonRpcMessage, type JsonValue, type LegacyRevision } from '../../../lambda/protocol';

const message = (body: JsonValue): JsonRpcMessage => {
  const found = asJsonRpcMessage(body);
  if (found === undefined) throw new Error('not a message');
  return found;
};
const request = (method: string, params?: JsonObject): JsonRpcMessage => message({ jsonrpc: '2.0', id: 7, method, ...(params === undefined ? {} : { params }) });
const notification = (method: string, params?: JsonObject): JsonRpcMessage => message({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) });
const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };

describe('a message', () => {
  it('GW-1 is passed on with the members of JSON-RPC alone, so that no server takes another one for its params', () => {
    const smuggled = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo' }, Params: { name: 'delete' }, METHOD: 'x', 'param\u017f': {} };
    const own = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo' } };
    expect(classify(new Headers(), smuggled)).toEqual({ era: 'legacy', message: own });
    expect(checkBatch('2025-03-26', [smuggled], 1)).toEqual([own]);
  });
});

describe('the era of a request', () => {
  const era = (headers: Record<string, string>, body: JsonValue): string => {
    const classified = classify(new Headers(headers), body);
    return classified instanceof Refusal ? String(classified.error.code) : 'batch' in classified ? 'batch' : classified.era;
  };
  const meta = (version: JsonValue, capabilities: JsonValue = {}): JsonObject => ({
    _meta: { 'io.modelcontextprotocol/protocolVersion': version, 'io.modelcontextprotocol/clientCapabilities': capabilities },
  });
  const body = (method: string, params?: JsonObject): JsonValue => ({ jsonrpc: '2.0', id: 1, method, ...(params === undefined ? {} : { params }) });

  it.each<[string, Record<string, string>, JsonValue, string]>([
    ['a claim in the body', {}, body('tools/list', meta('2026-07-28')), 'modern'],
    ['a claim that is wrong, never taken for legacy', {}, body('tools/list', meta(1)), 'modern'],
    ['a claim of an old version', {}, body('tools/list', meta('2025-11-25')), 'modern'],
    ['a modern header without a claim', { 'mcp-protocol-version': '2026-07-28' }, body('tools/list'), 'modern'],
    ['no claim and no header', {}, body('tools/list'), 'legacy'],
    ['no claim and a legacy header', { 'mcp-protocol-version': '2025-06-18' }, body('tools/list'), 'legacy'],
    ['a progress token alone', {}, body('tools/list', { _meta: { progressToken: 1 } }), 'legacy'],
    ['initialize', {}, body('initialize', initialize), 'legacy'],
    ['initialize with a claim that is not valid', {}, body('initialize', { ...initialize, ...meta('2026-07-28', 'none') }), 'legacy'],
    ['initialize with a valid claim', { 'mcp-protocol-version': '2026-07-28' }, body('initialize', { ...initialize, ...meta('2026-07-28') }), 'modern'],
    ['initialize under a modern header', { 'mcp-protocol-version': '2026-07-28' }, body('initialize', initialize), '-32020'],
    ['a response', {}, { jsonrpc: '2.0', id: 1, result: {} }, 'legacy'],
    ['an array', {}, [body('ping')], 'batch'],
  ])('GW-1 tells by %s', (_what, headers, value, expected) => {
    expect(era(headers, value)).toBe(expected);
  });

  it.each<JsonValue[]>([
    [null],
    ['text'],
    [7],
    [{}],
    [{ jsonrpc: '1.0', id: 1, method: 'ping' }],
    [{ jsonrpc: '2.0', id: null, method: 'ping' }],
    [{ jsonrpc: '2.0', id: 1.5, method: 'ping' }],
    [{ jsonrpc: '2.0', id: 9007199254740992, method: 'ping' }],
    [{ jsonrpc: '2.0', id: 'x'.repeat(257), method: 'ping' }],
    [{ jsonrpc: '2.0', id: {}, method: 'ping' }],
    [{ jsonrpc: '2.0', id: 1, method: 'm'.repeat(129) }],
    [{ jsonrpc: '2.0', id: 1, method: '' }],
    [{ jsonrpc: '2.0', id: 1, method: 'tools/list\r\nx' }],
    [{ jsonrpc: '2.0', id: 1, method: 7 }],
    [{ jsonrpc: '2.0', id: 1, method: 'ping', params: [] }],
    [{ jsonrpc: '2.0', id: 1, method: 'ping', result: {} }],
    [{ jsonrpc: '2.0', id: 1, result: {}, error: { code: 1, message: 'x' } }],
    [{ jsonrpc: '2.0', id: 1 }],
    [{ jsonrpc: '2.0', id: 1, error: { code: 'x', message: 'x' } }],
  ])('GW-1 refuses %j, which is not a JSON-RPC message, with 400 and -32600', (value) => {
    expect(classify(new Headers(), value)).toMatchObject({ status: 400, reason: 'invalid_request', error: { code: -32600 } });
  });

  it('GW-1 answers a malformed message with its id where that can be read', () => {
    expect(classify(new Headers(), { jsonrpc: '2.0', id: 'a', method: 7 })).toMatchObject({ id: 'a' });
    expect(classify(new Headers(), { jsonrpc: '2.0', id: 'a'.repeat(300), method: 7 })).toMatchObject({ id: undefined });
  });
});

describe('headers of a session', () => {
  it('GW-1 takes any legacy version, or none', () => {
    expect(checkLegacyHeaders(new Headers())).toBeUndefined();
    for (const version of LEGACY_REVISIONS) expect(checkLegacyHeaders(new Headers({ 'mcp-protocol-version': version }))).toBeUndefined();
  });

  it.each(['2024-01-01', '1900-01-01', 'not-a-version', '', '2026-07-28', '2025-11-25, 2025-11-25'])('GW-1 refuses the version "%s" with 400', (version) => {
    const headers = new Headers({ 'mcp-protocol-version': version });
    expect(checkLegacyHeaders(headers)).toMatchObject({ status: 400, reason: 'unsupported_version' });
    expect(checkLegacy(headers, request('ping'), '2025-11-25')).toMatchObject({ status: 400, id: 7 });
  });

  it('GW-1 lets initialize agree on a version in its body, whatever its header', () => {
    expect(checkLegacy(new Headers({ 'mcp-protocol-version': '1900-01-01' }), request('initialize', { ...initialize, protocolVersion: '1900-01-01' }), '2025-11-25')).toBeUndefined();
  });

  it('GW-1 refuses session and event ids that are not visible ASCII', () => {
    for (const name of ['mcp-session-id', 'last-event-id']) {
      expect(checkLegacyHeaders(new Headers({ [name]: 'a-b_c.1~' }))).toBeUndefined();
      for (const value of ['a b', 'é', '', 'x'.repeat(2049)]) expect(checkLegacyHeaders(new Headers({ [name]: value }))).toMatchObject({ status: 400, reason: 'invalid_session_header' });
    }
  });
});

describe('batches', () => {
  const batch: JsonValue[] = [{ jsonrpc: '2.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', method: 'notifications/initialized' }, { jsonrpc: '2.0', id: 's', result: {} }];

  it('GW-1 allows a batch in a session of 2025-03-26', () => {
    expect(checkBatch('2025-03-26', batch, 10)).toEqual(batch);
  });

  it.each(['2024-11-05', '2025-06-18', '2025-11-25', undefined])('GW-1 refuses a batch in a session of %s', (revision) => {
    expect(checkBatch(revision, batch, 10)).toMatchObject({ status: 400, reason: 'batch_not_allowed', error: { code: -32600 } });
  });

  it.each<[string, JsonValue[]]>([
    ['empty', []],
    ['too long', [...batch, ...batch.slice(1), ...batch.slice(1)]],
    ['with initialize', [{ jsonrpc: '2.0', id: 1, method: 'initialize' }]],
    ['with something else', [...batch, 'x']],
    ['within a batch', [[...batch]]],
    ['with an id twice', [{ jsonrpc: '2.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', id: 1, method: 'tools/list' }]],
  ])('GW-1 refuses a batch that is %s', (_what, elements) => {
    expect(checkBatch('2025-03-26', elements, 6)).toMatchObject({ status: 400, reason: 'batch_not_allowed' });
  });
});

describe('messages of the legacy revisions', () => {
  it.each(LEGACY_REVISIONS.map((revision) => [revision]))('GW-1 knows the requests of %s', (revision) => {
    for (const [method, params] of [
      ['initialize', initialize],
      ['ping', undefined],
      ['logging/setLevel', { level: 'warning' }],
      ['tools/list', undefined],
      ['tools/call', { name: 'a', arguments: { b: 1 }, _meta: { progressToken: 'p' } }],
      ['prompts/list', { cursor: 'c' }],
      ['prompts/get', { name: 'a' }],
      ['resources/list', {}],
      ['resources/templates/list', {}],
      ['resources/read', { uri: 'file:///a' }],
      ['resources/subscribe', { uri: 'file:///a' }],
      ['resources/unsubscribe', { uri: 'file:///a' }],
      ['completion/complete', { ref: { type: 'ref/resource', uri: 'file:///{path}' }, argument: { name: 'path', value: '' } }],
    ] satisfies [string, JsonObject | undefined][]) {
      expect([method, checkMessage(request(method, params), revision)]).toEqual([method, undefined]);
    }
    for (const method of ['server/discover', 'subscriptions/listen', 'tasks/get', 'tasks/list', 'sampling/createMessage', 'roots/list', 'toString']) {
      expect(checkMessage(request(method), revision)).toMatchObject({ status: 200, reason: 'unknown_method', error: { code: -32601 }, id: 7 });
    }
  });

  it.each<[string, JsonObject | undefined, string]>([
    ['initialize', undefined, 'params'],
    ['initialize', { ...initialize, protocolVersion: 1 }, 'params.protocolVersion'],
    ['initialize', { ...initialize, capabilities: null }, 'params.capabilities'],
    ['initialize', { ...initialize, clientInfo: { name: 'c' } }, 'params.clientInfo.version'],
    ['logging/setLevel', { level: 'loud' }, 'params.level'],
    ['tools/call', undefined, 'params'],
    ['tools/call', { name: 'n'.repeat(257) }, 'params.name'],
    ['tools/call', { name: 'a', _meta: { progressToken: {} } }, 'params._meta.progressToken'],
    ['tools/call', { name: 'a', task: {} }, 'params.task'],
    ['resources/subscribe', {}, 'params.uri'],
    ['resources/read', { uri: 'file:///a\u0000' }, 'params.uri'],
    ['ping', { _meta: 1 }, 'params._meta'],
  ])('GW-1 refuses %s %j and names the parameter', (method, params, where) => {
    const refused = checkMessage(request(method, params), '2025-11-25');
    expect(refused).toMatchObject({ status: 200, reason: 'invalid_params', error: { code: -32602 }, id: 7 });
    expect(refused?.error.message).toContain(`${where}: expected`);
  });

  it('GW-1 knows the notifications of a client', () => {
    for (const [method, params] of [
      ['notifications/initialized', undefined],
      ['notifications/cancelled', { requestId: 1, reason: 'why' }],
      ['notifications/progress', { progressToken: 't', progress: 0.5, total: 1 }],
      ['notifications/roots/list_changed', {}],
    ] satisfies [string, JsonObject | undefined][]) {
      expect(checkMessage(notification(method, params), '2025-06-18')).toBeUndefined();
    }
    for (const method of ['notifications/message', 'notifications/tools/list_changed', 'anything']) {
      expect(checkMessage(notification(method), '2025-06-18')).toMatchObject({ status: 400, error: { code: -32601 } });
    }
    expect(checkMessage(notification('notifications/progress', { progressToken: 't', progress: 'half' }), '2025-06-18')).toMatchObject({ status: 400, error: { code: -32602 } });
  });

  it.each<[LegacyRevision, boolean]>([
    ['2025-11-25', true],
    ['2025-06-18', false],
  ])('GW-1 lets a cancellation omit the request id in %s: %s', (revision, allowed) => {
    expect(checkMessage(notification('notifications/cancelled', {}), revision) === undefined).toBe(allowed);
  });
});
