import fc from 'fast-check';
import { asPin, pinOf } from '../../lambda/integrity';
import { canonicalJson, type JsonValue } from '../../lambda/protocol';

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;

/** The same value with the members of every object in another order. */
function reordered(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, inner]) => [key, reordered(inner as JsonValue)]));
}

/** Every value that differs from `value` in one place. */
function variants(value: JsonValue): JsonValue[] {
  if (Array.isArray(value)) {
    const inner = value.flatMap((item, index) => variants(item).map((variant) => value.with(index, variant)));
    return [...inner, [...value, null], ...(value.length > 0 ? [value.slice(1)] : [])];
  }
  if (typeof value === 'object' && value !== null) {
    const inner = Object.entries(value).flatMap(([key, item]) => variants(item as JsonValue).map((variant) => ({ ...value, [key]: variant })));
    return [...inner, { ...value, added_member: null }];
  }
  if (typeof value === 'string') return [`${value} `, `${value}\u200b`, value.length > 0 ? value.slice(1) : 'x'];
  if (typeof value === 'number') return [value === 0 ? 1 : -value, String(value)];
  return value === null ? [false, ''] : [!value, null];
}

describe('TD-4 the pin of a definition', () => {
  test('is the same whatever the order of members, and its canonical form is idempotent', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(pinOf(reordered(value))).toBe(pinOf(value));
        const canonical = canonicalJson(value);
        expect(canonicalJson(JSON.parse(canonical) as JsonValue)).toBe(canonical);
      }),
    );
  });

  test('changes with any change of meaning: of a text by one invisible character, of a type, of a member, at any depth', () => {
    fc.assert(
      fc.property(json, (value) => {
        const pin = pinOf(value);
        for (const variant of variants(value)) expect(pinOf(variant)).not.toBe(pin);
      }),
    );
  });

  test('is another one for instructions than for a tool, and 64 hexadecimal digits', () => {
    expect(pinOf('{"name":"x"}')).not.toBe(pinOf({ name: 'x' }));
    expect(asPin(pinOf({ name: 'x' }))).toHaveLength(64);
    expect(() => asPin('sha256')).toThrow(RangeError);
  });
});
