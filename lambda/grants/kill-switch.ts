import type { Mark, Marks, MarkStore } from './marks';
import type { GrantPrincipal } from './grant';

/** What the gateway asks before anything else of each request (JIT-4). */
export interface KillSwitch {
  /**
   * Resolves when what it says is new enough; `undefined` where it already is, so that a busy gateway never waits.
   * Where it cannot be read any more, `blockOf` says so.
   */
  current(): Promise<void> | undefined;
  /** Why a call is not to be served. At once, without I/O. */
  blockOf(principal: GrantPrincipal, server: string, tool?: string, address?: string): Block | undefined;
  /** Why nothing from this address is to be served, as far as is known: for a refusal before it is known who calls. At once, without I/O. */
  blockOfAddress(address: string | undefined): Block | undefined;
  close(): void;
}

export type Block = { readonly kind: 'blocked'; readonly mark: Mark } | { readonly kind: 'unreadable' };

export interface KillSwitchOptions {
  readonly marks: MarkStore;
  /** How often it is read, milliseconds. @default 250 */
  readonly refreshMs?: number;
  /** A request waits for a new reading where the last one is older, milliseconds. @default 500 */
  readonly maxAgeMs?: number;
  /** Nothing is served where the last good reading is older and a new one fails, milliseconds. @default 1000 */
  readonly maxStaleMs?: number;
  /** Monotonic, milliseconds. @default performance.now */
  readonly elapsed?: () => number;
  readonly onError?: (error: unknown) => void;
}

/**
 * Follows the marks of a store. A function that sleeps between requests reads before it serves the next one; a server that
 * is busy reads by the clock. Either way a block holds everywhere within a second.
 */
export function createKillSwitch(options: KillSwitchOptions): KillSwitch {
  const { marks: store, refreshMs = 250, maxAgeMs = 500, maxStaleMs = 1_000, elapsed = () => performance.now(), onError = () => undefined } = options;
  let marks: Marks | undefined;
  let readAt = -Infinity;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const startedAt = elapsed();
    try {
      marks = await store.read();
      readAt = startedAt;
    } catch (error) {
      onError(error);
    } finally {
      reading = undefined;
    }
  }

  const refresh = () => (reading ??= read());
  /** A reading that began before the request may have missed what was set since. */
  async function refreshAnew(): Promise<void> {
    if (reading !== undefined) {
      const before = readAt;
      await reading;
      // After one that failed, another would let the request wait twice as long for the same answer.
      if (readAt === before) return;
    }
    if (elapsed() - readAt > maxAgeMs) await refresh();
  }

  const timer = setInterval(() => void refresh(), refreshMs);
  timer.unref();

  return {
    current: () => (elapsed() - readAt <= maxAgeMs ? undefined : refreshAnew()),
    blockOf(principal, server, tool, address) {
      if (marks === undefined || elapsed() - readAt > maxStaleMs) return { kind: 'unreadable' };
      if (marks.isQuiet) return undefined;
      const mark = marks.blockOf(principal, server, tool, address);
      return mark === undefined ? undefined : { kind: 'blocked', mark };
    },
    blockOfAddress(address) {
      if (marks === undefined || marks.isQuiet || address === undefined) return undefined;
      const mark = marks.blockOfAddress(address);
      return mark === undefined ? undefined : { kind: 'blocked', mark };
    },
    close: () => clearInterval(timer),
  };
}
