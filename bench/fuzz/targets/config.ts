/** Configuration files, whole and damaged: each gives a configuration or says in a sentence what is wrong, and where. */
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { ConfigError } from '../../../lambda/local/config';
import { readConfig } from '../../../lambda/local/config/load';
import { byteMutation, mutate, mutateBytes, treeMutation } from '../mutated-json';
import { explained, holdsFor, type Target } from '../target';

const SECRET = 'canary-secret-55c1';

const server = fc.oneof(
  fc.record(
    {
      command: fc.constantFrom('node', '', 'npx'),
      args: fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 }),
      env: fc.constant({ TOKEN: SECRET }),
      cwd: fc.constantFrom('.', '${HOME}', '${workspaceFolder}', '${input:a}', '${input:a b}${/}', '${input:}'),
      disabled: fc.boolean(),
      normalize: fc.boolean(),
      unknownArguments: fc.constantFrom('allow', 'refuse', 'maybe'),
      includeTools: fc.array(fc.string({ maxLength: 5 }), { maxLength: 2 }),
      limits: fc.record({ totalMs: fc.constantFrom(1, 1_000, -1, 1e300) }, { requiredKeys: [] }),
    },
    { requiredKeys: ['command'] },
  ),
  fc.record(
    { url: fc.constantFrom('https://mcp.example.com/mcp', 'http://127.0.0.1:1/mcp', 'ftp://x', 'nonsense', 'https://user:pw@x/', 'http://169.254.169.254/'), headers: fc.constant({ Authorization: `Bearer ${SECRET}` }), type: fc.constantFrom('http', 'sse', 'streamable-http') },
    { requiredKeys: ['url'] },
  ),
);
const file = fc.record(
  {
    mcpServers: fc.dictionary(fc.constantFrom('files', 'a', 'Bad Name', '__proto__', 'constructor', '', '${X}'), server, { maxKeys: 3 }),
    inputs: fc.constantFrom<unknown>([{ id: 'a', default: SECRET }], [{ id: 'a-b' }, { id: 'a_b' }], [{ id: 'a', options: [] }], [7], {}),
    listen: fc.constantFrom<unknown>(8808, '127.0.0.1:0', '0.0.0.0:1', '[::1]:80', 'x', -1, 70_000, '127.0.0.1'),
    publicUrl: fc.constantFrom('https://gateway.example.com', 'http://x/', 'nonsense'),
    policies: fc.constantFrom('policies', '', '../..'),
    anonymous: fc.constantFrom<unknown>('me', { id: 'me' }, { id: '', groups: [1] }, true),
    identity: fc.constantFrom<unknown>({ issuer: 'https://i.example', jwks: 'https://i.example/jwks' }, { issuer: 'x', jwks: 'missing.json' }, { issuer: 'https://i.example', jwks: 'https://[' }),
    limits: fc.constantFrom<unknown>({ maxBodyBytes: 1 }, { rates: { perAddress: { requests: 1, seconds: 1 } } }, { rates: { nobody: 1 } }),
    audit: fc.constantFrom<unknown>('audit.jsonl', { file: 'a' }, 7),
    allowedOrigins: fc.constantFrom<unknown>(['https://a'], 'x', [1]),
  },
  { requiredKeys: ['mcpServers'] },
);
const yamlOddity = fc.constantFrom('&a [*a]', '!!js/function x', '? [a]\n: b', '<<: *x', '--- a\n--- b', '%YAML 1.1', '\t- x', 'a: &a\n  b: *a', '"\\x', '|', '0o17', '2001-01-01', '~', '.inf', '? ', '- - - -', '{a: b', '*undefined', '!<tag:yaml.org,2002:str> x', '&x'.repeat(50), '['.repeat(1_000), '{a: '.repeat(800), '- '.repeat(1_000));

export const config: Target = {
  name: 'config',
  title: 'configuration files: mutated JSON and YAML',
  share: 1,
  async start() {
    const drawn = fc.record({
      file,
      format: fc.constantFrom('json', 'yaml'),
      tree: fc.array(treeMutation.map((mutation) => (mutation.op === 'bury' ? { ...mutation, depth: Math.min(mutation.depth, 1_000) } : mutation)), { maxLength: 3 }),
      bytes: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(byteMutation, { maxLength: 2 }) }),
      oddity: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: fc.record({ text: yamlOddity, at: fc.nat(500) }) }),
    });
    return {
      property: holdsFor(drawn, async ({ file: value, format, tree, bytes, oddity }) => {
        const json = mutate(value, tree);
        const written = format === 'json' ? json : yamlOf(json);
        const at = (oddity?.at ?? 0) % (written.length + 1);
        const whole = oddity === undefined ? written : `${written.slice(0, at)}${oddity.text}${written.slice(at)}`;
        const text = Buffer.from(mutateBytes(whole, bytes)).toString('utf8');
        await explained(
          () => `file: ${JSON.stringify(text.slice(0, 3_000))}`,
          () => {
            const started = performance.now();
            const warned: string[] = [];
            const emitWarning = process.emitWarning;
            process.emitWarning = (warning: string | Error) => void warned.push(String(warning));
            try {
              readConfig(`/etc/mcp.${format}`, text, { HOME: '/home/x' });
            } catch (error) {
              checkProblem(error);
            } finally {
              process.emitWarning = emitWarning;
            }
            if (warned.length > 0) throw new Error(`warned on standard error: ${warned.join('; ')}`);
            const took = performance.now() - started;
            if (took > 5_000) throw new Error(`took ${Math.round(took)} ms to read`);
          },
        );
      }),
      close: async () => {},
    };
  },
};

function yamlOf(json: string): string {
  try {
    return stringify(JSON.parse(json));
  } catch {
    return json;
  }
}

function checkProblem(error: unknown): void {
  if (!(error instanceof ConfigError)) throw new Error(`failed with what is no ConfigError: ${error instanceof Error ? error.stack : String(error)}`);
  const { message, problems } = error;
  if (/[\n\r]/.test(message)) throw new Error(`not one line: ${JSON.stringify(message)}`);
  if (/undefined|\[object|NaN| at .*\.ts/.test(message.replaceAll(/"[^"]*"|\/[^ ]*/g, ''))) throw new Error(`not a sentence: ${JSON.stringify(message)}`);
  if (message.includes(SECRET)) throw new Error(`repeats a secret: ${message}`);
  if (message.length > 1_000) throw new Error(`a sentence of ${message.length} characters`);
  for (const { line, column, message: what } of problems) {
    // An empty file has no places.
    if ((line === undefined || column === undefined) && !what.endsWith('found nothing')) throw new Error(`says not where: ${JSON.stringify(message)}`);
  }
}
