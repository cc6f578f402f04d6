import fc from 'fast-check';
import { createHmac, randomBytes } from 'node:crypto';
import { digestArguments } from '../../lambda/audit';

const key = randomBytes(32);

describe('LOG-1 digests of arguments', () => {
  it('are HMAC-SHA-256 of the canonical form', () => {
    const expected = createHmac('sha256', key).update('{"a":[1,"x"],"path":"/etc/passwd"}').digest('hex');
    expect(digestArguments(key, { path: '/etc/passwd', a: [1.0, 'x'] })).toBe(expected);
  });

  it('are that for every key and every text (RFC 2104)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 130 }), fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 }), (ownKey, texts) => {
        for (const text of texts) expect(digestArguments(ownKey, text)).toBe(createHmac('sha256', ownKey).update(JSON.stringify(text)).digest('hex'));
      }),
    );
  });

  it('do not depend on the order of members, and tell values apart', () => {
    expect(digestArguments(key, { a: 1, b: { c: 2, d: 3 } })).toBe(digestArguments(key, { b: { d: 3, c: 2 }, a: 1 }));
    expect(digestArguments(key, { a: 1 })).not.toBe(digestArguments(key, { a: '1' }));
    expect(digestArguments(key, { a: [] })).not.toBe(digestArguments(key, { a: {} }));
  });

  it('say nothing without the key', () => {
    expect(digestArguments(key, { pin: '0000' })).not.toBe(digestArguments(randomBytes(32), { pin: '0000' }));
  });

  it('are absent for what has no canonical form, so that the request is recorded all the same', () => {
    expect(digestArguments(key, { a: '\ud800' })).toBeUndefined();
    expect(digestArguments(key, JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)))).toBeUndefined();
  });
});
