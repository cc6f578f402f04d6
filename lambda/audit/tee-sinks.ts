import type { AuditSink } from './event';

/** Writes every event to all of `sinks`. One that fails does not keep events from the others. */
export function teeSinks(...sinks: readonly AuditSink[]): AuditSink {
  return {
    write(event) {
      for (const sink of sinks) {
        try {
          sink.write(event);
        } catch {
          // The contract of a sink forbids it; the others still get the event.
        }
      }
    },
    async flush() {
      const outcomes = await Promise.allSettled(sinks.map((sink) => sink.flush()));
      const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
      if (failures.length > 0) throw new AggregateError(failures, 'Not all audit sinks kept their events');
    },
    ready() {
      return sinks.every((sink) => sink.ready?.() ?? true);
    },
  };
}
