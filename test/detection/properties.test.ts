import fc from 'fast-check';
import { detect } from '../../lambda/detection';
import { textAt } from '../../bin/scan/pointer';
import { HONEST } from './honest-definitions';
import { POISONED } from './poisoned-definitions';

const definitions = [...HONEST, ...Object.values(POISONED).flat()];

/** Characters that have broken parsers: halves of pairs, marks, escapes, quotes, brackets, digits, spaces. */
const nasty = fc.constantFrom('\ud800', '\udc00', '\u200b', '\u202e', '\u0301', '\u001b[', '"', '`', '```', '<', '[', '\\x', '%4', '&#', '\u{e0041}', '\ufe0f', '不', 'é', '\0', '~1', '/', '..', '@', '\n\n', '   ', 'а');
const insertion = fc.record({ at: fc.nat(400), text: fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 12 })), drop: fc.nat(5) });

function mutate(value: unknown, edits: readonly { at: number; text: string; drop: number }[]): unknown {
  const text = JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'string' ? edits.reduce((s, { at, text: put, drop }) => s.slice(0, at % (s.length + 1)) + put + s.slice((at % (s.length + 1)) + drop), member) : member,
  );
  return JSON.parse(text) as unknown;
}

test('any mutation of a definition gets a verdict, and every span lies inside the text it points at', () => {
  fc.assert(
    fc.property(fc.constantFrom(...definitions), fc.array(insertion, { maxLength: 6 }), (definition, edits) => {
      const tool = mutate(definition, edits) as any;
      const { verdict, score, findings } = detect(tool);
      expect(['approve', 'review', 'reject']).toContain(verdict);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      for (const { pointer, start, end } of findings) {
        expect(start).toBeLessThanOrEqual(end);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(textAt(tool, pointer).length);
      }
    }),
    { numRuns: 100 },
  );
});

test('anything that is JSON gets a verdict', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(() => detect(value as any)).not.toThrow();
      expect(() => detect({ name: value, description: value, inputSchema: value, annotations: value } as any)).not.toThrow();
    }),
    { numRuns: 300 },
  );
});

test('a definition gets the same answer every time, alone or after others', () => {
  const first = definitions.map((definition) => detect(definition));
  expect([...definitions].reverse().map((definition) => detect(definition)).reverse()).toEqual(first);
});
