export interface DiscoveriesOptions {
  /** Asks once, and answers whether every server did. */
  readonly discover: () => Promise<boolean>;
  readonly intervalMs: number;
  /** No more of them once it is aborted. One that is under way is not waited for: whatever it noted is whole. */
  readonly signal: AbortSignal;
  /** Hears of what failed. */
  readonly onError: (error: unknown) => void;
  /** Calls something after so many milliseconds. @default - setTimeout, which keeps no process alive */
  readonly after?: (milliseconds: number, call: () => void) => void;
}

const FIRST_RETRY_MS = 60_000;

/**
 * Asks all servers what they offer, now and every `intervalMs`. Where one does not answer, as when all start together, all are asked again after a minute, and then
 * after twice as long each time.
 */
export function startDiscoveries({ discover, intervalMs, signal, onError, after = later }: DiscoveriesOptions): void {
  let retryMs = FIRST_RETRY_MS;

  async function ask(): Promise<void> {
    if (signal.aborted) return;
    const isComplete = await discover().catch((error: unknown) => {
      onError(error);
      return false;
    });
    after(isComplete ? intervalMs : Math.min(retryMs, intervalMs), () => void ask());
    retryMs = isComplete ? FIRST_RETRY_MS : 2 * retryMs;
  }

  void ask();
}

function later(milliseconds: number, call: () => void): void {
  setTimeout(call, milliseconds).unref();
}
