import fc from 'fast-check';
import { changeLevel, definitionDifference, nextVersion } from '../../lambda/integrity';
import type { JsonObject, JsonValue } from '../../lambda/protocol';

const TOOL: JsonObject = {
  name: 'read_file',
  title: 'Read a file',
  description: 'Reads a file of the project.',
  inputSchema: { type: 'object', properties: { path: { type: 'string', description: 'Where it is' } }, required: ['path'] },
  annotations: { readOnlyHint: true, title: 'Read' },
};

function changed(change: (tool: any) => void): JsonObject {
  const tool = structuredClone(TOOL);
  change(tool);
  return tool;
}

describe('the version of a definition (ETDI)', () => {
  test.each<[string, JsonObject, string]>([
    ['its description', changed((tool) => (tool.description = 'Reads any file.')), 'patch'],
    ['its title', changed((tool) => (tool.title = 'Read')), 'patch'],
    ['the title among its annotations', changed((tool) => (tool.annotations.title = 'Read it')), 'patch'],
    ['the description of a parameter', changed((tool) => (tool.inputSchema.properties.path.description = 'The path')), 'patch'],
    ['a new parameter', changed((tool) => (tool.inputSchema.properties.sidenote = { type: 'string' })), 'minor'],
    ['a new parameter that is called description', changed((tool) => (tool.inputSchema.properties.description = { type: 'string' })), 'minor'],
    ['a parameter that is no longer required', changed((tool) => (tool.inputSchema.required = [])), 'minor'],
    ['a default that looks like a description', changed((tool) => (tool.inputSchema.properties.path.default = { description: 'x' })), 'minor'],
    ['an output schema', changed((tool) => (tool.outputSchema = { type: 'object' })), 'minor'],
    ['a hint', changed((tool) => (tool.annotations.readOnlyHint = false)), 'major'],
    ['no annotations any more', changed((tool) => delete tool.annotations), 'major'],
    ['permissions', changed((tool) => (tool.permissions = [{ name: 'fs', scope: 'write' }])), 'major'],
    ['members that nobody knows', changed((tool) => (tool._meta = { scope: 'admin' })), 'major'],
    ['nothing but the order of members', Object.fromEntries(Object.entries(TOOL).reverse()), 'none'],
  ])('changes with %s', (_what, after, level) => expect(changeLevel(TOOL, after)).toBe(level));

  test('other instructions are another wording', () => expect(changeLevel('Be brief.', 'Be long.')).toBe('patch'));

  test('counts from 1.0.0', () => {
    expect(nextVersion(undefined, 'none')).toBe('1.0.0');
    expect(nextVersion('1.2.3', 'none')).toBe('1.2.3');
    expect(nextVersion('1.2.3', 'patch')).toBe('1.2.4');
    expect(nextVersion('1.2.3', 'minor')).toBe('1.3.0');
    expect(nextVersion('1.2.3', 'major')).toBe('2.0.0');
  });
});

describe('the difference for a reviewer', () => {
  test('shows a changed text word by word, at its pointer', () => {
    const after = changed((tool) => (tool.inputSchema.properties.path.description = 'Where it really is'));
    expect(definitionDifference(TOOL, after)).toEqual([
      {
        kind: 'reworded',
        pointer: '/inputSchema/properties/path/description',
        parts: [
          { change: 'same', text: 'Where it ' },
          { change: 'added', text: 'really ' },
          { change: 'same', text: 'is' },
        ],
      },
    ]);
  });

  test('shows what was added, removed and replaced', () => {
    const after = changed((tool) => {
      tool['a/b~c'] = 1;
      delete tool.title;
      tool.annotations.readOnlyHint = false;
    });
    expect(definitionDifference(TOOL, after)).toEqual([
      { kind: 'added', pointer: '/a~1b~0c', value: 1 },
      { kind: 'replaced', pointer: '/annotations/readOnlyHint', before: true, after: false },
      { kind: 'removed', pointer: '/title', value: 'Read a file' },
    ]);
  });

  test('is empty exactly for equal definitions, and its words give both texts back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
        const isEqual = changeLevel(before as JsonValue, after as JsonValue) === 'none';
        expect(definitionDifference(before as JsonValue, after as JsonValue).length === 0).toBe(isEqual);
      }),
    );
    fc.assert(
      fc.property(fc.lorem({ maxCount: 30 }), fc.lorem({ maxCount: 30 }), (before, after) => {
        for (const difference of definitionDifference(before, after)) {
          if (difference.kind !== 'reworded') throw new Error('expected words');
          const without = (change: string) => difference.parts.filter((part) => part.change !== change).map(({ text }) => text).join('');
          expect(without('added')).toBe(before);
          expect(without('removed')).toBe(after);
        }
      }),
    );
  });

  test('ends soon for long texts that have nothing in common', () => {
    const text = (word: string) => Array.from({ length: 50_000 }, (_, index) => `${word}${index}`).join(' ');
    const started = performance.now();
    expect(definitionDifference(text('a'), text('b'))).toMatchObject([{ kind: 'replaced' }]);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
