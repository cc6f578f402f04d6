import { verifyRegistry } from '../../lambda/integrity';
import { openMemoryTable, type LocalTable } from '../../lambda/stores/local-table';
import { approved, createInstance, createSigner, READ, toolNamed, type Instance } from './fixtures';

describe('SC-2 the check of a whole registry', () => {
  let table: LocalTable;
  let it: Instance;
  beforeEach(async () => {
    table = await openMemoryTable();
    it = createInstance(table.store, { signer: createSigner() });
    await approved(it, READ, toolNamed('read'));
    await approved(it, { server: 'files', tool: 'stat' }, toolNamed('stat', 'Says how large a file is.'));
  });
  afterEach(() => table.close());

  const verify = (now = Date.now()) => verifyRegistry({ registry: it.registry, log: it.log, now });

  test('finds nothing where nothing is wrong', async () => {
    expect(await verify()).toEqual({ approved: 2, expired: [], problems: [] });
  });

  test('names approvals that are too old (TV-4, SOC-4)', async () => {
    expect(await verify(Date.now() + 91 * 86_400_000)).toMatchObject({ expired: ['files/read', 'files/stat'], problems: [] });
  });

  test('HOST-2 names a definition that was tampered with, and one that is gone', async () => {
    const { pin } = (await it.registry.find('files/read'))!.record;
    await table.store.put('definitions', pin, { definition: toolNamed('read', 'evil') }, 1);
    expect((await verify()).problems).toEqual([expect.stringMatching(/^files\/read: the stored definition with the pin .* has another one$/)]);
  });

  test('HOST-2 names records that call approved what the log does not', async () => {
    const { record, revision } = (await it.registry.find('files/read'))!;
    await table.store.put('tools', 'files/other', record as never, 0);
    await table.store.put('tools', 'files/read', { ...record, approval: { ...record.approval!, revision: 9 } } as never, revision);
    await it.registry.quarantine('files/stat', { by: 'bob', why: 'looks wrong' });
    const stat = (await it.registry.find('files/stat'))!;
    await table.store.put('tools', 'files/stat', { ...stat.record, state: 'approved' } as never, stat.revision);
    expect((await verify()).problems).toEqual([
      'files/other: its record says approved, and the log has no approval of it',
      'files/read: its record tells of another approval than the log',
      'files/stat: its record says approved, and the log says withdrawn',
    ]);
  });
});
