import { dirname, join } from 'node:path';
import { detect } from '../../lambda/detection';
import { probeServers, type Probe } from '../../lambda/local';

const installed = (name: string) => join(dirname(require.resolve(`${name}/package.json`)), 'dist', 'index.js');

describe('tools of real servers', () => {
  let probe: Probe;

  beforeAll(async () => {
    const server = (name: string, ...args: readonly string[]) => ({
      name,
      upstream: { kind: 'stdio', command: process.execPath, args: [installed(`@modelcontextprotocol/server-${name}`), ...args], env: {} } as const,
    });
    probe = await probeServers([server('everything'), server('filesystem', __dirname), server('memory')]);
  }, 60_000);
  afterAll(() => probe.close());

  test('are all approved, in one registry', () => {
    const servers = [...probe.results].map(([name, result]) => ({ name, tools: result.ok ? result.tools : [] }));
    expect(servers.map(({ tools }) => tools.length).every((count) => count > 5)).toBe(true);
    const answers = servers.flatMap(({ name, tools }) => tools.map((tool) => [tool.name, detect(tool, { server: name, registry: { servers } }).verdict]));
    expect(answers.filter(([, verdict]) => verdict !== 'approve')).toEqual([]);
  });
});
