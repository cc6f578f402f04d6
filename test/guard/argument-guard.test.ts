import fc from 'fast-check';
import { compileArgumentGuard, UnusableSchema, type ArgumentGuardOptions, type ArgumentVerdict } from '../../lambda/guard';
import type { JsonObject } from '../../lambda/protocol';

function check(inputSchema: JsonObject, toolArguments: JsonObject, options?: ArgumentGuardOptions): ArgumentVerdict {
  return compileArgumentGuard({ inputSchema }, options).check(toolArguments);
}

function reason(verdict: ArgumentVerdict): string {
  return verdict.ok ? 'ok' : verdict.reason;
}

function pointer(verdict: ArgumentVerdict): string | undefined {
  return verdict.ok ? undefined : verdict.problems[0]?.pointer;
}

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more });
const string = { type: 'string' };

describe('types, formats and ranges', () => {
  const schema = object(
    { path: string, lines: { type: 'integer', minimum: 1, maximum: 100 }, mode: { enum: ['text', 'binary'] }, since: { type: 'string', format: 'date' }, id: { type: 'string', pattern: '^[a-z]+-\\d+$' } },
    { required: ['path'] },
  );

  it('IOV-1 forwards arguments that the schema allows, untouched', () => {
    const toolArguments = { path: '/tmp/a', lines: 3, mode: 'text', since: '2026-01-31', id: 'abc-12' };
    const verdict = check(schema, toolArguments);
    expect(verdict).toEqual({ ok: true, forward: toolArguments, forms: [toolArguments] });
    expect(verdict.ok && verdict.forward).toBe(toolArguments);
  });

  it.each([
    ['a wrong type', { path: 7 }, '/path'],
    ['a string for a number', { path: 'a', lines: '3' }, '/lines'],
    ['a value outside an enumeration', { path: 'a', mode: 'exec' }, '/mode'],
    ['a string that is not of its format', { path: 'a', since: '2026-02-31' }, '/since'],
    ['a string that does not match its pattern', { path: 'a', id: 'abc' }, '/id'],
    ['null for a string', { path: null }, '/path'],
    ['a missing required argument', {}, ''],
  ])('IOV-1 refuses %s and says where', (_what, toolArguments, where) => {
    const verdict = check(schema, toolArguments);
    expect(reason(verdict)).toBe('invalid_argument');
    expect(pointer(verdict)).toBe(where);
  });

  it('IOV-2 refuses a number outside its range', () => {
    expect(reason(check(schema, { path: 'a', lines: 101 }))).toBe('invalid_argument');
  });

  it('IOV-1 does not take an inherited member for an argument', () => {
    expect(reason(check(object({ constructor: string }, { required: ['constructor'] }), {}))).toBe('invalid_argument');
  });

  it('IOV-1 never quotes a value', () => {
    const secret = 'hunter2-hunter2';
    fc.assert(
      fc.property(fc.constantFrom('path', 'lines', 'mode', 'since', 'id'), fc.constantFrom<JsonObject[string]>(secret, [secret], { nested: secret }), (name, value) => {
        const verdict = check(schema, { path: 'a', [name]: value });
        if (!verdict.ok) expect(JSON.stringify(verdict.problems.map((problem) => problem.message))).not.toContain(secret);
      }),
    );
  });

  it('IOV-3 checks what is nested as it checks the top', () => {
    const nested = object({ edits: { type: 'array', items: object({ at: { type: 'integer' }, text: string }, { required: ['at'] }) } });
    expect(reason(check(nested, { edits: [{ at: 1, text: 'a' }, { at: 2 }] }))).toBe('ok');
    const verdict = check(nested, { edits: [{ at: 1 }, { at: 'two' }] });
    expect(pointer(verdict)).toBe('/edits/1/at');
  });

  it('IOV-1 refuses equal items whatever the order of their members', () => {
    const unique = object({ list: { type: 'array', uniqueItems: true } });
    expect(reason(check(unique, { list: [{ a: 1, b: 2 }, { b: 2, a: 1 }] }))).toBe('invalid_argument');
    expect(reason(check(unique, { list: [1, '1', true, [1]] }))).toBe('ok');
  });

  it('IOV-1 speaks the dialect that $schema names', () => {
    const tuple: JsonObject = { type: 'array', items: [{ type: 'string' }, { type: 'integer' }] };
    const draft7 = { ...object({ pair: tuple }), $schema: 'http://json-schema.org/draft-07/schema#' };
    expect(reason(check(draft7, { pair: ['a', 1] }))).toBe('ok');
    expect(reason(check(draft7, { pair: ['a', 'b'] }))).toBe('invalid_argument');
    const latest = { ...object({ pair: { type: 'array', prefixItems: tuple.items as never } }), $schema: 'https://json-schema.org/draft/2020-12/schema' };
    expect(reason(check(latest, { pair: ['a', 'b'] }))).toBe('invalid_argument');
  });

  it('IOV-1 takes unknown formats for annotations', () => {
    expect(reason(check(object({ color: { type: 'string', format: 'x-color' } }), { color: 'red' }))).toBe('ok');
  });
});

describe('unknown fields', () => {
  it.each<[string, JsonObject, JsonObject, string]>([
    ['at the top', object({ a: string }), { a: 'x', b: 1 }, '/b'],
    ['of a tool without parameters', { type: 'object' }, { anything: 1 }, '/anything'],
    ['in a nested object', object({ a: object({ b: string }) }), { a: { b: 'x', c: 1 } }, '/a/c'],
    ['in an element of an array', object({ a: { type: 'array', items: object({ b: string }) } }), { a: [{ b: 'x' }, { 'c/d~': 1 }] }, '/a/1/c~1d~0'],
    ['in a map of objects', object({ a: { type: 'object', additionalProperties: object({ b: string }) } }), { a: { any: { c: 1 } } }, '/a/any/c'],
    ['behind a reference', { ...object({ a: { $ref: '#/$defs/thing' } }), $defs: { thing: object({ b: string }) } }, { a: { c: 1 } }, '/a/c'],
    ['in a recursive schema', { ...object({ tree: { $ref: '#/$defs/node' } }), $defs: { node: object({ next: { $ref: '#/$defs/node' } }) } }, { tree: { next: { next: { x: 1 } } } }, '/tree/next/next/x'],
    ['of the branch that was not taken', { type: 'object', anyOf: [object({ kind: { const: 'file' }, path: string }), object({ kind: { const: 'url' }, url: string })] }, { kind: 'file', path: '/a', url: 'x' }, '/url'],
    ['of an if that does not hold', { type: 'object', properties: { kind: string }, if: { properties: { kind: { const: 'a' } } }, then: { properties: { a: string } } }, { kind: 'b', a: 'x' }, '/a'],
    ['said to be refused by the schema itself', object({ a: string }, { additionalProperties: false }), { b: 1 }, '/b'],
    ['named __proto__', object({ a: string }), JSON.parse('{"__proto__":{"a":1}}') as JsonObject, '/__proto__'],
    ['named like an inherited member', object({ a: string }), { constructor: 1 }, '/constructor'],
  ])('IOV-4 rejects unknown fields %s', (_where, schema, toolArguments, where) => {
    const verdict = check(schema, toolArguments);
    expect(reason(verdict)).toBe('unknown_argument');
    expect(pointer(verdict)).toBe(where);
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['described by any of allOf', { type: 'object', allOf: [object({ a: string }), object({ b: string })] }, { a: 'x', b: 'y' }],
    ['described next to a reference', { type: 'object', $ref: '#/$defs/base', properties: { b: string }, $defs: { base: object({ a: string }) } }, { a: 'x', b: 'y' }],
    ['of one object that two schemas describe', { type: 'object', allOf: [object({ o: object({ a: string }) }), object({ o: object({ b: string }) })] }, { o: { a: 'x', b: 'y' } }],
    ['of the branch that was taken', { type: 'object', oneOf: [object({ kind: { const: 'file' }, path: string }, { required: ['kind'] }), object({ kind: { const: 'url' }, url: string }, { required: ['kind'] })] }, { kind: 'url', url: 'x' }],
    ['of a then that holds', { type: 'object', properties: { kind: string }, if: { properties: { kind: { const: 'a' } } }, then: { properties: { a: string } } }, { kind: 'a', a: 'x' }],
    ['of a dependent schema', object({ a: string }, { dependentSchemas: { a: { properties: { b: string } } } }), { a: 'x', b: 'y' }],
    ['whose name matches a pattern', object({}, { patternProperties: { '^x-': string } }), { 'x-trace': '1' }],
    ['where the schema opens itself', object({ a: string }, { additionalProperties: true }), { b: { c: 1 } }],
    ['where the schema opens itself with unevaluatedProperties', object({ a: string }, { unevaluatedProperties: { type: 'integer' } }), { b: 1 }],
    ['in a nested object that the schema says nothing about', object({ filter: { type: 'object' }, any: {} }), { filter: { a: { b: 1 } }, any: [{ c: 1 }] }],
  ])('IOV-4 allows fields %s', (_where, schema, toolArguments) => {
    expect(check(schema, toolArguments)).toMatchObject({ ok: true });
  });

  it('IOV-4 leaves unknown fields to the tool where the operator says so', () => {
    expect(reason(check(object({ a: string }), { a: 'x', b: 1 }, { unknownArguments: 'allow' }))).toBe('ok');
    expect(reason(check(object({ a: string }, { additionalProperties: false }), { b: 1 }, { unknownArguments: 'allow' }))).toBe('unknown_argument');
  });

  it.each<[string, JsonObject, ArgumentGuardOptions]>([
    ['where the schema allows other fields', { additionalProperties: true }, {}],
    ['where the operator does', {}, { unknownArguments: 'allow' }],
  ])('IOV-4 refuses a field that passes for a declared one to servers that fold case, even %s', (_where, more, options) => {
    const schema = object({ path: string, tasks: { type: 'array', items: object({ kind: string }, more) } }, more);
    expect(reason(check(schema, { path: 'a', other: 'b', tasks: [{ kind: 'a', other: 'b' }] }, options))).toBe('ok');
    expect(pointer(check(schema, { path: 'a', Path: '/etc/passwd' }, options))).toBe('/Path');
    expect(pointer(check(schema, { path: 'a', ta\u017fks: [] }, options))).toBe('/ta\u017fks');
    expect(pointer(check(schema, { path: 'a', tasks: [{ \u212aind: 'b' }] }, options))).toMatch(/^\/tasks\/0/);
  });

  it('IOV-4 forwards nothing but declared fields, whatever is sent', () => {
    const guard = compileArgumentGuard({ inputSchema: object({ a: string, b: object({ c: string }) }) });
    fc.assert(
      fc.property(fc.object({ key: fc.constantFrom('a', 'b', 'c', 'd'), maxDepth: 3, values: [fc.string({ unit: 'grapheme-ascii' })] }), (value) => {
        const verdict = guard.check(value as JsonObject);
        if (!verdict.ok) return;
        expect(Object.keys(verdict.forward).filter((name) => name !== 'a' && name !== 'b')).toEqual([]);
        expect(Object.keys((verdict.forward.b ?? {}) as JsonObject).filter((name) => name !== 'c')).toEqual([]);
      }),
    );
  });
});

describe('limits', () => {
  const open = object({}, { additionalProperties: true });

  it('IOV-2 bounds nesting, values, text and names', () => {
    const deep = (levels: number): JsonObject => (levels === 0 ? {} : { a: deep(levels - 1) });
    expect(reason(check(open, deep(31)))).toBe('ok');
    expect(reason(check(open, deep(32)))).toBe('too_large');
    expect(reason(check(open, { list: new Array(20_000).fill(0) }))).toBe('too_large');
    expect(reason(check(open, { text: 'x'.repeat(1_048_577) }))).toBe('too_large');
    expect(reason(check(open, { ['n'.repeat(257)]: 1 }))).toBe('too_large');
    expect(reason(check(open, { text: 'xx' }, { limits: { maxStringLength: 1 } }))).toBe('too_large');
  });

  it.each(['^(a+)+$', '^(\\w+\\s?)*$', '(x+x+)+y', '^(a|a)*$'])('IOV-2 matches %s in linear time', (pattern) => {
    const guard = compileArgumentGuard({ inputSchema: object({ text: { type: 'string', pattern } }) });
    const started = performance.now();
    expect(guard.check({ text: `${'a'.repeat(50_000)}!` }).ok).toBe(false);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it.each(['url', 'uri', 'uri-reference', 'uri-template', 'email', 'hostname', 'duration', 'json-pointer', 'ipv6', 'byte'])('IOV-2 checks the format %s in bounded time', (format) => {
    const guard = compileArgumentGuard({ inputSchema: object({ text: { type: 'string', format } }) });
    const started = performance.now();
    for (const unit of ['a', '1', ':', 'a.', 'a@', '{a', 'a:', '%41', '/~0', 'AAAA', '1D']) {
      for (const start of ['', 'http://', 'a@', 'P']) guard.check({ text: `${start}${unit.repeat(50_000)}~"` });
    }
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('IOV-2 gives up on a pattern too large for the text', () => {
    expect(reason(check(object({ text: { type: 'string', pattern: '^[a-z]{1,900}$' } }), { text: 'a'.repeat(200_000) }))).toBe('too_costly');
  });

  it('IOV-2 gives up on a schema that costs exponential time', () => {
    const twice = (name: string): JsonObject => ({ allOf: [{ $ref: `#/$defs/${name}` }, { $ref: `#/$defs/${name}` }] });
    const $defs: JsonObject = { l0: {} };
    for (let level = 1; level <= 30; level++) $defs[`l${level}`] = twice(`l${level - 1}`);
    expect(reason(check({ ...object({ a: { $ref: '#/$defs/l30' } }), $defs }, { a: 1 }))).toBe('too_costly');
  });

  it('IOV-2 gives up on a schema that never ends', () => {
    expect(reason(check({ ...object({ a: { $ref: '#/$defs/loop' } }), $defs: { loop: { anyOf: [{ $ref: '#/$defs/loop' }] } } }, { a: {} }))).toBe('too_costly');
  });
});

describe('schemas that cannot be enforced', () => {
  it.each<[string, JsonObject]>([
    ['of another dialect', { $schema: 'http://json-schema.org/draft-04/schema#', type: 'object' }],
    ['that is not a schema', { type: 'objekt' }],
    ['with a reference to the network', object({ a: { $ref: 'https://example.com/schema.json' } })],
    ['with a reference to a file', object({ a: { $ref: 'other.json#/a' } })],
    ['with a reference to nothing', object({ a: { $ref: '#/$defs/missing' } })],
    ['with a base of its own inside', object({ a: { $id: 'https://example.com/a', type: 'string' } })],
    ['with a dynamic reference', object({ a: { $dynamicRef: '#meta' } })],
    ['with a pattern that needs backtracking', object({ a: { type: 'string', pattern: '(a)\\1' } })],
    ['with a pattern that is not one', object({ a: { type: 'string', pattern: '[' } })],
  ])('IOV-1 refuses to compile a schema %s', (_what, inputSchema) => {
    expect(() => compileArgumentGuard({ inputSchema })).toThrow(UnusableSchema);
  });

  it('IOV-2 refuses to compile a schema without end', () => {
    let schema: JsonObject = string;
    for (let level = 0; level < 100; level++) schema = object({ a: schema });
    expect(() => compileArgumentGuard({ inputSchema: schema })).toThrow(UnusableSchema);
  });

  it('IOV-1 takes keywords for names where they are names', () => {
    const schema = object({ $ref: string, $id: string, properties: object({ enum: string }) });
    expect(reason(check(schema, { $ref: 'a', $id: 'b', properties: { enum: 'c' } }))).toBe('ok');
  });

  it('IOV-1 lets two tools have schemas of the same $id', () => {
    for (const type of ['string', 'integer']) {
      const inputSchema = { $id: 'https://example.com/input', ...object({ a: { type } }) };
      expect(reason(check(inputSchema, { a: type === 'string' ? 'x' : 1 }))).toBe('ok');
    }
  });
});
