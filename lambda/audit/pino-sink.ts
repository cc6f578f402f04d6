import pino from 'pino';
import type { AuditSink } from './event';
import { standardOutput, type KeptOutput } from './kept-output';
import { escapeUnprintable } from './unprintable';

const LEVELS = { allow: 'info', deny: 'warn', error: 'error' } as const;

export interface PinoSinkOptions {
  /** @default - standard output, written before `write` returns, because a Lambda function is frozen between requests */
  readonly destination?: Pick<KeptOutput, 'write'> & Partial<KeptOutput>;
}

/**
 * Structured log lines for CloudWatch Logs: the event with `"kind": "audit"` and a `level` (`info` allowed, `warn`
 * denied, `error` failed), so that metric filters and the function's own log lines tell it apart. Not ready while the lines do
 * not get away, as on a full disk: what cannot be recorded is not served, and nothing of what was served is missing later (LOG-1).
 */
export function createPinoSink(options: PinoSinkOptions = {}): AuditSink {
  const { destination = standardOutput() } = options;
  let isRefusal = false;
  const logger = pino(
    { base: { kind: 'audit' }, timestamp: false, formatters: { level: (level) => ({ level }) } },
    { write: (line) => destination.write(`${escapeUnprintable(line.trimEnd())}\n`, isRefusal) },
  );
  return {
    write(event) {
      isRefusal = event.decision === 'deny';
      logger[LEVELS[event.decision]](event);
    },
    async flush() {
      destination.flush?.();
    },
    ready: () => destination.ready?.() ?? true,
  };
}
