import { adviseOnPlatform } from '../../lambda/local/platform';

const stdio = { upstream: { kind: 'stdio', command: 'npx', args: [], env: {} } } as const;
const http = { upstream: { kind: 'http', url: 'https://files.example.com/mcp', headers: {} } } as const;

test('says what is not ended on Windows, where a server is a child process', () => {
  expect(adviseOnPlatform('win32', [http, stdio])).toEqual([expect.stringContaining('no process groups')]);
  expect(adviseOnPlatform('win32', [http])).toEqual([]);
  expect(adviseOnPlatform('linux', [stdio])).toEqual([]);
  expect(adviseOnPlatform('darwin', [stdio])).toEqual([]);
});
