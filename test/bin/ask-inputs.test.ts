import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { environmentFor, type Terminal } from '../../bin/ask-inputs';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ask-'));
  file = join(folder, 'mcp.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Somebody at a terminal who types each answer when its question, the next one, has been asked. */
function terminalOf(dialogue: readonly (readonly [question: string, answer: string])[], isTTY = true): Terminal & { shown(): string } {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY });
  let shown = '';
  let seen = 0;
  const left = [...dialogue];
  output.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    const [next] = left;
    if (next === undefined || !shown.slice(seen).includes(next[0])) return;
    left.shift();
    seen = shown.length;
    setImmediate(() => input.write(`${next[1]}\r`));
  });
  return { input, output, shown: () => shown };
}

function write(inputs: readonly object[], ...references: string[]): void {
  writeFileSync(file, JSON.stringify({ inputs, servers: { a: { command: 'x', args: references } } }));
}

describe('inputs of VS Code', () => {
  test('are asked for at a terminal, and a secret is not shown', async () => {
    write([{ id: 'key', type: 'promptString', description: 'Key of the shop', password: true }, { id: 'user', type: 'promptString', description: 'Your name' }], '${input:key}', '${input:user}');
    const terminal = terminalOf([['Key of the shop: ', 's3cret'], ['Your name: ', 'ada']]);
    const environment = await environmentFor(file, { PATH: '/bin' }, terminal);
    expect(environment).toEqual({ PATH: '/bin', MCP_INPUT_KEY: 's3cret', MCP_INPUT_USER: 'ada' });
    expect(terminal.shown()).not.toContain('s3cret');
    expect(terminal.shown()).toContain('ada');
    expect(process.env).not.toHaveProperty('MCP_INPUT_KEY');
  });

  test('are asked for once more where the answer is none of the options, and have defaults', async () => {
    write([{ id: 'region', type: 'pickString', description: 'Region', options: ['eu', 'us'], default: 'eu' }, { id: 'mode', description: 'Mode', default: 'safe' }], '${input:region}', '${input:mode}');
    const terminal = terminalOf([['Region (eu, us) [eu]: ', 'mars'], ['Region (eu, us) [eu]: ', 'us'], ['Mode [safe]: ', '']]);
    expect(await environmentFor(file, {}, terminal)).toEqual({ MCP_INPUT_REGION: 'us', MCP_INPUT_MODE: 'safe' });
  });

  test('are not asked for where the environment has them, or where nobody can be asked', async () => {
    write([], '${input:key}');
    expect(await environmentFor(file, { MCP_INPUT_KEY: 'v' }, terminalOf([]))).toEqual({ MCP_INPUT_KEY: 'v' });
    expect(await environmentFor(file, {}, terminalOf([], false))).toEqual({});
  });

  test('of a terminal that ends are a sentence', async () => {
    write([], '${input:key}');
    const terminal = terminalOf([]);
    const asked = environmentFor(file, {}, terminal);
    (terminal.input as PassThrough).end();
    await expect(asked).rejects.toThrow('Nothing was answered.');
  });

  test('show nothing of a file to a terminal that is not text', async () => {
    write([{ id: 'key', description: 'a\u001b[31mred' }], '${input:key}');
    const terminal = terminalOf([['red: ', 'v']]);
    await environmentFor(file, {}, terminal);
    expect(terminal.shown()).not.toContain('\u001b[31m');
  });
});
