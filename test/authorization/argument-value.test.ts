import fc from 'fast-check';
import { toCedarArguments } from '../../lambda/authorization';
import type { JsonObject } from '../../lambda/protocol';

describe('toCedarArguments', () => {
  const one = (type: JsonObject, value: JsonObject[string]) => toCedarArguments({ type: 'object', properties: { x: type } }, { x: value });
  const decimal = (arg: string) => ({ x: { __extn: { fn: 'decimal', arg } } });

  it.each([
    [3, '3.0'],
    [-0.1234, '-0.1234'],
    [0.12341, '0.1235'],
    [0.99999, '1.0000'],
    [48.85837, '48.8584'],
    [-0.12349, '-0.1234'],
    [1e-9, '0.0001'],
    [-1e-9, '0.0'],
    [-0.00001, '-0.0000'],
    [-0.000099, '-0.0000'],
    [922_337_203_685_477, '922337203685477.0'],
    [1e30, '922337203685477.5807'],
    [-1e30, '-922337203685477.5808'],
  ])('IOV-1 rounds %d up to a decimal of four digits', (value, text) => {
    expect(one({ type: 'number' }, value)).toEqual(decimal(text));
  });

  it('rounds so that <= and > are exact for every bound a policy can name', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), fc.integer({ min: -1e9, max: 1e9 }), (value, step) => {
        const rounded = Number(((one({ type: 'number' }, value) as any).x.__extn as { arg: string }).arg);
        for (const bound of [step / 10_000, Math.floor(value), Number(value.toFixed(4))]) expect(rounded <= bound).toBe(value <= bound);
      }),
    );
  });

  it('takes an integer that JSON does not keep exactly for the greatest that it does', () => {
    expect(one({ type: 'integer' }, 2 ** 60)).toEqual({ x: 9_007_199_254_740_991 });
    expect(one({ type: 'integer' }, -1e300)).toEqual({ x: -9_007_199_254_740_991 });
  });

  it('takes half a surrogate pair for the replacement character', () => {
    expect(one({ type: 'string' }, 'a\ud800')).toEqual({ x: 'a\ufffd' });
  });

  it.each([
    ['a value of another type', { type: 'string' }, 5],
    ['a fraction where an integer is due', { type: 'integer' }, 1.5],
    ['null where it is not allowed', { type: 'string' }, null],
    ['one such item in an array', { type: 'array', items: { type: 'number' } }, [1, 'x']],
    ['none of the types of a union', { type: ['string', 'boolean'] }, 5],
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

});
