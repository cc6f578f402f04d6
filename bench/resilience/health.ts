import type { Replica } from '../replicas/replica';

export interface Health {
  /** Answers to `/healthz` so far. */
  readonly answers: number;
  /** Questions to a gateway that listens that got none, or another than 200. */
  readonly failures: number;
  stop(): void;
}

const PAUSE_MS = 250;
/** As patient as an orchestrator. */
const PATIENCE_MS = 2_000;

/** Asks each gateway whether it lives, as an orchestrator does. One whose port is closed is not there, and is not asked. */
export function watchHealth(replicas: readonly Replica[]): Health {
  const counted = { answers: 0, failures: 0 };
  const ask = async ({ port }: Replica) => {
    try {
      const { status } = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS), headers: { connection: 'close' } });
      if (status === 200) counted.answers += 1;
      else counted.failures += 1;
    } catch (error) {
      if ((error as Error).name === 'TimeoutError') counted.failures += 1;
    }
  };
  const timer = setInterval(() => replicas.forEach((replica) => void ask(replica)), PAUSE_MS);
  return Object.assign(counted, { stop: () => clearInterval(timer) });
}
