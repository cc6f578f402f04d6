/** A part of the gateway to be fuzzed. */
import * as fc from 'fast-check';

export interface Target {
  /** As in `--only`. */
  readonly name: string;
  /** What is done to what, for the table. */
  readonly title: string;
  /** Of all the time there is. */
  readonly share: number;
  start(): Promise<RunningTarget>;
}

export interface RunningTarget {
  /** What must hold for every case. Throws where it does not. */
  readonly property: fc.IAsyncProperty<[unknown]>;
  close(): Promise<void>;
}

/** The property that `check` throws for no case of `cases`. */
export function holdsFor<T>(cases: fc.Arbitrary<T>, check: (drawn: T) => Promise<void>): fc.IAsyncProperty<[unknown]> {
  return fc.asyncProperty<[unknown]>(cases, (drawn) => check(drawn as T));
}

/** Runs `check` and adds what the case was to whatever it throws. */
export async function explained(describe: () => string, check: () => Promise<void> | void): Promise<void> {
  try {
    await check();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\n${describe()}`, { cause: error });
  }
}
