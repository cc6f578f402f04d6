import { holdId, ResponseRefused, stateOf } from '../../lambda/response';
import { BOB, ECS, incident, start } from './fixtures';

const BLOCK = 1;
const isBlocked = ({ world }: ReturnType<typeof start>) => world.contained.has(holdId({ kind: 'block_principal', principal: BOB }));

describe('the response to an incident', () => {
  test('SOC-3 a severe one is contained at once, then evidence is kept, then people are told', async () => {
    const it = start();
    const done = await it.responder.respond(incident());
    expect(stateOf(done)).toBe('contained');
    expect(it.world.log).toEqual([
      'apply block_principal principal User bob of https://issuer.example',
      'apply revoke_grants principal User bob of https://issuer.example',
      'apply block_address address 203.0.113.7',
      'apply preserve_evidence',
      'apply notify',
    ]);
    expect(it.events.filter(({ state }) => state === 'applied')).toHaveLength(5);
  });

  test('IR-2 the same event twice is one case, and nothing is done twice', async () => {
    const it = start();
    await it.responder.respond(incident());
    const log = [...it.world.log];
    await it.again().respond(incident());
    expect(it.world.log).toEqual(log);
    expect(await it.responder.list()).toHaveLength(1);
  });

  test('IR-2 many processes at once contain once, in effect', async () => {
    const it = start();
    await Promise.all(Array.from({ length: 8 }, () => it.again().respond(incident())));
    expect(stateOf(await it.responder.find(incident().id))).toBe('contained');
    expect(isBlocked(it)).toBe(true);
    await it.responder.undoAll(incident().id, 'carol', 'false positive');
    expect(it.world.contained.size).toBe(0);
  });

  test('IR-2 a false positive is taken back whole, in the opposite order, and stays taken back when the event comes again', async () => {
    const it = start();
    await it.responder.respond(incident());
    it.world.log.length = 0;
    const undone = await it.responder.undoAll(incident().id, 'carol', 'a drill');
    expect(stateOf(undone)).toBe('undone');
    expect(undone.actions[0]).toMatchObject({ state: 'undone', outcome: 'it is free', undone: { by: 'carol', why: 'a drill' } });
    expect(it.world.log[0]).toBe('undo notify');
    expect(it.world.log.at(-1)).toBe('undo block_principal principal User bob of https://issuer.example');
    await it.again().respond(incident());
    expect(isBlocked(it)).toBe(false);
    expect(stateOf(await it.responder.find(incident().id))).toBe('undone');
  });

  test('what two incidents hold ends with the second', async () => {
    const it = start();
    const [one, two] = [incident(), incident('exfiltration', {}, 'event-2')];
    await it.responder.respond(one);
    await it.responder.respond(two);
    const undone = await it.responder.undoAll(one.id, 'carol', 'x');
    expect(undone.actions[0]!.outcome).toBe(`it stays in force for ${two.id}`);
    expect(isBlocked(it)).toBe(true);
    await it.responder.undoAll(two.id, 'carol', 'x');
    expect(it.world.contained.size).toBe(0);
  });

  test('IR-2 what others had contained before is neither contained again nor let go', async () => {
    const it = start();
    it.world.contained.set(holdId({ kind: 'block_principal', principal: BOB }), 'people');
    const done = await it.responder.respond(incident());
    expect(done.actions[0]).toMatchObject({ state: 'applied', outcome: 'nothing was done: it is contained by people' });
    await it.responder.undoAll(incident().id, 'carol', 'x');
    expect([...it.world.contained]).toEqual([['block_principal principal User bob of https://issuer.example', 'people']]);
  });

  test('SOC-3 what fails keeps nothing else from being done, and is done by the next try', async () => {
    const it = start();
    it.world.interrupt = (_, what) => {
      if (what === 'apply' && it.world.log.length === 0) throw new Error('throttled');
    };
    const [one] = (await it.responder.respond(incident('exfiltration'))).actions;
    expect(one).toMatchObject({ state: 'apply_failed', outcome: 'throttled' });
    it.world.interrupt = () => undefined;
    const done = await it.again().respond(incident('exfiltration'));
    expect(stateOf(done)).toBe('contained');
  });

  test('an action that nobody here can carry out fails, and says so', async () => {
    const { responder } = start({ executors: {} });
    const { actions } = await responder.respond(incident('denial_of_service'));
    expect(actions[0]).toMatchObject({ state: 'apply_failed', outcome: 'nothing here can refuse every request from the address 203.0.113.7' });
  });

  test('SOC-3 one that is less sure waits for a person, who may say no', async () => {
    const it = start();
    const waiting = await it.responder.respond(incident('unauthorised_access', { severity: 'medium' }));
    expect(stateOf(waiting)).toBe('waiting');
    expect(it.world.contained.size).toBe(0);
    await expect(it.responder.apply(waiting.incident.id, BLOCK)).rejects.toThrow(`action 1 of ${waiting.incident.id} is not carried out: it waits for a person`);
    await it.responder.decide(waiting.incident.id, BLOCK, true, 'carol', 'sure');
    expect(await it.responder.apply(waiting.incident.id, BLOCK, 'carol')).toMatchObject({ state: 'applied', decision: { by: 'carol', approved: true } });
    await it.responder.decide(waiting.incident.id, 2, false, 'carol', 'not the grants');
    await expect(it.responder.apply(waiting.incident.id, 2)).rejects.toThrow('it is denied');
    await expect(it.responder.decide(waiting.incident.id, 2, true, 'dave', 'x')).rejects.toThrow(ResponseRefused);
    await it.responder.undoAll(waiting.incident.id, 'carol', 'x');
    expect(it.world.contained.size).toBe(0);
  });

  test('IR-2 what waits is never carried out once the incident was taken back', async () => {
    const it = start();
    const { id } = incident();
    await it.responder.open(incident('unauthorised_access', { severity: 'low' }));
    await it.responder.wait(id, BLOCK, 'token');
    await it.responder.undoAll(id, 'carol', 'nothing');
    await expect(it.responder.decide(id, BLOCK, true, 'dave', 'late')).rejects.toThrow('it is undone');
    await it.responder.apply(id, BLOCK);
    expect(it.world.contained.size).toBe(0);
  });

  test('a dry run says what it would do, and changes nothing', async () => {
    const it = start({ policy: { dryRun: true } });
    const { actions } = await it.responder.respond(incident('server_compromise'));
    expect(actions.map(({ state, outcome }) => `${state}: ${outcome}`)).toEqual([
      'dry_run: would refuse every call to the server files',
      'dry_run: would set aside the grants that concern the server files',
      'dry_run: would keep a copy of the evidence',
      'dry_run: would cut the ECS service zone/files off from the network',
      'dry_run: would tell the responders',
    ]);
    expect(it.world.log).toEqual([]);
    expect(await it.store.list('containments')).toEqual([]);
  });

  test('a preview writes nothing at all, and knows what is contained', async () => {
    const it = start();
    it.world.contained.set(holdId({ kind: 'isolate_workload', workload: ECS }), 'people');
    const preview = await it.responder.preview(incident('server_compromise', { severity: 'medium' }));
    expect(preview.map(({ is, would }) => `${is}: ${would}`)).toEqual([
      'it is free: would wait for a person, and then refuse every call to the server files',
      'it is free: would wait for a person, and then set aside the grants that concern the server files',
      ': would keep a copy of the evidence',
      'it is contained by people: would do nothing',
      ': would tell the responders',
    ]);
    for (const collection of ['incidents', 'actions', 'containments']) expect(await it.store.list(collection)).toEqual([]);
  });

  test('IR-2 what a process that comes late contains is not taken for what others had contained', async () => {
    const it = start();
    const [one, two] = [incident(), incident('exfiltration', {}, 'event-2')];
    for (const each of [one, two]) await it.responder.open(each);
    const interruptions = [() => it.again().undo(one.id, BLOCK, 'carol', 'x'), () => it.again().apply(two.id, BLOCK)];
    it.world.interrupt = async (_, what) => {
      if (what === 'apply') await interruptions.shift()?.();
    };
    await it.responder.apply(one.id, BLOCK);
    expect(isBlocked(it)).toBe(true);
    await it.responder.undo(two.id, BLOCK, 'carol', 'x');
    expect(isBlocked(it)).toBe(false);
  });

  test('IR-2 word on how it stands is owed once, however many ask at the same time or again, and none where people know', async () => {
    const it = start();
    const { id } = incident('unauthorised_access', { severity: 'medium' });
    await it.responder.open(incident('unauthorised_access', { severity: 'medium' }));
    expect(await it.responder.conclude(id)).toBeUndefined();
    await it.responder.respond(incident('unauthorised_access', { severity: 'medium' }));
    expect(await it.responder.conclude(id)).toBeUndefined();
    await it.responder.decide(id, BLOCK, false, 'carol', 'a drill');
    const words = await Promise.all(Array.from({ length: 8 }, () => it.again().conclude(id)));
    expect(new Set(words.map((word) => word!.number))).toEqual(new Set([6]));
    it.world.log.length = 0;
    it.world.interrupt = () => {
      throw new Error('throttled');
    };
    await expect(it.responder.apply(id, 6)).rejects.toThrow('throttled');
    it.world.interrupt = () => undefined;
    expect((await it.responder.conclude(id))!.number).toBe(6);
    await it.responder.apply(id, 6);
    await it.responder.apply(id, 6);
    expect(it.world.log).toEqual(['apply notify']);
    expect(await it.responder.conclude(id)).toBeUndefined();
  });

  test('undo of what is being applied wins, whoever is faster', async () => {
    const it = start();
    const { id } = incident();
    await it.responder.open(incident());
    let undoing: Promise<unknown> | undefined;
    it.world.interrupt = async (when, what) => {
      if (what !== 'apply' || when !== 'before' || undoing !== undefined) return;
      undoing = it.again().undo(id, BLOCK, 'carol', 'stop');
      await undoing;
    };
    expect(await it.responder.apply(id, BLOCK)).toMatchObject({ state: 'undone' });
    expect(isBlocked(it)).toBe(false);
  });
});
