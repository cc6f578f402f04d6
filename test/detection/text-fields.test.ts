import { detect, textFields, TextLimits } from '../../lambda/detection';

describe('TD-1 text of a definition', () => {
  test('is every text that a model could read, with where it stands', () => {
    const fields = textFields({
      name: 'n',
      title: 't',
      description: 'd',
      inputSchema: {
        type: 'object',
        properties: { city: { type: 'string', description: 'pd', default: 'df', enum: ['e0'], examples: ['x0'], pattern: 'p', const: 'c' } },
        $defs: { Deep: { anyOf: [{ properties: { inner: { description: 'deep' } } }] } },
        'x-note': 'vendor',
      },
      outputSchema: { properties: { out: { description: 'od' } } },
      annotations: { title: 'at' },
      icons: [{ src: 'https://icons.example/x.png' }],
      _meta: { 'a/b~c': 'm' },
    });
    const byPointer = new Map(fields.map(({ pointer, kind, text }) => [`${pointer} ${text}`, kind]));
    expect(Object.fromEntries(byPointer)).toMatchObject({
      '/name n': 'name',
      '/title t': 'title',
      '/description d': 'description',
      '/inputSchema/properties/city city': 'parameterName',
      '/inputSchema/properties/city/description pd': 'parameterDescription',
      '/inputSchema/properties/city/default df': 'schemaText',
      '/inputSchema/properties/city/enum/0 e0': 'schemaText',
      '/inputSchema/properties/city/examples/0 x0': 'schemaText',
      '/inputSchema/properties/city/pattern p': 'schemaText',
      '/inputSchema/properties/city/const c': 'schemaText',
      '/inputSchema/$defs/Deep/anyOf/0/properties/inner/description deep': 'parameterDescription',
      '/inputSchema/x-note vendor': 'parameterDescription',
      '/outputSchema/properties/out/description od': 'parameterDescription',
      '/annotations/title at': 'annotation',
      '/icons/0/src https://icons.example/x.png': 'meta',
      '/_meta/a~1b~0c m': 'meta',
    });
  });

  test.each([
    ['deeper than the limit', () => Array.from({ length: TextLimits.depth + 10 }).reduce<object>((inner) => ({ items: inner }), {})],
    ['of more characters than the limit', () => ({ description: 'a'.repeat(TextLimits.characters + 1) })],
    ['of 100,000 keys', () => ({ properties: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, {}])) })],
    ['nested 100,000 deep', () => Array.from({ length: 100_000 }).reduce<object>((inner) => [inner], [])],
  ])('a definition %s is rejected unread', (_, schema) => {
    const { verdict, findings } = detect({ name: 'n', inputSchema: schema() as any });
    expect(verdict).toBe('reject');
    expect(findings).toMatchObject([{ ruleId: 'TP-001' }]);
  });
});
