/** Runs targets for a time and reports what they found. */
import * as fc from 'fast-check';
import type { Target } from './target';

export interface RunOptions {
  /** Of the first run; the ones that follow take the seeds after it. */
  readonly seed: number;
  /** Repeats one counterexample instead. */
  readonly path?: string;
  readonly milliseconds: number;
  /** @default - as many as there is time for */
  readonly cases?: number;
  /** How long one case may take, milliseconds. @default 20000 */
  readonly caseMs?: number;
  /** Called before every case. */
  onCase?(target: string, seed: number): void;
}

export interface Outcome {
  readonly target: string;
  readonly cases: number;
  readonly milliseconds: number;
  readonly finding?: Finding;
}

export interface Finding {
  readonly target: string;
  readonly seed: number;
  readonly path: string;
  /** What did not hold, and the shrunk case. */
  readonly explanation: string;
}

/** Cases of one seed: few, so that a counterexample is found again soon. */
const CASES_OF_A_SEED = 100;
/** A counterexample is good enough after this long. */
const SHRINK_MS = 20_000;

/** Until the time is over, or something is found. */
export async function runTarget(target: Target, options: RunOptions): Promise<Outcome> {
  const { path, caseMs = 20_000 } = options;
  const started = Date.now();
  const passed = () => Date.now() - started;
  const { property, close } = await target.start();
  let cases = 0;
  let seed = options.seed;
  let failedAt: number | undefined;
  const run = property.run.bind(property);
  property.run = async (value) => {
    const isEnough = failedAt === undefined ? path === undefined && passed() > options.milliseconds : Date.now() - failedAt > SHRINK_MS;
    if (isEnough) return null;
    cases += 1;
    options.onCase?.(target.name, seed);
    const result = await bounded(run(value), caseMs);
    if (result !== null) failedAt ??= Date.now();
    return result;
  };
  try {
    for (; ; seed += 1) {
      const numRuns = Math.min(CASES_OF_A_SEED, (options.cases ?? Infinity) - cases);
      const details = await fc.check(property, path === undefined ? { seed, numRuns } : { seed, path });
      if (details.failed) {
        const finding = { target: target.name, seed, path: details.counterexamplePath ?? '', explanation: explain(details) };
        return { target: target.name, cases, milliseconds: passed(), finding };
      }
      const isOver = path !== undefined || passed() > options.milliseconds || cases >= (options.cases ?? Infinity);
      if (isOver) return { target: target.name, cases, milliseconds: passed() };
    }
  } finally {
    await close();
  }
}

function explain({ errorInstance, counterexample, numShrinks }: fc.RunDetails<[unknown]>): string {
  const message = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return `${message}\ncase, after ${numShrinks} steps of shrinking: ${fc.stringify(counterexample).slice(0, 4_000)}`;
}

type Result = fc.PreconditionFailure | { error: unknown } | null;

async function bounded(result: Result | Promise<Result>, ms: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Result>((resolve) => {
    timer = setTimeout(() => resolve({ error: new Error(`a case was not over after ${ms} ms`) }), ms);
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}
