import fc from 'fast-check';
import { ArgumentReader } from '../../lambda/behaviour/arguments';
import type { JsonObject } from '../../lambda/protocol';

const reader = new ArgumentReader(42);
const factsOf = (given: JsonObject) => reader.factsOf(given);
const shapeOf = (given: JsonObject) => factsOf(given).shape;

describe('what is looked at of arguments', () => {
  test('CV-2 the order of members does not change the form', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 8 }), (given) => {
        const turned = Object.fromEntries(Object.entries(given).reverse()) as JsonObject;
        expect(factsOf(turned)).toEqual(factsOf(given as JsonObject));
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

  test('CV-2 hosts and mail domains are read wherever they stand, a few of them', () => {
    expect(factsOf({ to: ['Bob <bob@Example.COM>', 'see https://files.example.org/x and http://192.0.2.7:80'] }).destinations).toEqual(['example.com', 'files.example.org', '192.0.2.7']);
    expect(factsOf({ many: Array.from({ length: 30 }, (_, index) => `https://host-${index}.example`) }).destinations).toHaveLength(8);
  });

  test('TB-1 huge arguments are read as far as is needed', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`) as JsonObject;
    expect(factsOf(deep).size).toBe(0);
    expect(factsOf({ list: Array.from({ length: 100_000 }, () => 'x') }).size).toBeLessThan(300);
  });
});
