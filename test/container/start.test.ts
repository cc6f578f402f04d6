import { startWhenPossible } from '../../lambda/container/start';

const away = () => Object.assign(new Error('connect ECONNREFUSED'), { $metadata: { attempts: 2 } });

test('TBL-1 a service that is away is waited for, ever more patiently, and each failure is told', async () => {
  const [waits, told]: [number[], unknown[]] = [[], []];
  let attempts = 0;
  const started = await startWhenPossible(async () => {
    attempts += 1;
    if (attempts < 7) throw away();
    return 'gateway';
  }, { onError: (error) => told.push(error), wait: async (milliseconds) => waits.push(milliseconds) });
  expect([started, attempts, told.length]).toEqual(['gateway', 7, 6]);
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
});

test('what no waiting mends ends the container', async () => {
  const told: unknown[] = [];
  const start = () => startWhenPossible(() => Promise.reject(new Error('the key secret must have at least 32 characters')), { onError: (error) => told.push(error) });
  await expect(start()).rejects.toThrow('at least 32');
  expect(told).toEqual([]);
});
