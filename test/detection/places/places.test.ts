import fc from 'fast-check';
import { Anchors, CharacterKind, CHARACTER_KINDS, Places } from '../../../lambda/detection/places';

const kindAt = (text: string, at: number) => CHARACTER_KINDS[text.charCodeAt(at)] ?? CharacterKind.OTHER;
const asciiAt = (text: string, at: number) => (text.charCodeAt(at) < 128 ? text.charCodeAt(at) : 0);
/** Long enough for borders of chunks. */
const texts = fc.tuple(fc.integer({ min: 0, max: 4100 }), fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 60 })).map(([before, some, more]) => 'a-B3 '.repeat(before / 5) + some + more);

test('places are those that a loop over the characters finds, whatever the text', () => {
  const isPlace = (before: number, unit: number, next: number) => (unit * 7 + next * 3 + before) % 5 === 0;
  const places = new Places(isPlace);
  fc.assert(
    fc.property(texts, (text) => {
      const found: number[] = [];
      places.visit(text, (at) => found.push(at));
      const expected = Array.from({ length: text.length }, (_, at) => at).filter((at) => isPlace(at === 0 ? CharacterKind.OTHER : kindAt(text, at - 1), asciiAt(text, at), asciiAt(text, at + 1)));
      expect(found).toEqual(expected);
    }),
  );
});

test('anchors are found whatever their case, and at the beginning of a word where that is asked for', () => {
  const anchors = ['script', '<a', ' nc ', 'eval('];
  const one = new Anchors(anchors);
  const expected = (text: string) => [/script/i, /<a/i, /(?<![A-Za-z0-9])nc /i, /eval\(/i].map((pattern) => Number(pattern.test(text)));
  fc.assert(
    fc.property(fc.integer({ min: 4080, max: 4100 }), fc.array(fc.constantFrom(...anchors, 'NC ', 'sync ', 'SCRIPT', 'x', ' ', '\u00e9', '<', 'eva'), { maxLength: 8 }), (before, parts) => {
      const text = '.'.repeat(before) + parts.join('');
      expect([...one.foundIn(text)]).toEqual(expected(text));
    }),
  );
});
