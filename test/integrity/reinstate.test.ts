import { openMemoryTable, type LocalTable } from '../../lambda/stores/local-table';
import { approved, createInstance, createSigner, offer, READ, toolNamed, type Instance } from './fixtures';

const RESPONSE = 'incident-response';
const STOPPED = { by: RESPONSE, why: 'incident' };
const carol = { by: 'carol', why: 'false positive' };
const TOOL = toolNamed('read');

describe('a quarantine that was a mistake', () => {
  let table: LocalTable;
  const signer = createSigner();
  let now: number;
  const instance = (options: Parameters<typeof createInstance>[1] = {}): Instance => createInstance(table.store, { signer, clock: () => now, ...options });
  const isServed = async ({ view }: Instance) => {
    await view.refresh();
    return view.withholds(offer(READ, TOOL)) === undefined;
  };

  beforeEach(async () => {
    table = await openMemoryTable();
    now = Date.parse('2026-01-01T00:00:00Z');
  });
  afterEach(() => table.close());

  test('IR-2 is taken back by one person, with the approval that stood before and as long as that', async () => {
    const it = instance({ policy: { twoPersons: 'always' } });
    await it.registry.observe(READ, TOOL, 'test');
    await it.registry.approve('files/read', { by: 'alice', why: 'read it' });
    const before = (await it.registry.approve('files/read', { by: 'bob', why: 'read it' })).record.approval!;
    expect(await isServed(it)).toBe(true);
    await it.registry.quarantine('files/read', STOPPED);
    expect(await isServed(it)).toBe(false);
    now += 60_000;
    const { revision, record } = await it.registry.reinstate('files/read', RESPONSE, carol);
    expect(record).toMatchObject({ state: 'approved', approval: { ...before, revision } });
    expect(record.steps).toEqual([expect.objectContaining({ action: 'reinstate', by: 'carol', from: 'quarantined', to: 'approved' })]);
    expect(await isServed(it)).toBe(true);
  });

  test('TV-3 is taken back only where the one who is named brought it', async () => {
    const it = instance();
    await approved(it, READ, TOOL);
    await it.registry.quarantine('files/read', { by: 'alice', why: 'I do not like it' });
    await it.registry.quarantine('files/read', STOPPED);
    await expect(it.registry.reinstate('files/read', RESPONSE, carol)).rejects.toThrow('files/read: it was not incident-response that stopped it');
    expect(await isServed(it)).toBe(false);
  });

  test('TD-4 is not taken back where the definition changed meanwhile', async () => {
    const it = instance();
    await approved(it, READ, TOOL);
    await it.registry.quarantine('files/read', STOPPED);
    await it.registry.observe(READ, toolNamed('read', 'Reads another file.'), 'test');
    await expect(it.registry.reinstate('files/read', RESPONSE, carol)).rejects.toThrow('its definition is another one than that which was approved');
  });

  test('TV-4 is not taken back where the approval has ended, or the scan rejects the definition by now', async () => {
    const it = instance({ policy: { twoPersons: 'never', approvalDays: 30 } });
    await approved(it, READ, TOOL);
    await it.registry.quarantine('files/read', STOPPED);
    const strict = instance({ scan: () => ({ verdict: 'reject', score: 1, findings: [] }) });
    await expect(strict.registry.reinstate('files/read', RESPONSE, carol)).rejects.toThrow('the scan rejects it by now');
    now += 31 * 86_400_000;
    await expect(it.registry.reinstate('files/read', RESPONSE, carol)).rejects.toThrow('its approval has ended by itself');
  });

  test('SC-2 believes the signed log and no record: what was never approved is not, whatever a record says', async () => {
    const it = instance();
    await it.registry.observe(READ, TOOL, 'test');
    await it.registry.quarantine('files/read', STOPPED);
    const document = (await table.store.get('tools', 'files/read'))!;
    const forged = { pin: document.value.pin!, version: '1.0.0', revision: 1, at: '2026-01-01T00:00:00Z', expiresAt: '2027-01-01T00:00:00Z', by: ['mallory'] };
    await table.store.put('tools', 'files/read', { ...document.value, approval: forged }, document.revision);
    await expect(it.registry.reinstate('files/read', RESPONSE, carol)).rejects.toThrow('files/read: it was never approved');
  });

  test('what is not in quarantine is not taken out of it', async () => {
    const it = instance();
    await approved(it, READ, TOOL);
    await expect(it.registry.reinstate('files/read', RESPONSE, carol)).rejects.toThrow('it is approved, and the end of a quarantine starts from quarantined');
  });
});
