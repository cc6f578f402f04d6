import { createKillSwitch, createMarkStore, type MarkStore } from '../../lambda/grants';
import { bob, carol, mallory, memoryStore } from './fixtures';

const NEVER = 1e9;

function start(options: { refreshMs?: number } = {}) {
  const store = createMarkStore(memoryStore());
  let time = 0;
  let isBroken = false;
  let reads = 0;
  const marks: MarkStore = {
    ...store,
    read: () => {
      reads += 1;
      return isBroken ? Promise.reject(new Error('no table')) : store.read();
    },
  };
  const errors: unknown[] = [];
  const killSwitch = createKillSwitch({ marks, refreshMs: options.refreshMs ?? NEVER, elapsed: () => time, onError: (error) => void errors.push(error) });
  return {
    killSwitch,
    errors,
    reads: () => reads,
    advance: (ms: number) => void (time += ms),
    setBroken: (broken: boolean) => void (isBroken = broken),
    block: () => store.set({ target: { kind: 'principal', principal: bob }, blocked: true, by: carol, at: 0, why: 'x' }),
  };
}

describe('the kill switch', () => {
  test('serves nothing before it was read', async () => {
    const { killSwitch } = start();
    expect(killSwitch.blockOf(bob, 'files')).toEqual({ kind: 'unreadable' });
    await killSwitch.current();
    expect(killSwitch.blockOf(bob, 'files')).toBeUndefined();
    killSwitch.close();
  });

  test('JIT-4 a function that slept reads before it serves, and one that did not waits for nothing', async () => {
    const { killSwitch, advance, block, reads } = start();
    await killSwitch.current();
    await block();
    advance(400);
    expect(killSwitch.current()).toBeUndefined();
    advance(60_000);
    const [first, second] = [killSwitch.current(), killSwitch.current()];
    expect(first).toBeDefined();
    await Promise.all([first, second]);
    expect(reads()).toBe(2);
    expect(killSwitch.blockOf(bob, 'files')).toMatchObject({ kind: 'blocked', mark: { why: 'x' } });
    expect(killSwitch.blockOf(mallory, 'files')).toBeUndefined();
    killSwitch.close();
  });

  test('fails closed a second after the last good reading, and opens with the next one', async () => {
    const { killSwitch, advance, setBroken, errors } = start();
    await killSwitch.current();
    setBroken(true);
    advance(900);
    await killSwitch.current();
    expect(errors).toHaveLength(1);
    expect(killSwitch.blockOf(bob, 'files')).toBeUndefined();
    advance(200);
    await killSwitch.current();
    expect(killSwitch.blockOf(bob, 'files')).toEqual({ kind: 'unreadable' });
    setBroken(false);
    await killSwitch.current();
    expect(killSwitch.blockOf(bob, 'files')).toBeUndefined();
    killSwitch.close();
  });
});
