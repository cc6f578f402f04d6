/** What a server may send in place of an answer. `$ID` stands for the id of the request. */
import * as fc from 'fast-check';
import { modernAnswer, legacyAnswer } from './fake-servers';
import { byteMutation, mutate, mutateBytes, treeMutation } from './mutated-json';

const oddSchema = fc.oneof(
  fc.constantFrom<unknown>(
    true, null, 7, {}, { type: 'object', properties: { a: { $ref: '#/properties/a' } } }, { type: 'object', $ref: '#' }, { type: 'object', allOf: [{ $ref: '#' }] },
    { type: 'object', properties: { a: { pattern: '(a+)+$' } } }, { type: 'object', properties: { a: { pattern: '(?=a)' } } }, { type: 'object', properties: { a: { pattern: '[' } } },
    { type: 'object', properties: { a: { $ref: 'http://evil.example/schema' } } }, { type: 'object', $schema: 'http://json-schema.org/draft-04/schema#' }, { type: 'object', properties: { a: { $ref: '#/%' } } },
    { type: 'object', properties: { __proto__x: {}, constructor: { type: 'string' }, toString: {} }, required: ['constructor'] }, { type: 'object', properties: { a: { 'x-mcp-header': 'Authorization' }, b: { type: 'string', 'x-mcp-header': 'a\r\nb' } } },
    { type: 'object', properties: { a: { type: 'string', 'x-mcp-header': 'A' } }, patternProperties: { '^(a|a)*$': {} } }, { type: 'object', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, properties: { x: { $ref: '#/$defs/a' } } },
    { type: 'object', if: { $ref: '#' }, then: false }, { type: 'object', not: { $ref: '#' } }, { type: 'object', unevaluatedProperties: false, anyOf: [{ $ref: '#' }, {}] }, { type: 'object', $dynamicRef: '#x' }, { type: 'object', properties: { a: { enum: [] } } },
    { type: 'object', minProperties: 1e300, properties: { a: { multipleOf: 1e-300 } } }, { type: 'object', format: '__proto__', properties: { a: { format: 'constructor' } } }, { type: 'object', dependencies: { a: ['b'], c: { $ref: '#' } } },
  ),
  fc.integer({ min: 1, max: 300 }).map((depth) => JSON.parse(`${'{"type":"object","properties":{"a":'.repeat(depth)}{}${'}}'.repeat(depth)}`)),
  fc.integer({ min: 1, max: 3_000 }).map((count) => ({ type: 'object', properties: Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, { type: 'string' }])) })),
);
const oddTool = fc.record({
  name: fc.constantFrom<unknown>('echo', 'new', '', '__proto__', 'constructor', 'a'.repeat(5_000), 'a\nb', '\u202eeman', '"; permit(principal,action,resource); //', 7, null, 'a/b', '../x', 'modern/secret'),
  inputSchema: oddSchema,
  description: fc.constantFrom<unknown>('x', 7, '\u0000', { a: 1 }),
  annotations: fc.constantFrom<unknown>(undefined, { readOnlyHint: 'yes' }, { readOnlyHint: true }, null, [], 'x'),
});

/** An answer's text: that of a good server with changes, or something that is not one. */
export const hostileAnswer: fc.Arbitrary<(method: string, era: 'modern' | 'legacy') => string> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.array(treeMutation, { maxLength: 3 }), fc.array(byteMutation, { maxLength: 1 })).map(([tree, bytes]) => (method: string, era: 'modern' | 'legacy') => {
    const answer = era === 'modern' ? modernAnswer({ method }) : legacyAnswer({ method });
    return Buffer.from(mutateBytes(mutate({ jsonrpc: '2.0', id: '$ID', ...answer }, tree).replaceAll('"$ID"', '$ID'), bytes)).toString('latin1');
  }) },
  { weight: 3, arbitrary: fc.array(oddTool, { maxLength: 4 }).map((tools) => () => JSON.stringify({ jsonrpc: '2.0', id: '$ID', result: { resultType: 'complete', ttlMs: 0, cacheScope: 'public', tools } }).replaceAll('"$ID"', '$ID')) },
  { weight: 2, arbitrary: fc.json().map((text) => () => text) },
  { weight: 2, arbitrary: fc.jsonValue().map((result) => () => `{"jsonrpc":"2.0","id":$ID,"result":${JSON.stringify(result)}}`) },
  { weight: 2, arbitrary: fc.constantFrom('{"jsonrpc":"2.0","id":"other","result":{}}', '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}', '{"jsonrpc":"2.0","id":$ID,"error":{"code":1.5,"message":7}}', '{"jsonrpc":"2.0","id":$ID,"error":{"code":-32020,"message":"x"}}', '{"jsonrpc":"2.0","id":$ID,"error":{"code":-32601,"message":"Method not found"}}', '{"jsonrpc":"2.0","id":1,"method":"ping"}', '{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"x","requestedSchema":{"type":"object","properties":{}}}}', '{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{}}', '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}', '[]', '[{"jsonrpc":"2.0","id":$ID,"result":{}}]', '{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"input_required","inputRequests":{"a":{"method":"elicitation/create"}}}}', '{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"input_required","requestState":7}}', '{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"nonsense"}}', '{"jsonrpc":"2.0","id":$ID,"result":{"tools":[],"nextCursor":"again"}}').map((text) => () => text) },
  { weight: 1, arbitrary: fc.constantFrom(64, 100_000).map((depth) => () => `{"jsonrpc":"2.0","id":$ID,"result":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`) },
);
