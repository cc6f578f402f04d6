/** Numbers that look random and are the same for the same seed (mulberry32), in the distributions that the workload needs. */
export interface Random {
  /** Uniform, 0 to 1. */
  next(): number;
  chance(probability: number): boolean;
  /** 0 to `count` - 1. */
  pick(count: number): number;
  /** Poisson arrivals: the time between two of them. */
  exponential(mean: number): number;
  /** Waiting times of people and programs: most are short, some are long. */
  logNormal(median: number, sigma: number): number;
  /** At least 1. */
  geometric(mean: number): number;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    next,
    chance: (probability) => next() < probability,
    pick: (count) => Math.floor(next() * count),
    exponential: (mean) => -mean * Math.log(1 - next()),
    logNormal: (median, sigma) => median * Math.exp(sigma * normal()),
    geometric: (mean) => 1 + Math.floor(Math.log(1 - next()) / Math.log(1 - 1 / Math.max(mean, 1.000_001))),
  };
}
