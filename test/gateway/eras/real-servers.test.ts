import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MetaKey } from '../../../lambda/protocol';
import { freePort } from '../../free-port';
import { startHarness, type Harness } from '../harness';
import { CLIENTS, connect, type TestClient } from './clients';
import { ALL, installed } from './upstreams';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mzt-real-')));
const program = (name: string) => join(__dirname, '..', '..', '..', 'node_modules', '@modelcontextprotocol', name, 'dist', 'index.js');
let harness: Harness;
let sse: ChildProcess;
beforeAll(async () => {
  const port = await freePort();
  sse = spawn(process.execPath, [program('server-everything'), 'sse'], { env: { PORT: String(port) }, stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise<void>((resolve) => sse.stderr?.on('data', (text) => String(text).includes('running on port') && resolve()));
  writeFileSync(join(folder, 'note.txt'), 'a note');
  harness = startHarness([
    { ...installed('everything', '@modelcontextprotocol/server-everything/dist/index.js', 'stdio'), clientCapabilities: ALL },
    { name: 'everything-sse', upstream: { kind: 'sse', url: `http://127.0.0.1:${port}/sse`, headers: {} }, clientCapabilities: ALL },
    installed('filesystem', '@modelcontextprotocol/server-filesystem/dist/index.js', folder),
    { ...installed('memory', '@modelcontextprotocol/server-memory/dist/index.js'), upstream: { ...installed('memory', '@modelcontextprotocol/server-memory/dist/index.js').upstream, env: { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') } } as never },
  ], { httpSse: true });
}, 30_000);
afterAll(async () => {
  await harness.close();
  sse.kill();
  await once(sse, 'exit');
  rmSync(folder, { recursive: true });
});

const textOf = (result: any): string => result.content[0].text;

describe.each(CLIENTS)('client %s', (name) => {
  const clients: TestClient[] = [];
  const client = async (server: string, capabilities?: object) => {
    const connected = await connect(name, harness, server, 'alice', capabilities);
    clients.push(connected);
    return connected;
  };
  afterAll(() => Promise.all(clients.map((one) => one.close())));

  it('reads and writes files', async () => {
    const me = await client('filesystem');
    expect((await me.client.listTools()).tools.map((tool) => tool.name)).toEqual(expect.arrayContaining(['read_text_file', 'write_file', 'list_directory']));
    const read = await me.call('read_text_file', { path: join(folder, 'note.txt') });
    expect(read).toMatchObject({ content: [{ text: 'a note' }], structuredContent: { content: 'a note' } });
    expect(await me.call('read_text_file', { path: '/etc/passwd' })).toMatchObject({ isError: true });
  });

  it('MUL-6 cannot widen the directories of a server by declaring roots of its own', async () => {
    const me = await client('filesystem');
    expect(await me.call('list_allowed_directories', {})).toMatchObject({ content: [{ text: expect.stringContaining(folder) }] });
    expect(await me.call('read_text_file', { path: '/work' })).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('Access denied') }] });
  });

  it('remembers in a knowledge graph', async () => {
    const me = await client('memory');
    const entities = [{ name: `E-${name}`, entityType: 'test', observations: ['seen'] }];
    await me.call('create_entities', { entities });
    expect((await me.call('open_nodes', { names: [`E-${name}`] })).structuredContent.entities).toEqual(entities);
  });

  it.each(['everything', 'everything-sse'])('uses all that the %s server offers', async (server) => {
    const me = await client(server);
    expect(textOf(await me.call('echo', { message: 'hi' }))).toBe('Echo: hi');
    expect((await me.call('get-structured-content', { location: 'New York' })).structuredContent).toMatchObject({ temperature: expect.any(Number) });
    expect((await me.call('get-tiny-image')).content).toContainEqual(expect.objectContaining({ type: 'image', mimeType: 'image/png' }));
    expect((await me.call('get-resource-links', { count: 2 })).content.filter(({ type }: any) => type === 'resource_link')).toHaveLength(2);
    expect((await me.call('get-resource-reference', { resourceType: 'Text', resourceId: 1 })).content).toContainEqual(expect.objectContaining({ type: 'resource' }));
    const progress: number[] = [];
    await me.call('trigger-long-running-operation', { duration: 0.2, steps: 4 }, { onprogress: (one) => progress.push(one.progress) });
    expect(progress).toEqual([1, 2, 3, 4]);
    expect(JSON.stringify(await me.call('trigger-sampling-request', { prompt: 'Who?', maxTokens: 10 }))).toContain('an answer');
    expect(JSON.stringify(await me.call('trigger-elicitation-request'))).toContain('User provided the requested information');
  });

  it('is sent to a URL, by a question and by an error', async () => {
    const me = await client('everything');
    const url = `https://example.com/${encodeURIComponent(name)}`;
    expect(textOf(await me.call('trigger-url-elicitation', { url }))).toContain('User completed the URL elicitation flow');
    expect(me.asked.at(-1)).toMatchObject({ method: 'elicitation/create', params: { mode: 'url', url } });
    const failing = me.call('trigger-url-elicitation', { url, errorPath: true });
    if (me.isModern) expect(textOf(await failing)).toContain('User completed');
    else await expect(failing).rejects.toMatchObject({ code: -32042 });
  });

  it('reads its pages of resources, templates and prompts, and completes arguments', async () => {
    const { client: sdk } = await client('everything');
    const { resources } = await sdk.listResources();
    expect(resources.length).toBeGreaterThan(3);
    expect((await sdk.readResource({ uri: resources[0]?.uri ?? '' })).contents).toHaveLength(1);
    const blob = await sdk.readResource({ uri: 'demo://resource/dynamic/blob/1' });
    expect(blob.contents[0]).toMatchObject({ blob: expect.any(String) });
    expect((await sdk.listResourceTemplates()).resourceTemplates.length).toBeGreaterThan(1);
    expect((await sdk.listPrompts()).prompts.map((prompt) => prompt.name)).toContain('simple-prompt');
    expect((await sdk.getPrompt({ name: 'args-prompt', arguments: { city: 'Oslo' } })).messages[0]).toMatchObject({ content: { text: expect.stringContaining('Oslo') } });
    const { completion } = await sdk.complete({ ref: { type: 'ref/prompt', name: 'completable-prompt' }, argument: { name: 'department', value: 'E' } });
    expect(completion.values).toEqual(['Engineering']);
  });

  it('hears of updates and log messages', async () => {
    const me = await client('everything');
    const uri = 'demo://resource/dynamic/text/1';
    await me.watch(uri);
    await me.call('toggle-subscriber-updates');
    expect(await me.hears('notifications/resources/updated')).toMatchObject({ uri });
    await me.call('toggle-subscriber-updates');
    if (me.isModern) return;
    await me.client.setLoggingLevel('debug');
    await me.call('toggle-simulated-logging');
    await me.hears('notifications/message');
    await me.call('toggle-simulated-logging');
  });

  it('tells the server its roots', async () => {
    const me = await client('everything');
    const meta = me.isModern ? { [MetaKey.LOG_LEVEL]: 'info' } : undefined;
    const roots = () => me.call('get-roots-list', {}, { meta }).then(textOf);
    if (me.isModern) expect(await roots()).toEqual(expect.any(String));
    else expect(await roots()).toContain('file:///work');
  });
});

describe('a server over HTTP+SSE of MCP 2024-11-05', () => {
  it('MUL-6 has a connection of its own for each principal, and is asked again after one that ended', async () => {
    const [alice, bob] = await Promise.all(['alice', 'bob'].map((principal) => connect('v2 (modern)', harness, 'everything-sse', principal)));
    const progress: number[] = [];
    const long = alice!.call('trigger-long-running-operation', { duration: 0.2, steps: 2 }, { onprogress: (one) => progress.push(one.progress) });
    expect(textOf(await bob!.call('echo', { message: 'bob' }))).toBe('Echo: bob');
    await long;
    expect(progress).toEqual([1, 2]);
    expect(bob!.heard).toEqual([]);
    await Promise.all([alice!.close(), bob!.close()]);
  });
});
