import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';
import { generateSchema, type AuthorizationRequest } from '../../lambda/authorization';
import { cedar } from '../../lambda/authorization/cedar-engine';
import { contextOf } from '../../lambda/authorization/context';
import { entitiesOf } from '../../lambda/authorization/entities';
import type { JsonObject, JsonValue } from '../../lambda/protocol';
import { calls, person } from './fixtures';

function schemaOf(inputSchema: JsonObject) {
  return generateSchema([{ name: 's', tools: [{ name: 't', inputSchema }] }]);
}

describe('a request', () => {
  it('CV-1 is valid in strict mode under the generated schema, for every tool and every valid value of its arguments', () => {
    const ajv = new Ajv2020({ strict: false, ownProperties: true });
    const leftOut = new Set<string>();
    let valid = 0;
    fc.assert(
      fc.property(toolName, toolWithArguments, ({ name }, { inputSchema, args }) => {
        fc.pre(ajv.validate(inputSchema, args));
        const request = calls(person('alice', ['analysts']), 's', { name, inputSchema }, args, { sourceIp: '::1', protocolVersion: '2026-07-28' });
        expect(validatesStrictly(request)).toEqual([]);
        for (const { reason } of schemaOf(inputSchema).leftOut) leftOut.add(reason.replace(/^of .*: /, ''));
        valid += 1;
      }),
      { numRuns: 600, seed: 7 },
    );
    expect(valid).toBeGreaterThan(300);
    // Nothing else is left out of such schemas than what has no one type, or a reserved name.
    expect([...leftOut].sort()).toEqual(['it has to be of several types at once', 'it may be any value', 'it may be objects of several kinds', 'its name is reserved']);
  }, 120_000);
});

/** What Cedar's own strict validation of requests says of one, entities and context, under the schema of its tool. */
function validatesStrictly(request: AuthorizationRequest): string[] {
  const { operation, server } = request;
  if (operation.kind !== 'callTool') throw new Error('expected a call');
  const { schema } = generateSchema([{ name: server, tools: [operation.tool] }]);
  const { principal, action, resource } = entitiesOf(request);
  const answer = cedar().isAuthorized({
    principal: principal.uid,
    action: action.uid,
    resource: resource.uid,
    context: contextOf(request),
    schema,
    validateRequest: true,
    policies: { staticPolicies: { p: 'permit(principal, action, resource);' } },
    entities: [principal, resource].map(({ uid, attrs, parents }) => ({ uid, attrs, parents })),
  });
  return answer.type === 'failure' ? answer.errors.map(({ message }) => message) : [];
}

const toolName = fc
  .oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.constantFrom('get-sum', 'a.b/c', '2fa', '__proto__', 'constructor', '日本語', 'x"y\\z', 'a::b'))
  .map((name) => ({ name }));

/** A JSON Schema of any mixture of the shapes that tools use, with a value that is most often valid under it. */
const toolWithArguments: fc.Arbitrary<{ inputSchema: JsonObject; args: JsonObject }> = (() => {
  type Typed = { schema: JsonObject; value: JsonValue };
  const name = fc.constantFrom('path', 'a b', 'x"y', 'né', 'constructor', '__entity', '__extn', 'toString', 'n\\', '', 'keys', 'string');
  const { typed } = fc.letrec<{ typed: Typed; object: Typed }>((tie) => ({
    typed: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.string({ unit: 'binary' }).map((value) => ({ schema: { type: 'string' }, value })),
      fc.oneof(fc.maxSafeInteger(), fc.constantFrom(2 ** 53, -(2 ** 63), 1e300)).map((value) => ({ schema: { type: 'integer' }, value })),
      fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.float({ noNaN: true, noDefaultInfinity: true })).map((value) => ({ schema: { type: 'number' }, value })),
      fc.boolean().map((value) => ({ schema: { type: 'boolean' }, value })),
      fc.constantFrom('red', 'green').map((value) => ({ schema: { enum: ['red', 'green'] }, value })),
      fc.constantFrom('red', 1, 2.5, true, null).map((value) => ({ schema: { enum: ['red', 1, 2.5, true, null] }, value })),
      fc.jsonValue().map((value) => ({ schema: {}, value: value as JsonValue })),
      fc.oneof(fc.string(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((value) => ({ schema: { type: ['string', 'number', 'integer'] }, value })),
      fc.dictionary(fc.string(), fc.jsonValue()).map((value) => ({ schema: { type: 'object' }, value: value as JsonValue })),
      fc
        .tuple(tie('typed'), fc.array(fc.string(), { maxLength: 3 }))
        .map(([{ schema, value }, keys]) => ({ schema: { type: 'object', additionalProperties: schema }, value: Object.fromEntries(keys.map((key) => [key, value])) })),
      tie('typed').map(({ schema, value }) => ({ schema: { anyOf: [schema, { type: 'null' }] }, value })),
      tie('typed').map(({ schema }): Typed => ({ schema: { anyOf: [{ type: 'null' }, schema] }, value: null })),
      fc.tuple(tie('typed'), tie('typed')).map(([a, b]) => ({ schema: { oneOf: [a.schema, b.schema] }, value: b.value })),
      fc.tuple(tie('typed'), tie('typed')).map(([a, b]) => ({ schema: { anyOf: [a.schema, b.schema] }, value: a.value })),
      fc.tuple(tie('typed'), tie('typed')).map(([a, b]) => ({ schema: { type: 'array', prefixItems: [a.schema, b.schema], items: false }, value: [a.value, b.value] })),
      tie('object').map(({ schema, value }) => ({ schema: { allOf: [schema, { type: 'object', properties: { path: { type: 'string' } } }] }, value })),
      fc.array(fc.string()).map((value) => ({ schema: { type: 'array', items: { type: 'string' } }, value })),
      tie('typed').map(({ schema, value }) => ({ schema: { type: 'array', items: schema }, value: [value, value] })),
      tie('object'),
    ),
    object: fc
      .dictionary(name, fc.tuple(tie('typed'), fc.constantFrom('required', 'optional', 'absent')), { maxKeys: 4 })
      .map((properties) => {
        const entries = Object.entries(properties);
        return {
          schema: {
            type: 'object',
            properties: Object.fromEntries(entries.map(([key, [{ schema }]]) => [key, schema])),
            required: entries.filter(([, [, presence]]) => presence === 'required').map(([key]) => key),
          },
          value: Object.fromEntries(entries.filter(([, [, presence]]) => presence !== 'absent').map(([key, [{ value }]]) => [key, value])),
        };
      }),
  }));
  return fc
    .dictionary(name, fc.tuple(typed, fc.boolean()), { maxKeys: 5 })
    .map((properties) => ({
      inputSchema: {
        type: 'object',
        properties: Object.fromEntries(Object.entries(properties).map(([key, [{ schema }]]) => [key, schema])),
        required: Object.entries(properties).flatMap(([key, [, required]]) => (required ? [key] : [])),
      },
      args: Object.fromEntries(Object.entries(properties).map(([key, [{ value }]]) => [key, value])) as JsonObject,
    }));
})();
