import { RevisionConflict } from '../../lambda/stores';
import { openMemoryTable, type LocalTable } from '../../lambda/stores/local-table';
import { pinOf, StepRefused, type LifeCycleState } from '../../lambda/integrity';
import { approved, createInstance, createSigner, offer, READ, scanForWords, toolNamed, type Instance } from './fixtures';

const alice = { by: 'alice', why: 'read it' };
const bob = { by: 'bob', why: 'read it too' };

describe('the registry of tools', () => {
  let table: LocalTable;
  const signer = createSigner();
  const instance = (options: Parameters<typeof createInstance>[1] = {}): Instance => createInstance(table.store, { signer, ...options });

  beforeEach(async () => {
    table = await openMemoryTable();
  });
  afterEach(() => table.close());

  test('scans what a server offers and leaves it to people', async () => {
    const { registry, changes } = instance();
    const stored = await registry.observe(READ, toolNamed('read', 'An odd tool.'), 'gateway');
    expect(stored).toMatchObject({ id: 'files/read', revision: 1, record: { state: 'review', scan: { verdict: 'review', findings: [{ ruleId: 'T-odd' }] } } });
    expect(changes.map(({ action, by, why }) => `${action} by ${by}: ${why}`)).toEqual([
      'discover by gateway: offered for the first time',
      'scan by scan: review, score 0.50, 1 finding',
      'submit by gateway: waits for people',
    ]);
    await registry.observe(READ, toolNamed('read', 'An odd tool.'), 'gateway');
    expect(await registry.history('files/read')).toHaveLength(3);
  });

  test('approves with a version, for as long as the policy says (TV-4, ETDI)', async () => {
    const clock = () => Date.parse('2026-01-01T00:00:00.000Z');
    const { registry, log } = instance({ clock, policy: { twoPersons: 'never', approvalDays: 30 } });
    await registry.observe(READ, toolNamed('read'), 'gateway');
    await registry.approve('files/read', alice);
    expect(log.statementOf('files/read')).toMatchObject({ kind: 'approved', version: '1.0.0', expiresAt: '2026-01-31T00:00:00.000Z', by: ['alice'] });
    await registry.observe(READ, toolNamed('read', 'Reads any file.'), 'gateway');
    expect(log.statementOf('files/read')).toMatchObject({ kind: 'withdrawn' });
    await registry.approve('files/read', alice);
    expect(log.statementOf('files/read')).toMatchObject({ kind: 'approved', version: '1.0.1' });
    await registry.observe(READ, toolNamed('read', 'Reads any file.', { annotations: { destructiveHint: true } }), 'gateway');
    await registry.approve('files/read', alice);
    expect(log.statementOf('files/read')).toMatchObject({ version: '2.0.0' });
  });

  test('MUL-10 asks two people about a sensitive tool', async () => {
    const { registry, log } = instance({ policy: {} });
    await registry.observe(READ, { name: 'read', inputSchema: { type: 'object' } }, 'gateway');
    expect(await registry.approve('files/read', alice)).toMatchObject({ record: { state: 'review', endorsements: [{ by: 'alice' }] } });
    expect(log.statementOf('files/read')).toBeUndefined();
    await expect(registry.approve('files/read', alice)).rejects.toThrow('files/read: alice has approved it already, another person has to');
    expect(await registry.approve('files/read', bob)).toMatchObject({ record: { state: 'approved' } });
    expect(log.statementOf('files/read')).toMatchObject({ by: ['alice', 'bob'] });
  });

  test('shows a reviewer what changed, word by word, and which findings are new', async () => {
    const it = instance();
    await approved(it, READ, toolNamed('read', 'An odd tool.'));
    await it.registry.observe(READ, toolNamed('read', 'An odd poison tool.'), 'gateway');
    expect(await it.registry.review('files/read')).toEqual({
      before: pinOf(toolNamed('read', 'An odd tool.')),
      after: pinOf(toolNamed('read', 'An odd poison tool.')),
      level: 'patch',
      differences: [{ kind: 'reworded', pointer: '/description', parts: [{ change: 'same', text: 'An odd ' }, { change: 'added', text: 'poison ' }, { change: 'same', text: 'tool.' }] }],
      newFindings: [expect.objectContaining({ ruleId: 'T-poison' })],
    });
  });

  test('knows a tool again that has another name, or another server', async () => {
    const { registry } = instance();
    await registry.observe(READ, toolNamed('read'), 'gateway');
    const renamed = await registry.observe({ server: 'files', tool: 'read2' }, toolNamed('read2'), 'gateway');
    expect(renamed.record).toMatchObject({ state: 'review', resembles: ['files/read'] });
    const elsewhere = await registry.observe({ server: 'evil', tool: 'read' }, toolNamed('read'), 'gateway');
    expect(elsewhere.record).toMatchObject({ state: 'review', resembles: ['files/read', 'files/read2'] });
  });

  test('goes on where a server offers the same tool under any number of names', async () => {
    const { registry } = instance();
    for (let index = 0; index < 25; index += 1) await registry.observe({ server: 'files', tool: `${'x'.repeat(400)}${index}` }, toolNamed('x'), 'gateway');
    const last = await registry.observe(READ, toolNamed('read'), 'gateway');
    expect(last.record.resembles).toHaveLength(20);
    expect(JSON.stringify(last.record).length).toBeLessThan(50_000);
  });

  test('refuses a stored definition that was tampered with', async () => {
    const { registry } = instance();
    await registry.observe(READ, toolNamed('read'), 'gateway');
    const pin = pinOf(toolNamed('read'));
    await table.store.put('definitions', pin, { definition: toolNamed('read', 'evil') }, 1);
    await expect(registry.definition(pin)).rejects.toThrow('has another one');
  });

  test('says in a sentence what cannot be decided', async () => {
    const { registry } = instance();
    await expect(registry.approve('files/none', alice)).rejects.toThrow(new StepRefused('files/none', 'nothing is known of it: no server has offered it yet'));
    await registry.observe(READ, toolNamed('read', 'poison'), 'gateway');
    await expect(registry.approve('files/read', alice)).rejects.toThrow('the scan rejects it');
    await registry.reject('files/read', alice);
    await expect(registry.approve('files/read', alice)).rejects.toThrow('it is revoked, and an approval starts from review, quarantined or approved');
  });

  describe('a record that somebody rewrote', () => {
    const rewrite = async (change: object) => {
      const { value, revision } = (await table.store.get('tools', 'files/read'))!;
      await table.store.put('tools', 'files/read', { ...value, ...change }, revision);
    };

    test('MUL-10 makes no sensitive tool harmless', async () => {
      const { registry } = instance({ policy: {} });
      await registry.observe(READ, { name: 'read', inputSchema: { type: 'object' } }, 'gateway');
      await rewrite({ sensitive: false });
      expect(await registry.approve('files/read', alice)).toMatchObject({ record: { state: 'review', sensitive: true, endorsements: [{ by: 'alice' }] } });
    });

    test('TD-2 makes no poisoned tool clean', async () => {
      const { registry } = instance();
      await registry.observe(READ, toolNamed('read', 'poison'), 'gateway');
      await rewrite({ scan: { verdict: 'approve', score: 0, findings: [] } });
      await expect(registry.approve('files/read', alice)).rejects.toThrow('the scan rejects it');
      expect(await registry.approve('files/read', { ...alice, despiteFindings: true })).toMatchObject({ record: { state: 'approved' } });
    });

    test('MUL-10 brings no endorsement where the approver knows who endorsed', async () => {
      const { registry } = instance({ policy: {} });
      const { record } = await registry.observe(READ, { name: 'read', inputSchema: { type: 'object' } }, 'gateway');
      await rewrite({ endorsements: [{ pin: record.pin, by: 'mallory', at: '2026-01-01T00:00:00.000Z', why: 'trust me' }] });
      expect(await registry.approve('files/read', { ...alice, endorsers: [] })).toMatchObject({ record: { state: 'review' } });
      expect(await registry.approve('files/read', { ...bob, endorsers: ['alice'] })).toMatchObject({ record: { state: 'approved', approval: { by: ['alice', 'bob'] } } });
    });
  });

  describe('what is known, scanned again', () => {
    test('is left alone where nothing else is found', async () => {
      const { registry } = instance();
      await registry.observe(READ, toolNamed('read', 'An odd tool.'), 'gateway');
      expect(await registry.rescan('files/read', 'schedule')).toMatchObject({ revision: 1 });
      await expect(registry.rescan('files/none', 'schedule')).rejects.toThrow('nothing is known of it');
    });

    test('TV-4 goes into quarantine where the detector of today rejects what it let through, unless a person overruled it', async () => {
      let today = scanForWords;
      const it = instance({ scan: (...args) => today(...args) });
      await approved(it, READ, toolNamed('read', 'A fine tool.'));
      await it.registry.observe({ server: 'files', tool: 'evil' }, toolNamed('evil', 'poison'), 'gateway');
      await it.registry.approve('files/evil', { ...alice, despiteFindings: true });
      today = () => ({ verdict: 'reject', score: 1, findings: [{ ruleId: 'T-new', severity: 'high', pointer: '/description', start: 0, end: 1, sentence: 'It is fine, too fine.' }] });
      const stored = await it.registry.rescan('files/read', 'schedule');
      expect(stored.record).toMatchObject({ state: 'quarantined', scan: { findings: [{ ruleId: 'T-new' }] } });
      expect(stored.record.steps).toMatchObject([{ action: 'scan' }, { action: 'quarantine', by: 'schedule', why: 'the detector rejects it now: It is fine, too fine.' }]);
      expect(it.log.statementOf('files/read')?.kind).toBe('withdrawn');
      expect((await it.registry.rescan('files/evil', 'schedule')).record.state).toBe('approved');
      await it.view.refresh();
      expect(it.view.withholds(offer({ server: 'files', tool: 'evil' }, toolNamed('evil', 'poison')))).toBeUndefined();
    });
  });

  test('SC-2 whoever has the key puts into the log what others withdrew without it', async () => {
    const [approver, gateway] = [instance(), instance({ signer: undefined, trusted: signer })];
    await approved(approver, READ, toolNamed('read'));
    expect(await approver.registry.publishWithdrawal('files/read')).toBe(false);
    await gateway.registry.quarantine('files/read', { by: 'gateway', why: 'changed' });
    expect(approver.log.statementOf('files/read')?.kind).toBe('approved');
    expect(await approver.registry.publishWithdrawal('files/read')).toBe(true);
    expect(await approver.registry.publishWithdrawal('files/read')).toBe(false);
    expect(await approver.registry.publishWithdrawal('files/none')).toBe(false);
    expect(approver.log.statementOf('files/read')).toMatchObject({ kind: 'withdrawn', by: ['gateway'] });
  });

  test('the history is complete: every step of every revision, in order', async () => {
    const it = instance();
    await approved(it, READ, toolNamed('read'));
    await it.registry.quarantine('files/read', { by: 'carol', why: 'looks wrong' });
    await it.registry.approve('files/read', alice);
    await it.registry.revoke('files/read', bob);
    expect((await it.registry.history('files/read')).map(({ action, by }) => `${action} ${by}`)).toEqual([
      'discover test', 'scan scan', 'submit test', 'approve alice', 'quarantine carol', 'approve alice', 'revoke bob',
    ]);
  });

  test('two instances that approve and quarantine the same tool at once end in quarantine, in the record and in the log', async () => {
    for (let round = 0; round < 10; round += 1) {
      const subject = { server: 'files', tool: `tool-${round}` };
      const id = `files/tool-${round}`;
      const [one, two] = [instance(), instance()];
      await one.registry.observe(subject, toolNamed(`tool-${round}`), 'gateway');
      const [approval, quarantine] = await Promise.allSettled([one.registry.approve(id, alice), two.registry.quarantine(id, bob)]);
      expect(quarantine.status).toBe('fulfilled');
      if (approval.status === 'rejected') expect(approval.reason).toBeInstanceOf(RevisionConflict);
      const reader = instance();
      await reader.view.refresh();
      expect((await reader.registry.find(id))?.record.state).toBe('quarantined');
      expect(reader.log.statementOf(id)?.kind).not.toBe('approved');
      expect(reader.view.withholds(offer(subject, toolNamed(`tool-${round}`)))).toBe('quarantined');
    }
  }, 60_000);

  test('50 writers at once leave one history without gaps, and a quarantine among them holds', async () => {
    const instances = Array.from({ length: 5 }, () => instance());
    await instances[0]!.registry.observe(READ, toolNamed('read'), 'gateway');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => {
        const { registry } = instances[index % 5]!;
        if (index === 25) return registry.quarantine('files/read', bob);
        return index % 2 === 0 ? registry.approve('files/read', { by: `person-${index}`, why: 'read it' }) : registry.observe(READ, toolNamed('read'), 'gateway');
      }),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(RevisionConflict);
    const { registry, log, view } = instance();
    const history = await registry.history('files/read');
    const states = history.map(({ to }) => to);
    for (const [index, step] of history.entries()) expect(step.from).toBe(index === 0 ? undefined : states[index - 1]);
    const end: LifeCycleState = (await registry.find('files/read'))!.record.state;
    expect(history.map(({ action }) => action)).toContain('quarantine');
    // An approval after the quarantine is one that was decided on the quarantine; the log and the record agree on the end.
    await view.refresh();
    expect(log.statementOf('files/read')?.kind ?? 'withdrawn').toBe(end === 'approved' ? 'approved' : 'withdrawn');
  }, 60_000);

  test('50 tools that are approved at once by several instances are all in the log', async () => {
    const instances = Array.from({ length: 5 }, () => instance());
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const { registry } = instances[index % 5]!;
        await registry.observe({ server: 'files', tool: `t${index}` }, toolNamed(`t${index}`), 'gateway');
        await registry.approve(`files/t${index}`, alice);
      }),
    );
    const reader = instance();
    await reader.view.refresh();
    for (let index = 0; index < 50; index += 1) expect(reader.view.withholds(offer({ server: 'files', tool: `t${index}` }, toolNamed(`t${index}`)))).toBeUndefined();
  }, 60_000);
});
