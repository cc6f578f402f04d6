import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { baseSchema, generateSchema, toCedarArguments } from '../../lambda/authorization';
import { cedar } from '../../lambda/authorization/cedar-engine';
import { contextOf } from '../../lambda/authorization/context';
import type { JsonObject, ToolDefinition } from '../../lambda/protocol';
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
      path: { type: 'String' },
      mode: { type: 'String', required: false },
      depth: { type: 'Long', required: false },
      ratio: { type: 'Extension', name: 'decimal', required: false },
      force: { type: 'Boolean', required: false },
      tags: { type: 'Set', element: { type: 'String' }, required: false },
      range: {
        type: 'Record',
        attributes: { from: { type: 'Long' }, to: { type: 'Long', required: false } },
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

  it('has a record of alternatives for a union, with the one that a value is', () => {
    const inputSchema: JsonObject = {
      type: 'object',
      required: ['id'],
      properties: {
        id: { type: ['string', 'integer', 'null'] },
        size: { anyOf: [{ type: 'integer' }, { type: 'number' }] },
        when: { oneOf: [{ type: 'string' }, { type: 'object', properties: { from: { type: 'string' } }, required: ['from'] }] },
        list: { anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'array', items: { type: 'boolean' } }] },
        level: { enum: ['low', 1, 2.5] },
      },
    };
    const optional = (type: object) => ({ ...type, required: false });
    const string = optional({ type: 'String' });
    expect(attributesOf(inputSchema)).toEqual({
      id: optional({ type: 'Record', attributes: { string, integer: optional({ type: 'Long' }) } }),
      size: optional({ type: 'Extension', name: 'decimal' }),
      when: optional({ type: 'Record', attributes: { string, object: optional({ type: 'Record', attributes: { from: { type: 'String' } } }) } }),
      list: optional({ type: 'Set', element: { type: 'Record', attributes: { string, boolean: optional({ type: 'Boolean' }) } } }),
      level: optional({ type: 'Record', attributes: { string, number: optional({ type: 'Extension', name: 'decimal' }) } }),
    });
    const decimal = (arg: string) => ({ __extn: { fn: 'decimal', arg } });
    expect(toCedarArguments(inputSchema, { id: 'a', size: 3, when: { from: 'x', to: 'y' }, list: [true, 'b'], level: 1 })).toEqual({
      id: { string: 'a' },
      size: decimal('3.0'),
      when: { object: { from: 'x' } },
      list: [{ boolean: true }, { string: 'b' }],
      level: { number: decimal('1.0') },
    });
    expect(toCedarArguments(inputSchema, { id: null, when: 'now' })).toEqual({ when: { string: 'now' } });
  });

  it('merges the objects of a union, and those that a value has to be all of', () => {
    const shape = (kind: string, more: JsonObject): JsonObject => ({ type: 'object', properties: { kind: { const: kind }, ...more }, required: ['kind'] });
    const merged = attributesOf({
      type: 'object',
      properties: {
        target: { oneOf: [shape('host', { port: { type: 'integer' } }), shape('file', { path: { type: 'string' }, port: { type: 'string' } })] },
        both: { allOf: [shape('a', { x: { type: 'number' } }), { type: 'object', properties: { x: { type: 'integer' } }, required: ['x'] }, { required: ['x'] }] },
      },
    });
    expect(merged).toEqual({
      target: {
        type: 'Record',
        required: false,
        attributes: {
          kind: { type: 'String' },
          port: { type: 'Record', required: false, attributes: { integer: { type: 'Long', required: false }, string: { type: 'String', required: false } } },
          path: { type: 'String', required: false },
        },
      },
      both: { type: 'Record', required: false, attributes: { kind: { type: 'String' }, x: { type: 'Long' } } },
    });
  });

  it('has the names of a free-form object, and its values where they have a type', () => {
    const inputSchema: JsonObject = {
      type: 'object',
      properties: {
        env: { type: 'object', additionalProperties: { type: 'string' } },
        meta: { type: 'object' },
        any: { type: 'object', additionalProperties: {} },
        none: { type: 'object', additionalProperties: false },
      },
    };
    const strings = { type: 'Set', element: { type: 'String' } };
    expect(attributesOf(inputSchema)).toEqual({
      env: { type: 'Record', attributes: { keys: strings, values: strings }, required: false },
      meta: { type: 'Record', attributes: { keys: strings }, required: false },
      any: { type: 'Record', attributes: { keys: strings }, required: false },
      none: { type: 'Record', attributes: {}, required: false },
    });
    expect(toCedarArguments(inputSchema, { env: { PATH: '/bin', __proto__x: 'y' }, meta: { a: [1] }, none: {} })).toEqual({
      env: { keys: ['PATH', '__proto__x'], values: ['/bin', 'y'] },
      meta: { keys: ['a'] },
      none: {},
    });
  });

  it('takes a tuple for the set of what is at its places', () => {
    const inputSchema: JsonObject = {
      type: 'object',
      properties: {
        point: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }], items: false },
        pair: { type: 'array', items: [{ type: 'string' }, { type: 'integer' }], maxItems: 2 },
        names: { type: 'array', items: { type: ['string', 'null'] } },
      },
    };
    expect(toCedarArguments(inputSchema, { pair: ['a', 1], names: ['x', null] })).toEqual({ pair: [{ string: 'a' }, { integer: 1 }], names: ['x'] });
    expect(schemaOf(inputSchema).leftOut).toEqual([]);
  });

  it('leaves out what Cedar has no type for, with the reason', () => {
    const { leftOut } = schemaOf({
      type: 'object',
      $defs: { tree: { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/$defs/tree' } } } } },
      properties: {
        any: {},
        list: { type: 'array' },
        open: { type: 'array', prefixItems: [{ type: 'string' }] },
        mixed: { anyOf: [{ type: 'object' }, { type: 'object', properties: { a: {} } }] },
        part: { anyOf: [{ type: 'string' }, { $ref: '#/$defs/tree' }] },
        clash: { allOf: [{ type: 'string' }, { type: 'integer' }] },
        nothing: { type: 'null' },
        __entity: { type: 'string' },
      },
    });
    expect(leftOut.map(({ server, tool: name, path, reason }) => `${server}/${name} ${path.join('.')}: ${reason}`)).toEqual([
      's/t any: it may be any value',
      's/t list: of its items: it may be any value',
      's/t open: of its items: it may be any value',
      's/t mixed: it may be objects of several kinds',
      's/t part: of children: of its items: it is recursive',
      's/t clash: it has to be of several types at once',
      's/t nothing: it is always null',
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
