import pino from 'pino';
import type { DestinationStream } from 'pino';
import type { AuditSink } from './event';
import { escapeUnprintable } from './unprintable';

const LEVELS = { allow: 'info', deny: 'warn', error: 'error' } as const;

export interface PinoSinkOptions {
  /** @default - standard output, written before `write` returns, because a Lambda function is frozen between requests */
  readonly destination?: DestinationStream;
}

/**
 * Structured log lines for CloudWatch Logs: the event with `"kind": "audit"` and a `level` (`info` allowed, `warn`
 * denied, `error` failed), so that metric filters and the function's own log lines tell it apart.
 */
export function createPinoSink(options: PinoSinkOptions = {}): AuditSink {
  const standardOutput = options.destination === undefined ? pino.destination({ dest: 1, sync: true }) : undefined;
  const destination = options.destination ?? standardOutput!;
  const logger = pino(
    { base: { kind: 'audit' }, timestamp: false, formatters: { level: (level) => ({ level }) } },
    { write: (line) => destination.write(`${escapeUnprintable(line.trimEnd())}\n`) },
  );
  return {
    write(event) {
      logger[LEVELS[event.decision]](event);
    },
    async flush() {
      standardOutput?.flushSync();
    },
  };
}
