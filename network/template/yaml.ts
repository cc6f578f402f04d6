import { parseDocument, type CollectionTag, type ScalarTag } from 'yaml';

const FUNCTIONS = ['Base64', 'Cidr', 'FindInMap', 'GetAtt', 'GetAZs', 'If', 'ImportValue', 'Join', 'Select', 'Split', 'Sub', 'And', 'Equals', 'Not', 'Or', 'Length', 'ToJsonString', 'Transform', 'ForEach', 'GetStackOutput'];

/** Reads a template in YAML with the short forms (`!Ref`, `!GetAtt`, ...), or in JSON, which is YAML too. */
export function parseTemplate(text: string): unknown {
  const document = parseDocument(text, { customTags: TAGS, merge: true, logLevel: 'error' });
  if (document.errors[0]) throw new Error(document.errors[0].message.split('\n')[0]);
  // A tagged list becomes an object when it is written as JSON, and not before.
  return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 1_000 }) ?? null));
}

const TAGS = [...FUNCTIONS, 'Ref', 'Condition'].flatMap((name) => {
  const key = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
  const scalar: ScalarTag = {
    tag: `!${name}`,
    resolve: (value: string) => ({ [key]: name === 'GetAtt' ? splitAttribute(value) : value }),
  };
  const collection = (kind: 'map' | 'seq'): CollectionTag => ({
    tag: `!${name}`,
    collection: kind,
    resolve: (node) => ({ toJSON: () => ({ [key]: node.toJSON() as unknown }) }) as never,
  });
  return [scalar, collection('map'), collection('seq')];
});

function splitAttribute(value: string): readonly string[] {
  const dot = value.indexOf('.');
  return dot < 0 ? [value] : [value.slice(0, dot), value.slice(dot + 1)];
}
