import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { inputsNeededBy } from '../../../lambda/local';
import { readConfig } from '../../../lambda/local/config/load';

const upstreamOf = (server: object, environment: Record<string, string> = {}, more: object = {}) =>
  readConfig('/srv/shop/.vscode/mcp.json', JSON.stringify({ servers: { a: server }, ...more }), environment).servers[0]?.upstream;

describe('references in a file of an MCP client', () => {
  test('of VS Code and Cursor: the environment, and folders that the editor knows', () => {
    const args = ['${env:KEY}', '${userHome}', '${workspaceFolder}', '${workspaceFolderBasename}', '${cwd}', 'a${pathSeparator}b${/}c'];
    expect(upstreamOf({ command: 'x', args }, { KEY: 'v' })).toMatchObject({ args: ['v', homedir(), '/srv/shop', 'shop', '/srv/shop', `a${sep}b${sep}c`] });
  });

  test('of Claude Code: variables with what stands for them where they are not set', () => {
    const given = { url: '${BASE:-https://mcp.example.com}/mcp', headers: { Authorization: 'Bearer ${KEY}', 'X-Mode': '${MODE:-}' } };
    expect(upstreamOf(given, { KEY: 'v' })).toMatchObject({ url: 'https://mcp.example.com/mcp', headers: { Authorization: 'Bearer v', 'X-Mode': '' } });
    expect(upstreamOf(given, { KEY: 'v', BASE: 'https://other.example.com' })).toMatchObject({ url: 'https://other.example.com/mcp' });
  });

  test('a variable of the name of a folder is the variable, where it is asked for as one', () => {
    expect(upstreamOf({ command: 'x', args: ['${env:cwd}', '${cwd}'] }, { cwd: 'of the environment' })).toMatchObject({ args: ['of the environment', '/srv/shop'] });
  });

  test('inputs of VS Code: their answers in the environment, or their defaults', () => {
    const inputs = [{ type: 'promptString', id: 'api-key', description: 'Key', password: true }, { type: 'pickString', id: 'region', options: ['eu', 'us'], default: 'eu' }];
    const given = { url: 'https://mcp.example.com', headers: { 'X-Key': '${input:api-key}', 'X-Region': '${input:region}' } };
    expect(upstreamOf(given, { MCP_INPUT_API_KEY: 'v' }, { inputs })).toMatchObject({ headers: { 'X-Key': 'v', 'X-Region': 'eu' } });
    expect(upstreamOf(given, { MCP_INPUT_API_KEY: 'v', MCP_INPUT_REGION: 'us' }, { inputs })).toMatchObject({ headers: { 'X-Region': 'us' } });
    expect(() => upstreamOf(given, {}, { inputs })).toThrow('/servers/a/headers/X-Key: the input "api-key" has no answer, expected it in the environment as MCP_INPUT_API_KEY');
  });
});

describe('inputs that have no answer', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'inputs-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const neededBy = (text: string, environment: Record<string, string> = {}) => {
    writeFileSync(join(folder, 'mcp.json'), text);
    return inputsNeededBy(join(folder, 'mcp.json'), environment);
  };

  test('are those that servers refer to which are on, each once', () => {
    const file = {
      inputs: [{ id: 'key', description: 'Key of the shop', password: true }, { id: 'unused' }],
      servers: { a: { command: 'x', args: ['${input:key}'], env: { KEY: '${input:key}', OTHER: '${input:other}' } }, off: { command: 'x', args: ['${input:off}'], disabled: true } },
    };
    expect(neededBy(JSON.stringify(file))).toEqual([
      { id: 'key', description: 'Key of the shop', password: true, variable: 'MCP_INPUT_KEY' },
      { id: 'other', password: true, variable: 'MCP_INPUT_OTHER' },
    ]);
    expect(neededBy(JSON.stringify(file), { MCP_INPUT_KEY: 'v', MCP_INPUT_OTHER: '' })).toEqual([]);
  });

  test('are none of a file that is no configuration: why it is none is said later', () => {
    expect(neededBy('{"servers": {"a": {"comand": "${input:key}"}}}')).toEqual([]);
    expect(neededBy('no JSON: [')).toEqual([]);
    expect(inputsNeededBy(join(folder, 'missing.json'), {})).toEqual([]);
  });
});
