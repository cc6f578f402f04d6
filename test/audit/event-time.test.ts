import fc from 'fast-check';
import { readTime, writeTime } from '../../lambda/audit';

it('LOG-1 writes times as ISO 8601 in UTC and reads them, in any order', () => {
  const anyTime = fc.integer({ min: 0, max: 253_402_300_799_999 });
  fc.assert(
    fc.property(fc.array(anyTime, { minLength: 1 }), fc.nat(2_000), (times, step) => {
      for (const time of times) {
        for (const at of [time, time + step]) {
          expect(writeTime(at)).toBe(new Date(at).toISOString());
          expect(readTime(writeTime(at))).toBe(at);
        }
      }
    }),
  );
});
