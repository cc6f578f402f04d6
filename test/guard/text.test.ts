import fc from 'fast-check';
import { compileArgumentGuard } from '../../lambda/guard';
import type { JsonObject, JsonValue } from '../../lambda/protocol';

const inputSchema = { type: 'object', additionalProperties: true };
const guard = compileArgumentGuard({ inputSchema });
const asSent = compileArgumentGuard({ inputSchema }, { normalize: false });
const reason = (toolArguments: JsonObject): string => {
  const verdict = guard.check(toolArguments);
  return verdict.ok ? 'ok' : verdict.reason;
};
const strings = (value: JsonValue | undefined): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, member]) => [...(Array.isArray(value) ? [] : [name]), ...strings(member as JsonValue)])
      : [];

describe('characters', () => {
  it.each([
    ['a null character', '\u0000'],
    ['an escape sequence', '\u001b[2J'],
    ['a form feed', '\u000c'],
    ['delete', '\u007f'],
    ['a C1 control', '\u009b'],
    ['hidden tag characters', '\u{e0001}\u{e0048}\u{e0049}'],
    ['a bidirectional override', '\u202e'],
    ['a bidirectional embedding', '\u202b'],
    ['a bidirectional isolate', '\u2066'],
    ['a zero width space', '\u200b'],
    ['a word joiner', '\u2060'],
    ['a byte order mark', '\ufeff'],
    ['a noncharacter', '\ufdd0'],
    ['a noncharacter of another plane', '\u{1fffe}'],
    ['half of a surrogate pair', '\ud800'],
    ['an interlinear annotation', '\ufff9'],
    ['a tower of combining marks', `a${'\u0301'.repeat(40)}`],
  ])('IOV-6 refuses %s, in a string, nested, and in a name', (_what, text) => {
    expect(reason({ a: `x${text}y` })).toBe('forbidden_character');
    expect(guard.check({ a: [{ b: `x${text}y` }] })).toMatchObject({ ok: false, problems: [{ pointer: '/a/0/b' }] });
    expect(reason({ a: { [`x${text}y`]: 1 } })).toBe('forbidden_character');
    expect(asSent.check({ a: text })).toMatchObject({ ok: false });
  });

  it.each([
    ['tab and line ends', 'a\tb\r\nc'],
    ['joiners in emoji', '👨‍👩‍👧'],
    ['joiners in Persian', 'می‌خواهم'],
    ['directional marks', 'abc\u200fאבג'],
    ['variation selectors', '❤️'],
    ['stacked diacritics', 'Việt Nam e\u0323\u0302'],
    ['every plane', '𝒳 𠀋 日本語'],
  ])('IOV-6 allows %s', (_what, text) => {
    expect(reason({ a: text })).toBe('ok');
  });

  it('IOV-6 allows no format character and no line end in a name', () => {
    for (const name of ['a\u200db', 'a\u200eb', 'a\nb', 'a\tb', 'a\u2028b', 'a\u00adb']) expect(reason({ [name]: 1 })).toBe('forbidden_character');
    expect(reason({ größe: 1, 名前: 2 })).toBe('ok');
  });
});

describe('normalisation', () => {
  it('IOV-6 forwards Normalization Form C, names included, and lets the policy see exactly that', () => {
    const verdict = guard.check({ 'cafe\u0301': ['A\u030a', { x: '\u212b' }], plain: 'ascii' });
    expect(verdict).toEqual({ ok: true, forward: { café: ['Å', { x: 'Å' }], plain: 'ascii' }, forms: [{ café: ['Å', { x: 'Å' }], plain: 'ascii' }] });
    expect(verdict.ok && verdict.forms[0]).toBe(verdict.ok && verdict.forward);
  });

  it('IOV-6 validates the normalised form', () => {
    const short = compileArgumentGuard({ inputSchema: { type: 'object', properties: { name: { type: 'string', enum: ['café'] } } } });
    expect(short.check({ name: 'cafe\u0301' })).toMatchObject({ ok: true, forward: { name: 'café' } });
  });

  it('IOV-6 refuses two names that become one', () => {
    expect(reason({ 'e\u0301': 1, é: 2 })).toBe('ambiguous_name');
    expect(asSent.check({ 'e\u0301': 1, é: 2 })).toMatchObject({ ok: false, reason: 'ambiguous_name' });
  });

  it('IOV-6 forwards what was sent where normalisation is off, but has both forms allowed', () => {
    expect(asSent.check({ a: 'e\u0301' })).toEqual({ ok: true, forward: { a: 'e\u0301' }, forms: [{ a: 'e\u0301' }, { a: 'é' }] });
    expect(asSent.check({ a: 'é' })).toEqual({ ok: true, forward: { a: 'é' }, forms: [{ a: 'é' }] });
    const short = compileArgumentGuard({ inputSchema: { type: 'object', properties: { a: { type: 'string', minLength: 2 } } } }, { normalize: false });
    expect(short.check({ a: 'e\u0301' })).toMatchObject({ ok: false, reason: 'invalid_argument' });
  });

  const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: fc.constantFrom('e', '\u0301', '\u0323', 'é', 'Å', '\u212b', '가', '\u1100', '\u1161', '\ufb01') }));
  const anything = fc.object({ key: text, values: [text, fc.integer(), fc.boolean(), fc.constant(null)], maxDepth: 4 });

  it('IOV-6 forwards only normal forms, and changes them no more', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const verdict = guard.check(value as JsonObject);
        if (!verdict.ok) return;
        for (const found of strings(verdict.forward)) expect(found).toBe(found.normalize('NFC'));
        const again = guard.check(verdict.forward);
        expect(again.ok && again.forward).toBe(verdict.forward);
      }),
    );
  });

  it('IOV-6 changes nothing but the encoding of text', () => {
    const unify = (value: JsonValue): JsonValue => JSON.parse(JSON.stringify(value).normalize('NFC')) as JsonValue;
    fc.assert(
      fc.property(anything, (value) => {
        const before = JSON.stringify(value);
        const verdict = guard.check(value as JsonObject);
        expect(JSON.stringify(value)).toBe(before);
        if (verdict.ok) expect(unify(verdict.forward)).toEqual(unify(value as JsonValue));
      }),
    );
  });
});
