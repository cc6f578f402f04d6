import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../bench/child-process';
import { startCloud, type Cloud } from '../../bench/replicas/cloud';
import { leastEnvironment } from './least-environment';

const CONTAINER = join(__dirname, '..', '..', 'dist', 'container', 'index.js');

describe('a container that starts while its services are away', () => {
  let cloud: Cloud;
  let container: ChildProcess;
  let port: number;
  beforeAll(async () => {
    cloud = await startCloud({ policies: ['permit (principal, action, resource);'] });
    cloud.set('secrets', 'away');
    port = await freePort();
    container = spawn(process.execPath, [CONTAINER], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...(await leastEnvironment(port)),
        MCP_SERVERS: '[]',
        MCP_LEAVE_SECONDS: '0',
        ...cloud.environment,
      },
    });
  });
  afterAll(async () => {
    container.kill('SIGKILL');
    await cloud.close();
  });

  const status = (path: string) => fetch(`http://127.0.0.1:${port}${path}`).then((answer) => answer.status, () => 0);

  test('TBL-1 lives, is not ready, says why, serves when they are back, and ends when it is told to', async () => {
    const [line] = (await once(container.stderr!.setEncoding('utf8'), 'data')) as [string];
    expect(JSON.parse(line.split('\n')[0]!)).toMatchObject({ level: 'error', message: expect.any(String) });
    expect([await status('/healthz'), await status('/readyz'), await status('/mcp/files')]).toEqual([200, 503, 503]);
    cloud.set('secrets', 'there');
    while (container.exitCode === null && (await status('/readyz')) !== 200) await pause(50);
    expect(container.exitCode).toBeNull();
    expect(await status('/mcp/files')).toBe(404);
    const ended = once(container, 'exit');
    container.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  });
});
