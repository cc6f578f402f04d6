import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalGateway, type LocalGateway } from '../../lambda/local';
import { openLiveFeed } from '../../lambda/local/live';
import { readConfig } from '../../lambda/local/config/load';
import { call } from './call';

const tiny = { command: process.execPath, args: [join(__dirname, 'fixtures', 'tiny-server.mjs')] };
const TOKEN = 'a-token-of-more-than-24-characters';
const REACHABLE = { listen: '0.0.0.0:0', publicUrl: 'https://mcp.example.com', policies: 'policies', identity: { issuer: 'https://login.example.com' } };

describe('where there is a live page', () => {
  let folder: string;
  let gateway: LocalGateway | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'live-'));
  });
  afterEach(async () => {
    await gateway?.stop();
    gateway = undefined;
    rmSync(folder, { recursive: true });
  });

  const read = (more: object, environment = {}) => readConfig(join(folder, 'mcp.json'), JSON.stringify({ mcpServers: { tiny }, listen: '127.0.0.1:0', ...more }), environment);

  async function start(more: object = {}): Promise<string> {
    gateway = await startLocalGateway(read(more), { write: () => undefined, flush: () => Promise.resolve() });
    return gateway.url;
  }

  test('at / of a gateway that only this machine reaches, without a token; its stream ends with the gateway', async () => {
    const url = await start();
    expect(gateway!.page).toBe(`${url}/`);
    expect(await (await fetch(`${url}/`)).text()).toContain('<title>');
    const events = await fetch(`${url}/live/events`);
    await call(`${url}/mcp/tiny`, undefined, 'tools/list');
    const reader = events.body!.getReader();
    let text = '';
    while (!text.includes('no_token')) text += new TextDecoder().decode((await reader.read()).value);
    const stopped = gateway!.stop();
    for (;;) if ((await reader.read()).done) break;
    await stopped;
  });

  test('with a token where the configuration gives one, from the environment or a file', async () => {
    const url = await start({ page: { token: TOKEN } });
    expect((await fetch(`${url}/`)).status).toBe(401);
    expect((await fetch(`${url}/`, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
    expect(read({ page: { token: '${PAGE_TOKEN}' } }, { PAGE_TOKEN: TOKEN }).page).toEqual({ token: TOKEN });
    writeFileSync(join(folder, 'token'), `${TOKEN}\n`);
    expect(read({ page: { token: { file: 'token' } } }).page).toEqual({ token: TOKEN });
  });

  test('not where the configuration says so', async () => {
    const url = await start({ page: false });
    expect(gateway!.page).toBeUndefined();
    expect((await fetch(`${url}/`)).status).toBe(404);
  });

  test('not where others could reach it, by its address or through a reverse proxy, unless it has a token', () => {
    expect(openLiveFeed(read({}))).toBeDefined();
    expect(openLiveFeed(read({ publicUrl: 'http://127.0.0.1:9000' }))).toBeDefined();
    expect(openLiveFeed(read({ publicUrl: 'https://mcp.example.com' }))).toBeUndefined();
    expect(openLiveFeed(read(REACHABLE))).toBeUndefined();
    expect(openLiveFeed(read({ ...REACHABLE, page: { token: TOKEN } }))).toBeDefined();
    expect(() => read({ ...REACHABLE, page: true })).toThrow('needs a "token" while the gateway listens on 0.0.0.0');
  });

  test('a token that could be guessed, or is not there, is refused and not repeated', () => {
    expect(() => read({ page: { token: 'hunter2' } })).toThrow('expected a token of at least 24 characters');
    expect(() => read({ page: { token: 'hunter2' } })).not.toThrow('hunter2');
    expect(() => read({ page: { token: '${ABSENT}' } })).toThrow('ABSENT');
    expect(() => read({ page: { token: { file: 'absent' } } })).toThrow('cannot read the file');
  });
});
