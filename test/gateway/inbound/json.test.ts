import fc from 'fast-check';
import { parseJson, Refusal } from '../../../lambda/gateway/inbound';
import type { JsonValue } from '../../../lambda/protocol';

const encode = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const parse = (text: string): JsonValue | Refusal => parseJson(encode(text));
const codeOf = (result: JsonValue | Refusal): number | undefined => (result instanceof Refusal ? result.error.code : undefined);

/** JSON values whose keys are plain enough for `__proto__` not to be among them. */
const jsonValue = fc.jsonValue({ maxDepth: 6 }).filter((value) => !JSON.stringify(value).includes('__proto__'));

describe('reading a JSON body', () => {
  it('GW-1 reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(jsonValue, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('GW-1 never reads what JSON.parse does not read', () => {
    const fragments = fc.constantFrom('{', '}', '[', ']', ':', ',', '"a"', '"\\"', '"\\u0061"', '1', '-', '1e5', '.', 'true', 'null', ' ', '\\', '"');
    fc.assert(
      fc.property(fc.array(fragments, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        const result = parse(text);
        if (!(result instanceof Refusal)) expect(result).toEqual(JSON.parse(text));
        else expect(result.status).toBe(400);
      }),
      { numRuns: 2000 },
    );
  });

  it('GW-1 lets no duplicate member through, however it is written and wherever it is', () => {
    const spellings = (key: string): string[] => [
      JSON.stringify(key),
      `"${[...key].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`,
    ];
    const key = fc.stringMatching(/^[a-z":\\{]{1,5}$/);
    fc.assert(
      fc.property(fc.dictionary(key, jsonValue, { minKeys: 1, maxKeys: 5, noNullPrototype: true }), fc.nat(), fc.nat(1), fc.nat(3), (object, pick, spelling, depth) => {
        const keys = Object.keys(object);
        const repeated = keys[pick % keys.length] ?? '';
        const members = Object.entries(object).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
        members.push(`${spellings(repeated)[spelling]}:0`);
        let text = `{${members.join(',')}}`;
        for (let level = 0; level < depth; level++) text = level % 2 === 0 ? `[1,${text}]` : `{"in":${text}}`;
        expect(codeOf(parse(text))).toBe(-32600);
      }),
    );
  });

  it.each([
    ['{"a":1,"a":1}'],
    ['{"a":1,"\\u0061":2}'],
    ['{"a":{"b":1,"b":{"c":1}}}'],
    ['[{"method":"x","method":"y"}]'],
  ])('GW-1 refuses a repeated member: %s', (text) => {
    expect(codeOf(parse(text))).toBe(-32600);
  });

  it.each([
    ['{"a":', 'cut off'],
    ['', 'empty'],
    ["{'a':1}", 'single quotes'],
    ['{"a":01}', 'leading zero'],
    ['{"a":NaN}', 'NaN'],
    ['{"a":1}{"b":2}', 'two texts'],
    ['{"a":"\u0001"}', 'control character in a string'],
  ])('GW-1 refuses what is not JSON: %s (%s)', (text) => {
    const result = parse(text);
    expect(result).toMatchObject({ status: 400, reason: 'parse_error', error: { code: -32700 } });
  });

  it('GW-1 refuses bytes that are not UTF-8, overlong forms, encoded surrogates and a byte order mark', () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0xaf, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0xef, 0xbb, 0xbf, 0x7b, 0x7d],
      [0xfe, 0xff, 0x00, 0x7b, 0x00, 0x7d],
    ]) {
      expect(codeOf(parseJson(Uint8Array.from(bytes)))).toBe(-32700);
    }
  });

  it('GW-1 reads UTF-8 as it is', () => {
    expect(parse('{"grüße":"日本 👋 \\ud83d\\udc4b"}')).toEqual({ grüße: '日本 👋 👋' });
  });

  it.each([['"\\ud800"'], ['{"\\udc00":1}'], ['["\\ud83d\\ud83d\\udc4b"]']])('GW-1 refuses half of a surrogate pair: %s', (text) => {
    expect(codeOf(parse(text))).toBe(-32600);
  });

  it.each([['{"__proto__":{"admin":true}}'], ['{"a":{"\\u005f_proto__":1}}']])('GW-1 refuses a member that could become a prototype: %s', (text) => {
    expect(codeOf(parse(text))).toBe(-32600);
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  it('GW-1 bounds nesting before anything is parsed', () => {
    expect(parse('['.repeat(64) + ']'.repeat(64))).not.toBeInstanceOf(Refusal);
    expect(codeOf(parse('['.repeat(65) + ']'.repeat(65)))).toBe(-32600);
    expect(codeOf(parse('{"a":'.repeat(200_000)))).toBe(-32600);
    expect(parse(JSON.stringify('['.repeat(1000)))).toBe('['.repeat(1000));
  });

  it('GW-1 bounds the number of values', () => {
    expect(codeOf(parseJson(encode(JSON.stringify(new Array(50).fill(0))), { maxDepth: 4, maxValues: 10 }))).toBe(-32600);
    expect(codeOf(parse(`[${'0,'.repeat(300_000)}0]`))).toBe(-32600);
  });

  it.each(['9007199254740993', '-9007199254740993', '12345678901234567890', '1e400', '1e-400', '9007199254740993.0', '1.0000000000000000000001'])(
    'GW-1 refuses the number %s, which a double would change',
    (number) => {
      expect(codeOf(parse(`{"id":${number}}`))).toBe(-32600);
    },
  );

  it.each(['0', '-0', '1', '-1.5', '9007199254740991', '-9007199254740991', '0.1', '0.30000000000000004', '6.02e23', '1E3', '1.50', '1e21', '9007199254740992', '100000000000000000000', '123456789012.25', '5e-324'])(
    'GW-1 takes the number %s as it is',
    (number) => {
      expect(parse(number)).toBe(Number(number));
    },
  );

  it('GW-1 takes every number a serializer writes', () => {
    fc.assert(
      fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (value) => {
        const text = JSON.stringify(value);
        expect(parse(text)).toBe(JSON.parse(text));
      }),
    );
  });

  it('GW-1 reads a large body in time linear in its size', () => {
    const body = (copies: number): Uint8Array => encode(JSON.stringify({ text: '\\"'.repeat(copies), list: new Array(20_000).fill('x') }));
    const time = (bytes: Uint8Array): number => {
      const started = performance.now();
      expect(parseJson(bytes)).not.toBeInstanceOf(Refusal);
      return performance.now() - started;
    };
    time(body(100_000));
    expect(time(body(1_000_000))).toBeLessThan(2_000);
  });
});
