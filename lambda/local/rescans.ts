import { probeServers } from '../discovery';
import type { ServerOptions } from '../gateway';
import type { LocalRegistry } from './registry';

/** What asks all servers again from time to time. */
export interface Rescans {
  /** Resolves when the one that runs has ended. */
  stop(): Promise<void>;
}

const MINUTE_MS = 60_000;

/**
 * Asks all servers every `minutes` what they offer, and scans all that is known again: so that a change is found also where
 * nobody uses the tool (TD-4), and an approval also by the detector of a newer release (TV-4).
 * @param minutes - 0 for never.
 */
export function startRescans(servers: readonly ServerOptions[], registry: LocalRegistry, minutes: number, onError: (error: unknown) => void): Rescans {
  let running: Promise<void> | undefined;
  if (minutes === 0) return { stop: () => Promise.resolve() };
  const timer = setInterval(() => {
    running ??= rescan(servers, registry).catch(onError).finally(() => {
      running = undefined;
    });
  }, minutes * MINUTE_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Who takes the steps, in the history. */
const SCHEDULE = 'schedule';

/** @throws Error that names the servers which could not be asked; what the others offer is noted nevertheless */
async function rescan(servers: readonly ServerOptions[], registry: LocalRegistry): Promise<void> {
  const probe = await probeServers(servers);
  try {
    await registry.rescan(probe, SCHEDULE);
    const failed = [...probe.results.values()].flatMap((result) => (result.ok ? [] : [result.reason]));
    if (failed.length > 0) throw new Error(failed.join(' '));
  } finally {
    await probe.close();
  }
}
