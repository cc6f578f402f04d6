import { conclude, figure, holds, table, type Goal } from '../../bench/report';

const goal = (overrides: Partial<Goal>): Goal => ({ name: 'latency', value: 1, limit: 2, direction: 'at most', ...overrides });

describe('report of a bench', () => {
  let printed: string[];

  beforeEach(() => {
    printed = [];
    jest.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  });

  afterEach(() => {
    jest.restoreAllMocks();
    process.exitCode = undefined;
  });

  test('a goal holds at its limit, on the right side of it, and never without a figure', () => {
    expect(holds(goal({ value: 2 }))).toBe(true);
    expect(holds(goal({ value: 2.01 }))).toBe(false);
    expect(holds(goal({ value: 2.01, direction: 'at least' }))).toBe(true);
    expect(holds(goal({ value: NaN }))).toBe(false);
    expect(holds(goal({ value: NaN, direction: 'at least' }))).toBe(false);
  });

  test('the last line is one JSON object', () => {
    conclude({ bench: 'x', goals: [goal({})], figures: { a: 1 } });
    expect(JSON.parse(printed.at(-1) ?? '')).toEqual({
      bench: 'x',
      ok: true,
      smoke: false,
      goals: [{ ...goal({}), holds: true }],
      figures: { a: 1 },
    });
    expect(process.exitCode).toBeUndefined();
  });

  test('a missed goal fails the run', () => {
    conclude({ bench: 'x', goals: [goal({}), goal({ value: 3 })], figures: {} });
    expect(process.exitCode).toBe(1);
    expect(JSON.parse(printed.at(-1) ?? '')).toMatchObject({ ok: false });
  });

  test('a missed goal of a smoke run does not', () => {
    conclude({ bench: 'x', goals: [goal({ value: 3 })], figures: {}, smoke: true });
    expect(process.exitCode).toBeUndefined();
  });

  test('figures stand under each other, words do not', () => {
    expect(table('Title', ['who', 'ms'], [['a', '1.5'], ['bcde', '12']]).split('\n')).toEqual([
      '', 'Title', '', 'who    ms', '----  ---', 'a     1.5', 'bcde   12', '',
    ]);
  });

  test('a figure has the digits that say something', () => {
    expect([0.12345, 12.345, 123.45, 12_345, 7].map(figure)).toEqual(['0.123', '12.3', '123', '12,345', '7']);
  });
});
