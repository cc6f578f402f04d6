import fc from 'fast-check';
import { percentRuns } from '../../lambda/guard/look-inside';

test('DLP-2 runs of escaped characters are those that the pattern of one finds', () => {
  const pattern = /(?:[\w.~+/=-]{0,400}%[0-9A-Fa-f]{2}){1,200}[\w.~+/=-]{0,400}/g;
  const parts = fc.constantFrom('%41', '%4', '%zz', '%', 'a', 'a'.repeat(399), '-', ' ', '%41'.repeat(199), '%e2%82%ac', '"');
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 12 }), (some) => {
      const text = some.join('');
      expect(percentRuns(text)).toEqual([...text.matchAll(pattern)].map(({ index, 0: run }) => ({ start: index, end: index + run.length })));
    }),
  );
});
