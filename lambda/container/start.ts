import { setTimeout as pause } from 'node:timers/promises';

export interface StartOptions {
  /** Hears of each attempt that failed. */
  readonly onError: (error: unknown) => void;
  /** Waits so many milliseconds. @default - setTimeout */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Starts what needs services that may be away now: until they are back, the container lives and is not ready, instead of being started over
 * and over. What no waiting mends, such as a secret that is not one, is thrown.
 */
export async function startWhenPossible<T>(start: () => Promise<T>, { onError, wait = pause }: StartOptions): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await start();
    } catch (error) {
      if (!isOfService(error)) throw error;
      onError(error);
      await wait(pauseMs);
    }
  }
}

/** The AWS SDK notes on its errors, also those of the network, how often it tried. */
function isOfService(error: unknown): boolean {
  return error instanceof Error && '$metadata' in error;
}
