import { MetaKey } from '../../../lambda/protocol';
import { PIXEL_PNG, SILENCE_WAV } from '../../fixtures/conformance-server/samples';
import { startHarness, type Harness } from '../harness';
import { CLIENTS, connect, type ClientName, type TestClient } from './clients';
import { UPSTREAMS, startUpstreams, type UpstreamName, type Upstreams } from './upstreams';

let upstreams: Upstreams;
let harness: Harness;
beforeAll(async () => {
  upstreams = await startUpstreams();
  harness = startHarness(upstreams.servers, { httpSse: true });
}, 60_000);
afterAll(async () => {
  await harness.close();
  await upstreams.close();
});

const pairs = CLIENTS.flatMap((client) => UPSTREAMS.map((upstream): [ClientName, UpstreamName] => [client, upstream]));
const textOf = (result: any): string => result.content[0].text;

describe.each(pairs)('client %s, server %s', (name, upstream) => {
  let me: TestClient;
  beforeAll(async () => {
    me = await connect(name, harness, upstream);
  }, 30_000);
  afterAll(() => me.close());

  it('agrees on a revision and shows the server and its capabilities', () => {
    const { client } = me;
    expect(client.getServerVersion()).toMatchObject({ name: 'conformance-server' });
    expect(client.getInstructions()).toBe('Every tool of this server exists to be tested.');
    expect(client.getServerCapabilities()).toMatchObject({ tools: { listChanged: true }, prompts: {}, resources: { subscribe: true }, completions: {} });
  });

  it('lists and calls tools with every kind of content', async () => {
    const { tools } = await me.client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(expect.arrayContaining(['test_simple_text', 'json_schema_2020_12_tool']));
    expect(tools.find((tool) => tool.name === 'json_schema_2020_12_tool')?.inputSchema).toMatchObject({ $defs: { address: { $anchor: 'addressDef' } }, additionalProperties: false });
    expect(textOf(await me.call('test_simple_text'))).toBe('This is a simple text response for testing.');
    expect((await me.call('test_image_content')).content).toEqual([{ type: 'image', data: PIXEL_PNG, mimeType: 'image/png' }]);
    expect((await me.call('test_audio_content')).content).toEqual([{ type: 'audio', data: SILENCE_WAV, mimeType: 'audio/wav' }]);
    expect((await me.call('test_embedded_resource')).content).toMatchObject([{ type: 'resource', resource: { uri: 'test://embedded-resource' } }]);
    expect((await me.call('test_multiple_content_types')).content).toHaveLength(3);
    expect(await me.call('test_error_handling')).toMatchObject({ isError: true });
    expect(textOf(await me.call('json_schema_2020_12_tool', { name: 'Ada', phone: '1', contactMethod: 'phone' }))).toContain('"name":"Ada"');
    expect(textOf(await me.call('test_x_mcp_header', { region: 'Zürich', level: 3 }))).toBe('Region: Zürich');
  });

  it('hears of the progress of its own call', async () => {
    const seen: number[] = [];
    await me.call('test_tool_with_progress', {}, { onprogress: ({ progress }) => seen.push(progress) });
    expect(seen).toEqual([0, 50, 100]);
  });

  it('gets log messages from the level that it asked for', async () => {
    const before = me.heard.length;
    const meta = me.isModern ? { [MetaKey.LOG_LEVEL]: 'info' } : undefined;
    if (!me.isModern) await me.client.setLoggingLevel('info');
    await me.call('test_tool_with_logging', {}, { meta });
    const messages = me.heard.slice(before).filter(({ method }) => method === 'notifications/message');
    expect(messages.map(({ params }) => params.data)).toEqual(['Tool execution started', 'Tool processing data', 'Tool execution completed']);
  });

  it('reads resources, texts and binaries, by template too', async () => {
    const { client } = me;
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toContain('test://static-text');
    expect((await client.listResourceTemplates()).resourceTemplates).toMatchObject([{ uriTemplate: 'test://template/{id}/data' }]);
    expect((await client.readResource({ uri: 'test://static-text' })).contents).toMatchObject([{ text: 'This is the content of the static text resource.' }]);
    expect((await client.readResource({ uri: 'test://static-binary' })).contents).toMatchObject([{ blob: PIXEL_PNG }]);
    expect((await client.readResource({ uri: 'test://template/7/data' })).contents).toMatchObject([{ text: expect.stringContaining('Data for ID: 7') }]);
    await expect(client.readResource({ uri: 'test://no-such' })).rejects.toMatchObject({ code: me.isModern ? -32602 : expect.any(Number) });
  });

  it('gets prompts, and completions of their arguments', async () => {
    const { client } = me;
    expect((await client.listPrompts()).prompts.map((prompt) => prompt.name)).toContain('test_prompt_with_image');
    expect((await client.getPrompt({ name: 'test_prompt_with_arguments', arguments: { arg1: 'a', arg2: 'b' } })).messages).toMatchObject([{ content: { text: "Prompt with arguments: arg1='a', arg2='b'" } }]);
    expect((await client.getPrompt({ name: 'test_prompt_with_image' })).messages[0]).toMatchObject({ content: { type: 'image', data: PIXEL_PNG } });
    const { completion } = await client.complete({ ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' }, argument: { name: 'arg1', value: 'par' } });
    expect(completion.values).toEqual(['paris', 'park', 'party']);
  });

  it('is asked by the server for a sample, a form, and its roots', async () => {
    expect(textOf(await me.call('test_sampling', { prompt: 'Who?' }))).toBe('LLM response: an answer');
    expect(textOf(await me.call('test_elicitation', { message: 'Who?' }))).toBe('Elicitation completed: action=accept, content={"username":"my username","email":"my email"}');
    expect(textOf(await me.call('test_input_required_result_list_roots'))).toBe('Roots: file:///work');
    expect(me.asked.map(({ method }) => method)).toEqual(['sampling/createMessage', 'elicitation/create', 'roots/list']);
  });

  it('is asked several things, in several rounds', async () => {
    expect(textOf(await me.call('test_input_required_result_multiple_inputs'))).toBe('an answer my name: 1 roots');
    expect(textOf(await me.call('test_input_required_result_multi_round'))).toBe('my name likes my color');
    expect((await me.client.getPrompt({ name: 'test_input_required_result_prompt' })).messages).toMatchObject([{ content: { text: 'Answer in this context: my context' } }]);
  });

  it('hears of changes of the resource that it watches, and of lists', async () => {
    await me.watch('test://watched-resource');
    await me.call('test_trigger_resource_update');
    await me.call('test_trigger_tool_change');
    await me.call('test_trigger_prompt_change');
    expect(await me.hears('notifications/resources/updated')).toMatchObject({ uri: 'test://watched-resource' });
    await me.hears('notifications/tools/list_changed');
    await me.hears('notifications/prompts/list_changed');
  });

  it('serves many calls at once', async () => {
    // A client that is told of a missing header by all of them looks the header up for each, and forgets it for the others meanwhile.
    await me.client.listTools();
    const levels = Array.from({ length: 20 }, (_, index) => index);
    const answers = await Promise.all(levels.map((level) => me.call('test_x_mcp_header', { region: `r${level}`, level })));
    expect(answers.map(textOf)).toEqual(levels.map((level) => `Region: r${level}`));
  });
});
