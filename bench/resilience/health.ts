import { setTimeout as pause } from 'node:timers/promises';
import type { Replica } from '../replicas/replica';

export interface Health {
  /** Answers to `/healthz` so far. */
  readonly answers: number;
  /** Times that an orchestrator would have started a gateway again that was there. */
  readonly failures: number;
  stop(): void;
}

/** As an orchestrator asks: so often, so patiently, and so many times before it acts. */
const PAUSE_MS = 250;
const PATIENCE_MS = 2_000;
const SILENCES = 3;

/** Asks each gateway whether it lives. One whose port is closed is not there. */
export function watchHealth(replicas: readonly Replica[]): Health {
  const counted = { answers: 0, failures: 0 };
  let stopped = false;

  async function watch({ port }: Replica): Promise<void> {
    for (let silences = 0; !stopped; await pause(PAUSE_MS)) {
      const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS), headers: { connection: 'close' } }).catch((error: Error) => error);
      const isThere = !(answer instanceof Error) || answer.name === 'TimeoutError';
      const isAlive = !(answer instanceof Error) && answer.status === 200;
      if (isAlive) counted.answers += 1;
      silences = isThere && !isAlive ? silences + 1 : 0;
      if (silences === SILENCES) counted.failures += 1;
    }
  }

  for (const replica of replicas) void watch(replica);
  return Object.assign(counted, {
    stop: () => {
      stopped = true;
    },
  });
}
