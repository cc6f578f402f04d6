import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Detection } from '../../lambda/behaviour';
import { createMarkStore } from '../../lambda/grants';
import type { StateChange } from '../../lambda/integrity';
import { openLocalResponse, type LocalResponse } from '../../lambda/local';
import { stateOf, type Case, type Notice, type ResponseEvent, type ResponsePolicy } from '../../lambda/response';
import { user, memoryStore } from '../grants/fixtures';
import { approved, createInstance, createSigner, READ, toolNamed } from '../integrity/fixtures';

const AT = '2026-11-22T12:00:00.000Z';
const detection: Detection = { kind: 'combined', at: Date.parse(AT), principal: JSON.stringify(['test', 'User', 'bob']), risk: 85, signals: ['volume', 'dlp'], why: 'protected data; more data moved than usual' };

describe('the response of a gateway on one machine', () => {
  let folder: string;
  let opened: LocalResponse[];
  let told: Notice[];
  let events: ResponseEvent[];
  const documents = memoryStore();
  const marks = createMarkStore(documents);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'local-response-'));
    [opened, told, events] = [[], [], []];
  });
  afterEach(async () => {
    for (const one of opened) await one.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(policy: ResponsePolicy = {}, more: Parameters<typeof openLocalResponse>[1] = {}): Promise<LocalResponse> {
    const response = await openLocalResponse({ folder, policy }, { marks, ...more }, {
      happened: (event) => void events.push(event),
      told: (notice) => void told.push(notice),
      failed: (error) => {
        throw error;
      },
    });
    opened.push(response);
    return response;
  }

  test('SOC-3 CV-4 a principal whose behaviour is far from usual is blocked, and let go by one word', async () => {
    const audit = join(folder, 'audit.jsonl');
    writeFileSync(audit, [{ time: '2026-11-22T11:59:00Z', target: 'read' }, { time: '2026-11-22T08:00:00Z', target: 'long ago' }].map((line) => JSON.stringify(line)).join('\n') + '\n{"time": "2026-11-22T12');
    const { responder, detected } = await open({}, { audit });
    await detected(detection);
    const [found] = await responder.list();
    expect(stateOf(found!)).toBe('contained');
    expect((await marks.read()).blockOf(user('bob'), 'files')?.why).toContain(found!.incident.id);
    expect(told).toEqual([{ subject: 'Exfiltration (high): principal User bob of test', text: expect.stringMatching(new RegExp(`by behaviour, is contained\\.\n[\\s\\S]*mcp-zero-trust respond undo ${found!.incident.id}`)) }]);
    const evidence = join(folder, 'evidence', found!.incident.id, 'audit-1.json');
    expect(JSON.parse(readFileSync(evidence, 'utf8')).events).toEqual([{ time: '2026-11-22T11:59:00Z', target: 'read' }]);
    expect(statSync(evidence).mode & 0o777).toBe(0o400);
    await responder.undoAll(found!.incident.id, 'carol', 'a backup');
    expect((await marks.read()).blockOf(user('bob'), 'files')).toBeUndefined();
    expect(events.filter(({ state, by }) => state === 'undone' && by === 'carol')).toHaveLength(4);
  });

  test('SOC-3 IR-2 one signal alone waits for a person, who is told that nothing is contained', async () => {
    const { responder, detected } = await open();
    await detected({ ...detection, kind: 'dlp', risk: 40 });
    expect(stateOf((await responder.list())[0]!)).toBe('waiting');
    expect((await marks.read()).holds).toEqual([]);
    expect(told[0]!.text).toContain('by behaviour, is not contained, waits for your word on 2 actions.\n');
  });

  test('SOC-3 IR-2 who decides on all that waits is told once what is in force, also where something is denied, and when it is taken back', async () => {
    const { responder, detected } = await open();
    await detected({ ...detection, kind: 'dlp', risk: 40 });
    const [{ incident: { id } }] = (await responder.list()) as [Case];
    await responder.decide(id, 1, true, 'carol', 'sure');
    await responder.apply(id, 1, 'carol');
    expect(told).toHaveLength(1);
    await responder.decide(id, 2, false, 'carol', 'not the grants');
    expect(told.slice(1).map(({ subject }) => subject)).toEqual(['Exfiltration (low) now is contained in part (1 of 2 containments): principal User bob of test']);
    expect(told[1]!.text).toContain('Decided by people\n  1  approved by carol: sure\n  2  denied by carol: not the grants\n');
    await responder.apply(id, 1, 'carol');
    await detected({ ...detection, kind: 'dlp', risk: 40 });
    expect(told).toHaveLength(2);
    await responder.undoAll(id, 'carol', 'a backup');
    await responder.undoAll(id, 'carol', 'a backup');
    expect(told.slice(2).map(({ subject }) => subject)).toEqual(['Exfiltration (low) now is not contained: principal User bob of test']);
    expect(events.filter(({ action, state }) => action === 'notify' && state === 'applied')).toHaveLength(3);
  });

  test('TD-4 a definition that changed is quarantined already: its evidence is kept, and undo leaves it to people', async () => {
    const changes: StateChange[] = [];
    const instance = createInstance(documents, { signer: createSigner() });
    await approved(instance, READ, toolNamed('read'));
    const { responder, changed } = await open({}, { registry: instance.registry });
    await instance.registry.observe(READ, toolNamed('read', 'Sends files away.'), 'gateway');
    changes.push(...instance.changes.filter(({ action }) => action === 'change'));
    for (const change of changes) await changed(change);
    const [found] = await responder.list();
    expect(found!.incident).toMatchObject({ kind: 'tool_poisoning', subjects: [{ kind: 'tool', server: 'files', tool: 'read' }] });
    expect(found!.actions[0]).toMatchObject({ state: 'applied', outcome: 'nothing was done: it is quarantined' });
    await responder.undoAll(found!.incident.id, 'carol', 'x');
    expect((await instance.registry.find('files/read'))!.record.state).toBe('quarantined');
    instance.view.close();
  });

  test('IR-2 what the response stopped itself is no new incident', async () => {
    const instance = createInstance(memoryStore(), { signer: createSigner() });
    await approved(instance, READ, toolNamed('read'));
    const { responder, changed } = await open({ dryRun: true }, { registry: instance.registry });
    await instance.registry.quarantine('files/read', { by: 'incident-response', why: 'inc-1' });
    for (const change of instance.changes) await changed(change);
    expect(await responder.list()).toEqual([]);
    instance.view.close();
  });
});
