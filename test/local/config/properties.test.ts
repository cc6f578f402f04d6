import fc from 'fast-check';
import { stringify } from 'yaml';
import { ConfigError } from '../../../lambda/local/config';
import { readConfig } from '../../../lambda/local/config/load';
import schema from '../../../schema/mcp-zero-trust.schema.json';

/** Whatever the text is: a configuration, or a ConfigError of one sentence. */
function isAnswered(file: string, text: string): boolean {
  try {
    return readConfig(file, text, { HOME: '/home' }).servers.length > 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return /^[^\n]+$/.test(error.message);
  }
}

const keysOf = (definition: { readonly properties: object }) => Object.keys(definition.properties);
const value = fc.oneof(
  { maxDepth: 3 },
  fc.constantFrom('stdio', 'http', 'sse', '${HOME}', '${NOPE}', '${', 'https://x', 'http://[', '127.0.0.1:1', ':99999', '0.0.0.0:1', ''),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>,
);
const objectOf = (keys: readonly string[]) => fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string({ maxLength: 8 })), value, { maxKeys: 6 });
const server = fc.oneof(objectOf(keysOf(schema.definitions.server)), fc.record({ command: fc.string(), args: fc.array(fc.string()) }), fc.record({ url: fc.webUrl() }));
const servers = fc.dictionary(fc.oneof(fc.stringMatching(/^[a-z]{1,4}$/), fc.string({ maxLength: 5 })), server, { maxKeys: 3 });
const config = fc
  .tuple(objectOf(keysOf(schema)), fc.option(servers))
  .map(([rest, known]) => (known === null ? rest : { ...rest, mcpServers: known }));

describe('any file at all', () => {
  test('is a configuration or is refused in one sentence, as JSON', () => {
    fc.assert(fc.property(config, (input) => isAnswered('mcp.json', JSON.stringify(input))), { numRuns: 400 });
  });
  test('is a configuration or is refused in one sentence, as YAML', () => {
    fc.assert(fc.property(config, (input) => isAnswered('mcp.yaml', stringify(input))), { numRuns: 200 });
  });
  test('with a byte changed, cut or added', () => {
    const text = '{\n  // mine\n  "mcpServers": {"a": {"command": "node", "args": ["x", /* y */ "z",], "env": {"T": "${HOME}"}}},\n\t"listen": ":0",\n}\n';
    const place = fc.nat({ max: text.length });
    fc.assert(
      fc.property(place, place, fc.string({ maxLength: 3, unit: 'binary' }), (from, length, put) =>
        isAnswered('mcp.json', text.slice(0, from) + put + text.slice(from + (length % 4))),
      ),
      { numRuns: 600 },
    );
  });
  test('that is no text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.constantFrom('mcp.json', 'mcp.yaml'), (text, file) => isAnswered(file, text)), { numRuns: 400 });
  });
});
