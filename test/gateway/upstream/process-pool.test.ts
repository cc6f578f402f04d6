import { createProcessPool, UpstreamFailure, type ProcessPool, type ProcessPoolOptions } from '../../../lambda/gateway/upstream';

interface Fake {
  readonly key: string;
  readonly exited: Promise<void>;
  stopped: boolean;
  crash(): void;
  stop(): Promise<void>;
}

let started: Fake[];
let now: number;
let stopMs: number;
let pool: ProcessPool<Fake>;

function fake(key: string): Fake {
  let end: () => void = () => undefined;
  const exited = new Promise<void>((resolve) => (end = resolve));
  const process: Fake = {
    key,
    exited,
    stopped: false,
    crash: () => end(),
    stop: async () => {
      await new Promise((resolve) => setTimeout(resolve, stopMs));
      process.stopped = true;
      end();
    },
  };
  started.push(process);
  return process;
}

function create(options: Partial<ProcessPoolOptions<Fake>> = {}): void {
  pool = createProcessPool({ maxProcesses: 2, idleMs: 60_000, start: async (key) => fake(key), nameOf: () => 'files', clock: () => now, ...options });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  started = [];
  now = 0;
  stopMs = 0;
});

afterEach(() => pool.close());

test('MUL-6 the process of one principal is never that of another, nor is it reused for one', async () => {
  create({ maxProcesses: 1 });
  const alice = await pool.lease('files alice');
  alice.release();
  const bob = await pool.lease('files bob');
  expect(bob.process).not.toBe(alice.process);
  expect(bob.process.key).toBe('files bob');
  expect(alice.process.stopped).toBe(true);
});

test('one start is shared by all who ask at once, and the process by all who ask later', async () => {
  create();
  const leases = await Promise.all(Array.from({ length: 5 }, () => pool.lease('a')));
  for (const lease of leases) lease.release();
  expect((await pool.lease('a')).process).toBe(leases[0]?.process);
  expect(started).toHaveLength(1);
});

test('a start that fails fails all who wait for it, and the next one is tried anew', async () => {
  let fails = true;
  create({
    start: async (key) => {
      if (fails) throw new UpstreamFailure('connect', 'The server "files" is not there.');
      return fake(key);
    },
  });
  const results = await Promise.allSettled([pool.lease('a'), pool.lease('a')]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(pool.size).toBe(0);
  fails = false;
  expect((await pool.lease('a')).process.key).toBe('a');
});

test('a process that nobody uses is stopped after a while, one in use is not', async () => {
  create({ idleMs: 30 });
  const [idle, used] = [await pool.lease('idle'), await pool.lease('used')];
  const second = await pool.lease('idle');
  idle.release();
  idle.release();
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(idle.process.stopped).toBe(false);
  second.release();
  await idle.process.exited;
  expect(used.process.stopped).toBe(false);
  await turn();
  expect(pool.size).toBe(1);
});

test('when all places are taken, the process longest idle makes room, and is gone before the new one starts', async () => {
  stopMs = 20;
  create();
  for (const key of ['a', 'b']) {
    now += 1;
    (await pool.lease(key)).release();
  }
  now += 1;
  (await pool.lease('a')).release();
  const [, b] = started;
  const lease = pool.lease('c');
  expect(pool.size).toBe(2);
  await lease;
  expect(b?.stopped).toBe(true);
  expect(started.map(({ key, stopped }) => [key, stopped])).toEqual([['a', false], ['b', true], ['c', false]]);
  expect(pool.size).toBe(2);
});

test('when all processes are in use, no more are started', async () => {
  create();
  await Promise.all([pool.lease('a'), pool.lease('b')]);
  await expect(pool.lease('c')).rejects.toMatchObject({ code: 'capacity', message: 'No process of the server "files" can be started: all 2 are in use.' });
  expect((await pool.lease('a')).process.key).toBe('a');
});

test('a process that stops keeps its place until it is gone', async () => {
  stopMs = 50;
  create({ maxProcesses: 1, idleMs: 1 });
  const { process, release } = await pool.lease('a');
  release();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await expect(pool.lease('b')).rejects.toMatchObject({ code: 'capacity' });
  await process.exited;
  await turn();
  expect((await pool.lease('b')).process.key).toBe('b');
});

test('a process that crashed is replaced at the next use, one that keeps crashing ever later', async () => {
  create();
  const crashOnce = async () => {
    const { process } = await pool.lease('a');
    process.crash();
    await turn();
  };
  await crashOnce();
  await crashOnce();
  await expect(pool.lease('a')).rejects.toMatchObject({ code: 'connect', message: 'The process of the server "files" ended 2 times in a row; it is started again in 1 s.' });
  expect((await pool.lease('b')).process.key).toBe('b');
  now += 1_000;
  await crashOnce();
  now += 1_999;
  await expect(pool.lease('a')).rejects.toMatchObject({ code: 'connect' });
  now += 1;
  const { process } = await pool.lease('a');
  now += 60_000;
  process.crash();
  await turn();
  expect((await pool.lease('a')).process).not.toBe(process);
});

test('close() resolves when every process is gone, also one that is still starting', async () => {
  stopMs = 20;
  let finishStart: () => void = () => undefined;
  create({
    start: async (key) => {
      if (key === 'slow') await new Promise<void>((resolve) => (finishStart = resolve));
      return fake(key);
    },
  });
  await pool.lease('a');
  const slow = pool.lease('slow');
  await turn();
  const closing = pool.close();
  finishStart();
  await closing;
  await slow;
  expect(started.map(({ stopped }) => stopped)).toEqual([true, true]);
  expect(pool.size).toBe(0);
  await expect(pool.lease('a')).rejects.toMatchObject({ code: 'stopped' });
});
