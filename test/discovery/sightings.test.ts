import { createDetectorScan, knownSightings, observeAll, registryOf, rescanAll, sightingsOf } from '../../lambda/discovery';
import { MAX_SUBJECT_ID_BYTES, MAX_SUBJECTS_OF_SERVER } from '../../lambda/integrity';
import { openMemoryTable, type LocalTable } from '../../lambda/stores/local-table';
import { createInstance, createSigner, toolNamed } from '../integrity/fixtures';

const tools = (...names: readonly string[]) => names.map((name) => toolNamed(name) as never);

describe('what servers offer', () => {
  test('is their instructions and their tools, each by its server', () => {
    const sightings = sightingsOf('files', { ok: true, tools: tools('read', 'list'), instructions: 'Be kind.' });
    expect(sightings.map(({ subject }) => subject)).toEqual([{ server: 'files' }, { server: 'files', tool: 'read' }, { server: 'files', tool: 'list' }]);
    expect(registryOf([...sightings, ...sightingsOf('mail', { ok: true, tools: tools('send') })])).toEqual({
      servers: [{ name: 'files', tools: tools('read', 'list'), instructions: 'Be kind.' }, { name: 'mail', tools: tools('send') }],
    });
  });

  test('is nothing where they cannot be asked, and leaves out names that are too long to be noted', () => {
    expect(sightingsOf('files', { ok: false, reason: 'It does not answer.' })).toEqual([]);
    expect(sightingsOf('files', { ok: true, tools: tools('x'.repeat(MAX_SUBJECT_ID_BYTES), 'read') }).map(({ subject }) => subject.tool)).toEqual(['read']);
  });

  test('SC-1 is judged beside what others offer', async () => {
    let offered = registryOf([]);
    const scan = createDetectorScan(() => offered);
    const rulesOf = async () => (await scan({ server: 'other', tool: 'read_message' }, toolNamed('read_message'))).findings.map(({ ruleId }) => ruleId);
    expect(await rulesOf()).toEqual([]);
    offered = registryOf([...sightingsOf('mail', { ok: true, tools: tools('read_message') }), ...sightingsOf('other', { ok: true, tools: tools('read_message') })]);
    expect(await rulesOf()).toContain('TP-911');
    expect((await scan({ server: 'other' }, 'Be kind.')).verdict).toBe('approve');
  });
});

describe('a registry that notes what servers offer', () => {
  let table: LocalTable;
  beforeEach(async () => {
    table = await openMemoryTable();
  });
  afterEach(() => table.close());

  test('knows everything but what was revoked, in whatever number', async () => {
    const { registry } = createInstance(table.store, { signer: createSigner() });
    const sightings = sightingsOf('files', { ok: true, tools: tools(...Array.from({ length: 20 }, (_, index) => `tool_${String(index).padStart(2, '0')}`)) });
    expect((await observeAll(registry, sightings, 'test')).map(({ id }) => id)).toEqual(sightings.map(({ subject }) => `files/${subject.tool}`));
    await registry.revoke('files/tool_03', { by: 'alice', why: 'no' });
    expect((await knownSightings(registry)).map(({ subject }) => subject.tool)).toEqual(sightings.map(({ subject }) => subject.tool).filter((name) => name !== 'tool_03'));
    expect((await rescanAll(registry, 'schedule')).every(({ record }) => record.steps.at(-1)?.by !== 'schedule')).toBe(true);
  });

  test('TBL-1 of a server that invents names without end, notes what is known already and no more names than so many', async () => {
    const { registry } = createInstance(table.store, { signer: createSigner() });
    const [known] = await observeAll(registry, sightingsOf('files', { ok: true, tools: tools('read') }), 'test');
    const list = async () => Array.from({ length: MAX_SUBJECTS_OF_SERVER }, (_, index) => (index === 0 ? known! : { ...known!, id: `files/invented_${index}` }));
    const sightings = [...sightingsOf('files', { ok: true, tools: tools('read', 'one_more') }), ...sightingsOf('mail', { ok: true, tools: tools('send') })];
    expect((await observeAll({ ...registry, list }, sightings, 'test')).map(({ id }) => id)).toEqual(['files/read', 'mail/send']);
    expect(sightingsOf('files', { ok: true, tools: tools(...Array.from({ length: MAX_SUBJECTS_OF_SERVER + 1 }, (_, index) => `t${index}`)) })).toHaveLength(MAX_SUBJECTS_OF_SERVER);
  });
});
