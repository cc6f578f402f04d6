import { createKillSwitch, createMarkStore, type Hold, type Target } from '../../lambda/grants';
import { bob, callBy, carol, ASKED, DELETE, erin, mallory, memoryStore, startDesk, user } from './fixtures';

const BOB: Target = { kind: 'principal', principal: bob };
const hold = (target: Target, reach: Hold['reach'], held = true): Hold => ({ target, reach, held, by: carol, at: 0, why: 'incident' });

describe('what a response to an incident holds', () => {
  test('IR-2 grants that were set aside are good for nothing, and come back when they are let go', async () => {
    const test = startDesk();
    const { desk } = test;
    const grant = await desk.request(bob, { ...ASKED, lifetimeSeconds: 300 });
    await desk.approve(grant.id, erin);
    const call = callBy(bob, ASKED.arguments, test.now);
    expect(await desk.fitting(call)).toHaveLength(1);
    for (const target of [BOB, { kind: 'tool', server: 'memory', tool: DELETE.name }, { kind: 'server', server: 'memory' }, { kind: 'everything' }] as const) {
      await desk.marks.hold(hold(target, 'grants'));
      expect(await desk.fitting(call)).toEqual([]);
      await expect(desk.request(bob, ASKED)).rejects.toMatchObject({ reason: 'not_permitted' });
      await desk.marks.hold(hold(target, 'grants', false));
      expect(await desk.fitting(call)).toHaveLength(1);
    }
  });

  test('JIT-4 what people revoked meanwhile does not come back with the hold', async () => {
    const test = startDesk();
    const { desk } = test;
    const grant = await desk.request(bob, ASKED);
    await desk.approve(grant.id, erin);
    await desk.marks.hold(hold(BOB, 'grants'));
    await desk.mark(BOB, 'revoke', carol, 'people');
    await desk.marks.hold(hold(BOB, 'grants', false));
    expect(await desk.fitting(callBy(bob, ASKED.arguments, test.now))).toEqual([]);
  });

  test('SOC-3 a hold refuses every call, and neither it nor the kill switch of people ends the other', async () => {
    const marks = createMarkStore(memoryStore());
    await marks.set({ target: BOB, blocked: true, by: carol, at: 0, why: 'people' });
    await marks.hold(hold(BOB, 'calls'));
    expect((await marks.read()).blockOf(bob, 'files')).toBeDefined();
    await marks.hold(hold(BOB, 'calls', false));
    expect((await marks.read()).blockOf(bob, 'files')?.why).toBe('people');
    await marks.hold(hold(BOB, 'calls'));
    await marks.set({ target: BOB, blocked: false, by: carol, at: 1, why: 'lifted' });
    expect((await marks.read()).blockOf(bob, 'files')?.why).toBe('incident');
    expect((await marks.read()).blockOf(mallory, 'files')).toBeUndefined();
  });

  test.each([
    ['203.0.113.7', ['203.0.113.7', '::ffff:203.0.113.7'], ['203.0.113.8', '::1', 'unknown', '']],
    ['2001:db8::1', ['2001:db8::1', '2001:db8::ffff:1', '2001:0DB8:0:0::2'], ['2001:db8:0:1::1', '203.0.113.7']],
  ])('SOC-3 an address is blocked in whatever form it comes: %s', async (address, blocked, others) => {
    const marks = createMarkStore(memoryStore());
    await marks.hold(hold({ kind: 'address', address }, 'calls'));
    const killSwitch = createKillSwitch({ marks, refreshMs: 1e9 });
    await killSwitch.current();
    for (const one of blocked) {
      expect(killSwitch.blockOfAddress(one)).toMatchObject({ kind: 'blocked' });
      expect(killSwitch.blockOf(user('anybody'), 'files', undefined, one)).toMatchObject({ kind: 'blocked' });
    }
    for (const one of others) expect(killSwitch.blockOfAddress(one)).toBeUndefined();
    killSwitch.close();
  });
});
