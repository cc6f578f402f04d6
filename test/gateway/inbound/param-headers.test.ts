import fc from 'fast-check';
import { encodeHeaderValue, ParamHeaders } from '../../../lambda/gateway/inbound';
import type { JsonObject } from '../../../lambda/protocol';

const tool = (properties: JsonObject, more: JsonObject = {}): { inputSchema: JsonObject } => ({ inputSchema: { type: 'object', properties, ...more } });
const declared = (type: string, name: unknown = 'X'): JsonObject => ({ type, 'x-mcp-header': name as string });

function compiled(definition: { inputSchema: JsonObject }): ParamHeaders {
  const found = ParamHeaders.of(definition);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

const region = compiled(
  tool({
    region: declared('string', 'Region'),
    limit: declared('integer', 'Limit'),
    dry: declared('boolean', 'Dry-Run'),
    target: { type: 'object', properties: { tenant: declared('string', 'Tenant') } },
    free: { type: 'string' },
  }),
);
const check = (headers: Record<string, string>, toolArguments: JsonObject): number | undefined => region.check(new Headers(headers), toolArguments, 7)?.error.code;

describe('x-mcp-header declarations', () => {
  it.each<[string, { inputSchema: JsonObject }]>([
    ['a name with a space', tool({ a: declared('string', 'My Region') })],
    ['a name with a line end', tool({ a: declared('string', 'X\r\nAuthorization') })],
    ['an empty name', tool({ a: declared('string', '') })],
    ['a name that is no string', tool({ a: declared('string', 7) })],
    ['a number', tool({ a: declared('number') })],
    ['an object', tool({ a: declared('object') })],
    ['several types', tool({ a: { type: ['string', 'null'], 'x-mcp-header': 'X' } })],
    ['no type', tool({ a: { 'x-mcp-header': 'X' } })],
    ['a name twice, whatever its case', tool({ a: declared('string', 'Region'), b: declared('string', 'REGION') })],
    ['the whole input', tool({}, { 'x-mcp-header': 'X' })],
    ['elements of an array', tool({ a: { type: 'array', items: declared('string') } })],
    ['a branch', tool({ a: { oneOf: [declared('string')] } })],
    ['a definition', tool({}, { $defs: { d: declared('string') } })],
    ['other members', tool({}, { additionalProperties: declared('string') })],
    ['a condition', tool({}, { if: { properties: { a: declared('string') } } })],
    ['members by pattern', tool({}, { patternProperties: { a: declared('string') } })],
  ])('GW-1 finds the tool invalid that declares %s', (_what, definition) => {
    expect(typeof ParamHeaders.of(definition)).toBe('string');
  });

  it('GW-1 takes a property called x-mcp-header for a property', () => {
    expect(typeof ParamHeaders.of(tool({ 'x-mcp-header': { type: 'string' } }))).toBe('object');
  });
});

describe('Mcp-Param headers of a client', () => {
  it('GW-1 accepts headers that say what the arguments say', () => {
    expect(check({ 'mcp-param-region': 'eu', 'MCP-PARAM-LIMIT': '42', 'mcp-param-dry-run': 'true', 'mcp-param-tenant': ' t1 ' }, { region: 'eu', limit: 42, dry: true, target: { tenant: 't1' } })).toBeUndefined();
    expect(check({}, {})).toBeUndefined();
    expect(check({}, { region: null, free: 'x' })).toBeUndefined();
  });

  it.each<[string, Record<string, string>, JsonObject]>([
    ['is missing', {}, { region: 'eu' }],
    ['is missing for a nested argument', {}, { target: { tenant: 't1' } }],
    ['is missing for an empty argument', {}, { region: '' }],
    ['differs', { 'mcp-param-region': 'us' }, { region: 'eu' }],
    ['differs in case', { 'mcp-param-region': 'EU' }, { region: 'eu' }],
    ['is sent twice', { 'mcp-param-region': 'eu, eu' }, { region: 'eu' }],
    ['has no argument', { 'mcp-param-region': 'eu' }, {}],
    ['has a null argument', { 'mcp-param-region': 'null' }, { region: null }],
    ['stands for an empty value, and its argument is not there', { 'mcp-param-region': '=?base64??=' }, {}],
    ['stands for an empty value, and its argument is not empty', { 'mcp-param-region': '=?base64??=' }, { region: 'eu' }],
    ['is another number', { 'mcp-param-limit': '43' }, { limit: 42 }],
    ['is a number in another notation', { 'mcp-param-limit': '0x2a' }, { limit: 42 }],
    ['is a number in exponent notation', { 'mcp-param-limit': '42e0' }, { limit: 42 }],
    ['is nearly the number', { 'mcp-param-limit': '42.4' }, { limit: 42 }],
    ['is another boolean', { 'mcp-param-dry-run': 'True' }, { dry: true }],
    ['is not validly encoded', { 'mcp-param-region': '=?base64?SGVsbG8?=' }, { region: 'Hello' }],
    ['is encoded with other characters', { 'mcp-param-region': '=?base64?SGVs!!!bG8=?=' }, { region: 'Hello' }],
    ['holds characters that a header may not hold', { 'mcp-param-region': 'é' }, { region: 'é' }],
    ['mirrors an argument of another type', { 'mcp-param-region': '[object Object]' }, { region: {} }],
  ])('GW-1 refuses a call whose header %s with 400 and -32020', (_what, headers, toolArguments) => {
    expect(check(headers, toolArguments)).toBe(-32020);
  });

  it('GW-1 compares integers as numbers', () => {
    expect(check({ 'mcp-param-limit': '42.0' }, { limit: 42 })).toBeUndefined();
    expect(check({ 'mcp-param-limit': '042' }, { limit: 42 })).toBeUndefined();
    expect(check({ 'mcp-param-limit': '-1' }, { limit: -1 })).toBeUndefined();
  });

  it('GW-1 decodes base64 and takes everything else literally', () => {
    expect(check({ 'mcp-param-region': '=?base64?SGVsbG8=?=' }, { region: 'Hello' })).toBeUndefined();
    expect(check({ 'mcp-param-region': 'SGVsbG8=' }, { region: 'SGVsbG8=' })).toBeUndefined();
    expect(check({ 'mcp-param-region': '=?base64?SGVsbG8=' }, { region: '=?base64?SGVsbG8=' })).toBeUndefined();
    expect(check({ 'mcp-param-region': '=?base64??=' }, { region: '' })).toBeUndefined();
  });

  it('GW-1 ignores headers that the tool does not declare', () => {
    expect(check({ 'mcp-param-other': 'x' }, {})).toBeUndefined();
  });

  it('GW-1 never quotes a header or an argument', () => {
    const refused = region.check(new Headers({ 'mcp-param-region': 'hunter2' }), { region: 'hunter3' }, 7);
    expect(refused).toMatchObject({ status: 400, reason: 'header_mismatch', id: 7 });
    expect(JSON.stringify(refused)).not.toMatch(/hunter/);
  });
});

describe('Mcp-Param headers for an upstream server', () => {
  it('GW-1 writes what an equal check would accept, whatever the arguments', () => {
    const text = fc.option(fc.string({ unit: 'binary' }).filter((value) => !/[\ud800-\udfff]/u.test(value)), { nil: undefined });
    fc.assert(
      fc.property(fc.record({ region: text, limit: fc.option(fc.maxSafeInteger(), { nil: undefined }), dry: fc.option(fc.boolean(), { nil: undefined }), target: fc.record({ tenant: text }) }), (toolArguments) => {
        const headers = region.headersFor(toolArguments);
        expect(region.check(new Headers(headers), toolArguments, 7)).toBeUndefined();
      }),
    );
  });

  it('GW-1 finds every change of one argument on the way', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const headers = new Headers({ 'mcp-param-region': encodeHeaderValue(before) });
        expect(region.check(headers, { region: after }, 7) === undefined).toBe(before === after);
      }),
    );
  });

  it('GW-1 sends no header for an argument that is not there', () => {
    expect(region.headersFor({ limit: 3, region: null, free: 'x' })).toEqual({ 'Mcp-Param-Limit': '3' });
  });
});
