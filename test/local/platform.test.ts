import { adviseOnPlatform } from '../../lambda/local/platform';

const stdio = { upstream: { kind: 'stdio', command: 'npx', args: [], env: {} } } as const;
const http = { upstream: { kind: 'http', url: 'https://files.example.com/mcp', headers: {} } } as const;

test('says that Windows is untested, and what is not ended there, where a server is a child process', () => {
  expect(adviseOnPlatform('win32', [http, stdio])).toEqual([expect.stringMatching(/not tested on Windows.*not where the gateway is killed/)]);
  expect(adviseOnPlatform('win32', [http])).toEqual([]);
  expect(adviseOnPlatform('linux', [stdio])).toEqual([]);
  expect(adviseOnPlatform('darwin', [stdio])).toEqual([]);
});
