import fc from 'fast-check';
import { factsOf } from '../../lambda/behaviour/arguments';
import type { JsonObject } from '../../lambda/protocol';

const SEED = 42;
const shapeOf = (given: JsonObject) => factsOf(given, SEED).shape;
const fingerprintOf = (given: JsonObject) => factsOf(given, SEED).fingerprint;

describe('what is looked at of arguments', () => {
  test('CV-2 the order of members changes neither form nor fingerprint', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 8 }), (given) => {
        const turned = Object.fromEntries(Object.entries(given).reverse()) as JsonObject;
        expect(factsOf(turned, SEED)).toEqual(factsOf(given as JsonObject, SEED));
      }),
    );
  });

  test('CV-2 the form is the names and kinds of members, without the values of texts and numbers or the length of lists', () => {
    const form = shapeOf({ path: 'notes/1.md', lines: [1, 2], options: { deep: true } });
    expect(shapeOf({ path: 'other/7.md', lines: [7, 8, 9, 10], options: { deep: false } })).toBe(form);
    expect(shapeOf({ path: 'x'.repeat(5_000), lines: [1, 2], options: { deep: true } })).not.toBe(form);
    expect(shapeOf({ path: 'notes/1.md', lines: ['1', '2'], options: { deep: true } })).not.toBe(form);
    expect(shapeOf({ path: 'notes/1.md', lines: [1, '2'], options: { deep: true } })).not.toBe(form);
    expect(shapeOf({ path: 'notes/1.md', lines: [1, 2], options: { deep: true, deeper: true } })).not.toBe(form);
    expect(shapeOf({ way: 'notes/1.md', lines: [1, 2], options: { deep: true } })).not.toBe(form);
  });

  test('T-S3 the fingerprint tells values apart, and the order of lists', () => {
    const fingerprint = fingerprintOf({ path: 'a', lines: [1, 2] });
    expect(fingerprintOf({ path: 'a', lines: [1, 2] })).toBe(fingerprint);
    for (const other of [{ path: 'b', lines: [1, 2] }, { path: 'a', lines: [2, 1] }, { path: 'a', lines: [1] }, { path: 'a', lines: ['1', '2'] }, { path: 'a', lines: [1, 2], more: null }]) expect(fingerprintOf(other)).not.toBe(fingerprint);
  });

  test('T-S3 the fingerprint tells texts apart by any one character, short or long', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), fc.nat(), fc.integer({ min: 1, max: 0xffff }), (text, somewhere, change) => {
        const at = somewhere % text.length;
        const other = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ change) + text.slice(at + 1);
        expect(fingerprintOf({ text: other })).not.toBe(fingerprintOf({ text }));
      }),
    );
  });

  test('CV-2 hosts and mail domains are read wherever they stand, a few of them', () => {
    expect(factsOf({ to: ['Bob <bob@Example.COM>', 'see https://files.example.org/x and http://192.0.2.7:80'] }, SEED).destinations).toEqual(['example.com', 'files.example.org', '192.0.2.7']);
    expect(factsOf({ many: Array.from({ length: 30 }, (_, index) => `https://host-${index}.example`) }, SEED).destinations).toHaveLength(8);
  });

  test('TB-1 huge arguments are read as far as is needed', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`) as JsonObject;
    expect(factsOf(deep, SEED).size).toBe(0);
    expect(factsOf({ list: Array.from({ length: 100_000 }, () => 'x') }, SEED).size).toBeLessThan(300);
  });
});
