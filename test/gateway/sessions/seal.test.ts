import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createSeal, openSession, sealSession, type LegacySession } from '../../../lambda/gateway/sessions';

const key = randomBytes(32);
const seal = createSeal(key);
const session: LegacySession = {
  nonce: 'n',
  server: 'files',
  principal: 'alice',
  clientRevision: '2025-06-18',
  clientCapabilities: { roots: {} },
  openedAt: 1_000,
  upstream: { kind: 'http', sessionId: 'upstream-secret', revision: '2025-06-18' },
};

describe('seal', () => {
  it('opens what it sealed, for the purpose it was sealed for', () => {
    expect(seal.open('a', seal.seal('a', { x: 1 }))).toEqual({ x: 1 });
    expect(seal.open('b', seal.seal('a', { x: 1 }))).toBeUndefined();
  });

  it('refuses a key of another length', () => {
    expect(() => createSeal(randomBytes(16))).toThrow('the seal key must be 32 bytes long, got 16');
  });

  it('does not open what another key sealed', () => {
    expect(createSeal(randomBytes(32)).open('a', seal.seal('a', { x: 1 }))).toBeUndefined();
  });

  it('opens no other spelling of what it sealed: no characters or bits behind its end', () => {
    const text = seal.seal('a', { x: 1 });
    for (const other of [`${text}A`, `${text}AA`, `${text.slice(0, -1)}${text.endsWith('B') ? 'C' : 'B'}`]) expect(seal.open('a', other)).toBeUndefined();
  });

  it('never opens a text that was changed', () => {
    const text = seal.seal('a', { x: 1 });
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...'AZaz09-_'), (index, character) => {
        const changed = text.slice(0, index) + character + text.slice(index + 1);
        return changed === text || seal.open('a', changed) === undefined;
      }),
    );
  });

  it('survives any text', () => {
    fc.assert(fc.property(fc.string(), (text) => seal.open('a', text) === undefined));
  });
});

describe('legacy session', () => {
  it('MUL-6 comes back whole on any instance that has the key', () => {
    expect(openSession(createSeal(key), sealSession(seal, session), 2_000, 10_000)).toEqual(session);
  });

  it('shows the client nothing of the upstream and fits in a header', () => {
    const id = sealSession(seal, session);
    expect(id).toMatch(/^[\x21-\x7e]+$/);
    expect(Buffer.from(id, 'base64url').toString('latin1')).not.toContain('upstream-secret');
  });

  it('ends after its time', () => {
    expect(openSession(seal, sealSession(seal, session), 1_000 + 10_001, 10_000)).toBeUndefined();
  });

  it('is not opened from a sealed value of another purpose', () => {
    expect(openSession(seal, seal.seal('request-state', { ...session } as never), 2_000, 10_000)).toBeUndefined();
  });
});
