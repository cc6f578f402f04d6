import { request as httpsRequest } from 'node:https';
import { request as httpRequest, Agent, type IncomingMessage } from 'node:http';
import { ephemeralCertificate } from '../../lambda/container/ephemeral-certificate';
import { startContainerServer, type ContainerServer, type ContainerServerOptions, type ServedGateway } from '../../lambda/container/server';

const servers: ContainerServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.drain()));
});

async function started(options: Partial<ContainerServerOptions> = {}): Promise<ContainerServer> {
  const server = await startContainerServer({ port: 0, proxies: 0, leaveMs: 0, drainMs: 1_000, onError: () => {}, ...options });
  servers.push(server);
  return server;
}

const gateway = (fetch: ServedGateway['fetch'], rest: Partial<ServedGateway> = {}): ServedGateway => ({ fetch, close: () => Promise.resolve(), ...rest });
const get = (server: ContainerServer, path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init);

test('lives from the start, and is ready once there is a gateway', async () => {
  const server = await started();
  expect((await get(server, '/healthz')).status).toBe(200);
  expect((await get(server, '/readyz')).status).toBe(503);
  const early = await get(server, '/mcp/files', { method: 'POST', body: '{}' });
  expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
  server.serve(gateway(() => Promise.resolve(new Response('served'))));
  expect((await get(server, '/readyz')).status).toBe(200);
  expect(await (await get(server, '/mcp/files', { method: 'POST', body: '{}' })).text()).toBe('served');
});

test('GW-3 the gateway is told the address of the client that the load balancer saw', async () => {
  const server = await started({ proxies: 1 });
  server.serve(gateway((_, { address }) => Promise.resolve(new Response(address))));
  expect(await (await get(server, '/', { headers: { 'x-forwarded-for': '198.51.100.1, 203.0.113.7' } })).text()).toBe('203.0.113.7');
});

test('NET-4 speaks TLS with a certificate of its own making, and nothing else', async () => {
  const server = await started({ certificate: ephemeralCertificate('gateway', Date.now()) });
  server.serve(gateway(() => Promise.resolve(new Response('served'))));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpsRequest({ port: server.port, path: '/mcp/files', rejectUnauthorized: false }, resolve).once('error', reject).end();
  });
  expect(response.statusCode).toBe(200);
  response.resume();
  await expect(get(server, '/healthz')).rejects.toThrow();
});

describe('while it ends', () => {
  test('is not ready, still serves, and lets no connection live on', async () => {
    const server = await started({ leaveMs: 300 });
    server.serve(gateway(() => Promise.resolve(new Response('served'))));
    const ended = server.drain();
    expect((await get(server, '/readyz')).status).toBe(503);
    const response = await get(server, '/mcp/files', { method: 'POST', body: '{}' });
    expect([await response.text(), response.headers.get('connection')]).toEqual(['served', 'close']);
    await ended;
    await expect(get(server, '/healthz')).rejects.toThrow();
  });

  test('a request that is open gets its answer, also on a connection that would live on', async () => {
    const server = await started();
    let finish = (_: Response) => {};
    const arrived = new Promise<void>((resolve) => {
      server.serve(gateway(() => new Promise((answer) => {
        finish = answer;
        resolve();
      })));
    });
    const agent = new Agent({ keepAlive: true });
    const answer = new Promise<string>((resolve, reject) => {
      httpRequest({ port: server.port, path: '/mcp/files', agent }, (response) => response.setEncoding('utf8').once('data', resolve)).once('error', reject).end();
    });
    await arrived;
    const ended = server.drain();
    finish(new Response('in time'));
    expect(await answer).toBe('in time');
    await ended;
    agent.destroy();
  });

  test('a stream that never ends by itself is ended by the gateway, when the time is over', async () => {
    const server = await started({ drainMs: 50 });
    let end = () => {};
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from('event\n'));
        end = () => controller.close();
      },
    });
    const closed: string[] = [];
    server.serve(gateway(() => Promise.resolve(new Response(stream)), {
      close: () => {
        closed.push('gateway');
        end();
        return Promise.resolve();
      },
    }));
    const response = await get(server, '/mcp/files');
    const ended = server.drain();
    expect(await response.text()).toBe('event\n');
    await ended;
    expect(closed).toEqual(['gateway']);
  });
});

test('what was seen of tools is recorded after each answer, and a failure of that is told and breaks nothing', async () => {
  const errors: unknown[] = [];
  let settled = 0;
  const server = await started({ onError: (error) => errors.push(error) });
  server.serve(gateway(() => Promise.resolve(new Response('served')), {
    settle: () => {
      settled += 1;
      return settled === 1 ? Promise.reject(new Error('the table does not answer')) : Promise.resolve();
    },
  }));
  await (await get(server, '/mcp/files')).text();
  await (await get(server, '/mcp/files')).text();
  await server.drain();
  expect([settled, errors]).toEqual([2, [new Error('the table does not answer')]]);
});

test('a port that is taken is an error, not a container that seems to live', async () => {
  const { port } = await started();
  await expect(startContainerServer({ port, proxies: 0, leaveMs: 0, drainMs: 0, onError: () => {} })).rejects.toThrow('EADDRINUSE');
});
