import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';
import { baseSchema, generateSchema, toCedarArguments } from '../../lambda/authorization';
import { cedar } from '../../lambda/authorization/cedar-engine';
import { contextOf } from '../../lambda/authorization/context';
import type { JsonObject, JsonValue, ToolDefinition } from '../../lambda/protocol';
import { calls, person, tool } from './fixtures';

function schemaOf(inputSchema: JsonObject) {
  return generateSchema([{ name: 's', tools: [{ name: 't', inputSchema }] }]);
}

function attributesOf(inputSchema: JsonObject): unknown {
  const context = schemaOf(inputSchema).schema.Mcp!.actions['s/t']!.appliesTo!.context as unknown as { attributes: { arguments: { attributes: unknown } } };
  return context.attributes.arguments.attributes;
}

/** What Cedar itself says of a request's context under the generated schema. */
function checkContext(definition: ToolDefinition, args: JsonObject) {
  const { schema } = generateSchema([{ name: 's', tools: [definition] }]);
  const context = contextOf(calls(person('alice'), 's', definition, args, { sourceIp: '::ffff:127.0.0.1', protocolVersion: '2026-07-28' }));
  return cedar().checkParseContext({ context, schema, action: { type: 'Mcp::Action', id: `s/${definition.name}` } });
}

describe('the base schema', () => {
  it('is what policies/schema.cedarschema says', () => {
    const file = readFileSync(join(__dirname, '../../policies/schema.cedarschema'), 'utf8');
    const base = cedar().schemaToText(baseSchema());
    if (base.type === 'failure') throw new Error(base.errors[0]!.message);
    const resolved = cedar().schemaToJsonWithResolvedTypes(base.text.replaceAll('__cedar::', ''));
    expect(resolved.type).toBe('success');
    expect(cedar().schemaToJsonWithResolvedTypes(file)).toEqual(resolved);
  });
});

describe('generateSchema', () => {
  it('types nested arguments, optional unless required', () => {
    expect(
      attributesOf({
        type: 'object',
        required: ['path', 'range'],
        properties: {
          path: { type: 'string' },
          mode: { enum: ['a', 'b'] },
          depth: { type: 'integer' },
          ratio: { type: 'number' },
          force: { type: 'boolean' },
          tags: { type: 'array', items: { type: 'string' } },
          range: { type: 'object', required: ['from'], properties: { from: { type: 'integer' }, to: { type: 'integer' } } },
        },
      }),
    ).toEqual({
      path: { type: 'String', required: true },
      mode: { type: 'String', required: false },
      depth: { type: 'Long', required: false },
      ratio: { type: 'Extension', name: 'decimal', required: false },
      force: { type: 'Boolean', required: false },
      tags: { type: 'Set', element: { type: 'String' }, required: false },
      range: {
        type: 'Record',
        attributes: { from: { type: 'Long', required: true }, to: { type: 'Long', required: false } },
        required: true,
      },
    });
  });

  it('takes a value that may be null for an optional one', () => {
    const inputSchema: JsonObject = {
      type: 'object',
      required: ['a', 'b'],
      properties: { a: { anyOf: [{ type: 'string' }, { type: 'null' }] }, b: { type: ['integer', 'null'] }, c: { oneOf: [{ const: 'x' }, { const: 'y' }] } },
    };
    expect(attributesOf(inputSchema)).toEqual({
      a: { type: 'String', required: false },
      b: { type: 'Long', required: false },
      c: { type: 'String', required: false },
    });
    expect(toCedarArguments(inputSchema, { a: null, b: 1 })).toEqual({ b: 1 });
  });

  it('follows references inside the schema, and says why it does not', () => {
    const inputSchema: JsonObject = {
      type: 'object',
      $defs: {
        'a/b': { type: 'string' },
        node: { type: 'object', properties: { name: { type: 'string' }, next: { $ref: '#/$defs/node' } } },
      },
      properties: {
        name: { $ref: '#/$defs/a~1b' },
        node: { $ref: '#/$defs/node' },
        all: { $ref: '#' },
        away: { $ref: 'https://example.com/schema' },
        lost: { $ref: '#/$defs/none' },
      },
    };
    expect(attributesOf(inputSchema)).toEqual({
      name: { type: 'String', required: false },
      node: { type: 'Record', attributes: { name: { type: 'String', required: false } }, required: false },
    });
    expect(schemaOf(inputSchema).leftOut.map(({ path, reason }) => `${path.join('.')}: ${reason}`)).toEqual([
      'node.next: it is recursive',
      'all: it is recursive',
      'away: it refers to another schema',
      'lost: it refers to what is not there',
    ]);
  });

  it('leaves out what Cedar has no type for, with the reason', () => {
    const { leftOut } = schemaOf({
      type: 'object',
      properties: {
        union: { type: ['string', 'integer'] },
        variants: { anyOf: [{ type: 'string' }, { type: 'object', properties: {} }] },
        any: {},
        map: { type: 'object', additionalProperties: { type: 'string' } },
        tuple: { type: 'array', prefixItems: [{ type: 'string' }] },
        __entity: { type: 'string' },
      },
    });
    expect(leftOut.map(({ server, tool: name, path, reason }) => `${server}/${name} ${path.join('.')}: ${reason}`)).toEqual([
      's/t union: it may be of several types',
      's/t variants: it may be of several types',
      's/t any: it may be any value',
      's/t map: it is an object without declared properties',
      's/t tuple: it is a tuple',
      's/t __entity: its name is reserved',
    ]);
  });

  it('bounds what references multiply', () => {
    const $defs: JsonObject = { level0: { type: 'string' } };
    for (let level = 1; level <= 10; level++) {
      const ref = { $ref: `#/$defs/level${level - 1}` };
      $defs[`level${level}`] = { type: 'object', properties: Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`p${i}`, ref])) };
    }
    const started = performance.now();
    const { leftOut } = schemaOf({ type: 'object', $defs, properties: { deep: { $ref: '#/$defs/level10' } } });
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(leftOut.some(({ reason }) => reason === 'the schema is too large')).toBe(true);
  });

  it.each(['plain', 'with "quotes"', 'back\\slash', '__proto__', 'née', 'a/b', '日本語', 'line\nbreak'])('has an action for a tool named %j', (name) => {
    expect(checkContext(tool(name, { path: { type: 'string' } }), { path: 'x' })).toEqual({ type: 'success' });
  });

  it('keeps the first of two tools of one name, and says so', () => {
    const { leftOut } = generateSchema([{ name: 's', tools: [tool('t'), tool('t')] }]);
    expect(leftOut).toEqual([{ server: 's', tool: 't', path: [], reason: 'its server lists two tools of this name' }]);
  });
});

describe('toCedarArguments', () => {
  const one = (type: JsonObject, value: JsonObject[string]) => toCedarArguments({ type: 'object', properties: { x: type } }, { x: value });
  const decimal = (arg: string) => ({ x: { __extn: { fn: 'decimal', arg } } });

  it('writes numbers as decimals of at most four digits', () => {
    expect(one({ type: 'number' }, 3)).toEqual(decimal('3.0'));
    expect(one({ type: 'number' }, -0.1234)).toEqual(decimal('-0.1234'));
    expect(one({ type: 'number' }, 922_337_203_685_477)).toEqual(decimal('922337203685477.0'));
  });

  it.each([
    ['more than four decimals', { type: 'number' }, 0.12345],
    ['a tiny number', { type: 'number' }, 1e-9],
    ['a huge number', { type: 'number' }, 1e30],
    ['an integer that JSON does not keep exactly', { type: 'integer' }, 2 ** 53],
    ['half a surrogate pair', { type: 'string' }, '\ud800'],
    ['a value of another type', { type: 'string' }, 5],
    ['null where it is not allowed', { type: 'string' }, null],
    ['one such item in an array', { type: 'array', items: { type: 'number' } }, [1, 0.00001]],
  ])('has no value for %s', (_, type, value) => {
    expect(one(type as JsonObject, value)).toBeUndefined();
  });

  it('never takes an argument for an entity or an extension value', () => {
    const inputSchema: JsonObject = { type: 'object', properties: { x: { type: 'object', properties: { name: { type: 'string' } } } } };
    expect(toCedarArguments(inputSchema, { x: { __entity: { type: 'Mcp::User', id: 'root' } } })).toEqual({ x: {} });
  });

  it('does not take inherited members for arguments', () => {
    expect(toCedarArguments({ type: 'object', properties: { constructor: { type: 'string' } } }, {})).toEqual({});
  });

  it('CV-1 converts every valid argument object to what Cedar accepts under the generated schema', () => {
    const ajv = new Ajv2020({ strict: false, ownProperties: true });
    fc.assert(
      fc.property(toolWithArguments, ({ inputSchema, args }) => {
        fc.pre(ajv.validate(inputSchema, args));
        expect(toCedarArguments(inputSchema, args)).toBeDefined();
        expect(checkContext({ name: 't', inputSchema }, args)).toEqual({ type: 'success' });
      }),
      { numRuns: 300, seed: 7 },
    );
  }, 60_000);
});

/** A JSON Schema of any mixture of the shapes that tools use, with a value that is most often valid under it. */
const toolWithArguments: fc.Arbitrary<{ inputSchema: JsonObject; args: JsonObject }> = (() => {
  type Typed = { schema: JsonObject; value: JsonValue };
  const name = fc.constantFrom('path', 'a b', 'x"y', 'né', 'constructor', '__entity', '__extn', 'toString', 'n\\', '');
  const { typed } = fc.letrec<{ typed: Typed; object: Typed }>((tie) => ({
    typed: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.string({ unit: 'grapheme' }).map((value) => ({ schema: { type: 'string' }, value })),
      fc.maxSafeInteger().map((value) => ({ schema: { type: 'integer' }, value })),
      fc.integer({ min: -1e9, max: 1e9 }).map((value) => ({ schema: { type: 'number' }, value: value / 10_000 })),
      fc.boolean().map((value) => ({ schema: { type: 'boolean' }, value })),
      fc.constantFrom('red', 'green').map((value) => ({ schema: { enum: ['red', 'green'] }, value })),
      fc.jsonValue().map((value) => ({ schema: {}, value: value as JsonValue })),
      fc.oneof(fc.string(), fc.integer()).map((value) => ({ schema: { type: ['string', 'integer'] }, value })),
      tie('typed').map(({ schema, value }) => ({ schema: { anyOf: [schema, { type: 'null' }] }, value })),
      tie('typed').map(({ schema }): Typed => ({ schema: { anyOf: [{ type: 'null' }, schema] }, value: null })),
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
