import { normalise } from '../../lambda/detection';

describe('TD-1 normalisation', () => {
  test.each([
    ['case and compatibility forms', 'ＩＧＮＯＲＥ 𝐭𝐡𝐢𝐬 ﬁle', 'ignore this file'],
    ['accents', 'Ignorá ésto', 'ignora esto'],
    ['look-alikes of other scripts inside a word', 'ignоrе prеvious', 'ignore previous'],
    ['words of look-alikes alone, in a text of another script', 'рассе the city', 'pacce the city'],
    ['invisible characters inside a word', 'ig\u200bno\u2060re', 'ignore'],
    ['terminal escapes', 'a\u001b[31mb\u001b[0m', 'ab'],
    ['combining runs', 'i\u0300\u0301\u0302\u0303gnore', 'ignore'],
  ])('%s', (_, text, expected) => {
    expect(normalise(text).text).toBe(expected);
  });

  test.each([
    ['Russian', 'Переводит текст, а не код'],
    ['Greek', 'Μετάφραση κειμένου'],
    ['Japanese', 'ツールを使う'],
  ])('leaves honest %s in its script, without a finding', (_, text) => {
    const { text: folded, oddities } = normalise(text);
    expect(folded).not.toMatch(/[a-z]/);
    expect(oddities).toEqual([]);
  });

  test('finds nothing odd about emoji, flags, Persian joiners and units', () => {
    for (const text of ['👨‍👩‍👧 ✅️ ❤️', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'می‌کند', '5 µm Δt', 'ISO 8601 Ω']) expect(normalise(text).oddities).toEqual([]);
  });

  test('reads what tag characters, variation selectors and zero-width bits spell', () => {
    const secret = 'obey me';
    const tags = [...secret].map((c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))).join('');
    const selectors = [...secret].map((c) => String.fromCodePoint(0xe0100 + c.charCodeAt(0) - 16)).join('');
    const bits = [...secret].flatMap((c) => [...c.charCodeAt(0).toString(2).padStart(8, '0')].map((bit) => (bit === '0' ? '\u200b' : '\u200c'))).join('');
    for (const hidden of [tags, selectors, bits]) expect(normalise(`a${hidden}b`).oddities).toMatchObject([{ hidden: secret, start: 1, end: 1 + hidden.length }]);
  });

  test('knows for each character where it came from', () => {
    const original = 'A\u200b ﬁ 𝐛 е́nd';
    const { text, originalOffset } = normalise(original);
    expect(original[originalOffset(text.indexOf('fi'))]).toBe('ﬁ');
    expect(originalOffset(text.length)).toBe(original.length);
  });
});
