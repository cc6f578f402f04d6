import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLiveFeed, createLiveSite, type LiveSite, type LiveSiteOptions, type LiveSources } from '../../lambda/live';
import { eventWith } from '../audit/events';

const ORIGIN = 'http://127.0.0.1:8808';
const PAGE = join(__dirname, '..', '..', 'lambda', 'live', 'page');
const TOKEN = 'a-token-of-more-than-24-characters';

describe('the live page', () => {
  const sites: LiveSite[] = [];
  const readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
  let feed = createLiveFeed();
  let listed = 0;
  const sources: LiveSources = {
    servers: [{ name: 'tiny', kind: 'stdio', tools: 2 }],
    registry: { list: async () => ((listed += 1), []), definition: async () => undefined },
    watchesBehaviour: false,
  };

  function site(options: Partial<LiveSiteOptions> = {}): LiveSite {
    const made = createLiveSite({ feed, sources, allowedHosts: ['127.0.0.1:8808'], gatherMs: 1, readMs: 20, ...options });
    sites.push(made);
    return made;
  }

  const get = (of: LiveSite, path: string, headers: Record<string, string> = {}) => of.fetch(new Request(`${ORIGIN}${path}`, { headers: { host: '127.0.0.1:8808', ...headers } }));

  /** What came until `text` did. */
  async function readUntil(response: Response, text: string): Promise<string> {
    const reader = response.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    readers.push(reader);
    let all = '';
    while (!all.includes(text)) {
      const { value, done } = await reader.read();
      if (done) break;
      all += new TextDecoder().decode(value);
    }
    return all;
  }

  beforeEach(() => {
    feed = createLiveFeed({ size: 150 });
    listed = 0;
  });
  afterEach(async () => {
    await Promise.all(readers.splice(0).map((reader) => reader.cancel()));
    await Promise.all(sites.splice(0).map((one) => one.close()));
  });

  test('has a policy that lets nothing in but its own files, and nothing inline', async () => {
    const of = site();
    for (const path of ['/', '/live/style.css', '/live/icon.svg', ...readdirSync(PAGE).filter((name) => name.endsWith('.js')).map((name) => `/live/${name}`)]) {
      expect(of.owns(path)).toBe(true);
      const response = get(of, path);
      expect(response.status).toBe(200);
      const policy = response.headers.get('content-security-policy')!;
      expect(policy).toMatch(/^default-src 'none';/);
      expect(policy).not.toMatch(/unsafe|http|data:|\*/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
    const html = await get(of, '/').text();
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|style=|https?:\/\//);
    for (const name of readdirSync(PAGE).filter((file) => file.endsWith('.js'))) expect(readFileSync(join(PAGE, name), 'utf8')).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
  });

  test('owns its own paths and no other', () => {
    const of = site();
    for (const path of ['/mcp/tiny', '/metrics', '/live', '/live/../page.js', '/live/page.ts', '/approvals']) expect(of.owns(path)).toBe(false);
  });

  test('refuses another Host, so that no name of the web rebinds to it', () => {
    const of = site();
    for (const path of ['/', '/live/events']) {
      expect(get(of, path, { host: 'evil.example.com' }).status).toBe(403);
      expect(get(of, path, { host: '127.0.0.1' }).status).toBe(403);
    }
  });

  test('refuses other sites, but a link to it may be followed', () => {
    const of = site();
    expect(get(of, '/live/events', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }).status).toBe(403);
    expect(get(of, '/live/events', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }).status).toBe(403);
    expect(get(of, '/live/page.js', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }).status).toBe(403);
    expect(get(of, '/live/events', { origin: 'http://evil.example.com' }).status).toBe(403);
    expect(get(of, '/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }).status).toBe(200);
  });

  test('with a token, shows nothing without it', () => {
    const of = site({ token: TOKEN });
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    for (const path of ['/', '/live/page.js', '/live/events']) {
      const refused = get(of, path);
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toMatch(/^Basic /);
      for (const authorization of [basic('me:wrong'), basic(''), 'Bearer wrong', `Bearer ${TOKEN}x`, `Digest ${TOKEN}`, basic(`${TOKEN}:`)]) expect(get(of, path, { authorization }).status).toBe(401);
    }
    expect(get(of, '/', { authorization: basic(`anybody:${TOKEN}`) }).status).toBe(200);
    expect(get(of, '/', { authorization: `Bearer ${TOKEN}` }).status).toBe(200);
  });

  test('sends what happened, then what happens, and each part of the page once until it changes', async () => {
    const of = site();
    feed.sink.write(eventWith({ requestId: 'before' }));
    const response = get(of, '/live/events');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = readUntil(response, 'event: tools');
    const first = await reader;
    expect(first).toContain('event: start');
    expect(first).toContain('"requestId":"before"');
    feed.sink.write(eventWith({ requestId: 'after' }));
    let later = '';
    while (!later.includes('"requestId":"after"')) later += new TextDecoder().decode((await readers[0]!.read()).value);
    expect(later).toContain(`id: ${feed.epoch}-2\n`);
    expect(later).not.toContain('event: tools');
  });

  test('goes on after Last-Event-ID, says how much was too much, and starts over for an id of another process', async () => {
    const of = site();
    for (let i = 1; i <= 120; i += 1) feed.sink.write(eventWith({ requestId: `r${i}.` }));
    const resumed = await readUntil(get(of, '/live/events', { 'last-event-id': `${feed.epoch}-118` }), `id: ${feed.epoch}-120`);
    expect(resumed).not.toContain('event: start');
    expect(resumed.match(/^id: /gm)).toHaveLength(2);
    const behind = await readUntil(get(of, '/live/events', { 'last-event-id': `${feed.epoch}-5` }), `id: ${feed.epoch}-120`);
    expect(behind).toContain('event: gap\ndata: 15\n');
    for (const id of ['0123456789ab-118', `${feed.epoch}-9999`, 'nonsense', `${feed.epoch}-118; x`]) {
      const over = await readUntil(get(of, '/live/events', { 'last-event-id': id }), `id: ${feed.epoch}-120`);
      expect(over).toContain('event: start');
      expect(over.match(/^id: /gm)).toHaveLength(100);
    }
  });

  test('reads nothing while nobody watches, and lets no more watch than it can bear', async () => {
    const of = site({ maxWatchers: 2 });
    for (let i = 0; i < 50; i += 1) feed.sink.write(eventWith({}));
    expect(listed).toBe(0);
    const [one, two, three] = [get(of, '/live/events'), get(of, '/live/events'), get(of, '/live/events')];
    expect([one.status, two.status, three.status]).toEqual([200, 200, 503]);
    await readUntil(one, 'event: tools');
    await readers[0]!.cancel();
    expect(get(of, '/live/events').status).toBe(200);
  });

  test('a part that cannot be read says so, and the rest goes on', async () => {
    const of = site({ sources: { ...sources, registry: { list: () => Promise.reject(new Error('secret path')), definition: async () => undefined } } });
    const text = await readUntil(get(of, '/live/events'), 'event: tools\ndata: {"absent":"unreadable"}');
    expect(text).not.toContain('secret path');
    expect(text).toContain('event: grants\ndata: {"absent":"not_configured"}');
    expect(text).toContain('event: servers');
  });

  test('ends its streams when the gateway stops', async () => {
    const of = site();
    const text = readUntil(get(of, '/live/events'), 'never');
    await of.close();
    await text;
    expect(get(of, '/live/events').status).toBe(503);
  });

  test('says of each server whether it answers', async () => {
    const of = site({ sources: { ...sources, servers: [{ name: 'good', kind: 'http', tools: 1 }, { name: 'bad', kind: 'http', tools: 1 }, { name: 'new', kind: 'stdio', tools: 1 }, { name: 'gone', kind: 'http', tools: undefined }] } });
    feed.sink.write(eventWith({ server: 'good', decision: 'allow', reason: undefined, upstreamStatus: 200, durationMs: 4 }));
    feed.sink.write(eventWith({ server: 'bad', decision: 'allow', reason: undefined, upstreamStatus: 200 }));
    feed.sink.write(eventWith({ server: 'bad', decision: 'error', reason: 'upstream_timeout', upstreamStatus: 'failed' }));
    feed.sink.write(eventWith({ server: 'good', decision: 'deny', reason: 'forbidden', upstreamStatus: undefined }));
    const text = await readUntil(get(of, '/live/events'), 'event: tools');
    const servers = JSON.parse(/^event: servers\ndata: (.*)$/m.exec(text)![1]!);
    expect(servers).toMatchObject([
      { name: 'good', state: 'answers', requests: 2, refused: 1, p50: 4 },
      { name: 'bad', state: 'fails', lastProblem: 'upstream_timeout', failed: 1 },
      { name: 'new', state: 'idle' },
      { name: 'gone', state: 'unreached' },
    ]);
  });
});
