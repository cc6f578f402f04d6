import type { Replica } from '../replicas/replica';

/** Memory of one gateway after a collection of garbage, when so many calls had been made. */
export interface MemorySample {
  readonly replica: number;
  readonly calls: number;
  readonly heapMiB: number;
  readonly rssMiB: number;
  readonly handles: number;
}

const MIB = 1024 * 1024;

export async function sampleMemory(replicas: readonly Replica[], calls: number): Promise<readonly MemorySample[]> {
  const memories = await Promise.all(replicas.map((replica) => replica.memory()));
  return memories.map(({ rss, heapUsed, external, handles }, replica) => ({ replica, calls, heapMiB: (heapUsed + external) / MIB, rssMiB: rss / MIB, handles }));
}

/** Least squares: how much `of` grows with each 10,000 calls. 0 for fewer than three samples. */
export function slopePer10k(samples: readonly MemorySample[], of: (sample: MemorySample) => number): number {
  if (samples.length < 3) return 0;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(samples.map(({ calls }) => calls)), mean(samples.map(of))];
  const covariance = samples.reduce((sum, sample) => sum + (sample.calls - x) * (of(sample) - y), 0);
  const variance = samples.reduce((sum, { calls }) => sum + (calls - x) ** 2, 0);
  return variance === 0 ? 0 : (10_000 * covariance) / variance;
}
