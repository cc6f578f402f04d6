import { runTarget } from '../../bench/fuzz/run';
import { TARGETS } from '../../bench/fuzz/targets';

/** A few cases of a fixed seed; `npm run fuzz` goes on from there. */
const CASES: Readonly<Record<string, number>> = { modern: 60, sessions: 6, http: 10, upstream: 30, stdio: 3, arguments: 8, config: 40 };

describe('whatever is sent', () => {
  it.each(TARGETS.map((target) => [target.title, target] as const))('GW-1 IOV-4 LOG-1 %s: nothing reaches a server undecided, every request is answered and recorded', async (_title, target) => {
    const { finding, cases } = await runTarget(target, { seed: 20261122, milliseconds: 10_000, cases: CASES[target.name] });
    expect(finding).toBeUndefined();
    expect(cases).toBeGreaterThan(0);
  });
});
