import { setImmediate } from 'node:timers';
import type { AuditEvent, AuditSink } from './event';
import { teeSinks } from './tee-sinks';

export interface BatchingSinkOptions {
  /** Keeps each event before anybody gets the answer that it is about. @default - nobody's answer waits */
  readonly recorder?: AuditSink;
  /** Get each event when the answers that are ready have left. */
  readonly observers: readonly AuditSink[];
}

/**
 * Hands on the events of requests that end together all at once: one write to the file for them, and each of those who look at them
 * looks at all before the next one does. Under load that takes a third of what one event after the other takes.
 */
export function createBatchingSink({ recorder, observers }: BatchingSinkOptions): AuditSink {
  const everybody = teeSinks(...(recorder === undefined ? [] : [recorder]), ...observers);
  let unrecorded: AuditEvent[] = [];
  let unobserved: AuditEvent[] = [];
  let recording: Promise<void> | undefined;

  function record(): void {
    const events = unrecorded;
    unrecorded = [];
    recording = undefined;
    if (recorder !== undefined && events.length > 0) hand(events, recorder);
  }

  function observe(): void {
    record();
    const events = unobserved;
    unobserved = [];
    for (const observer of observers) hand(events, observer);
  }

  return {
    write(event) {
      unrecorded.push(event);
      if (unobserved.push(event) === 1) setImmediate(observe);
    },
    flush() {
      observe();
      return everybody.flush();
    },
    ready: () => everybody.ready?.() ?? true,
    recorded(atOnce) {
      if (atOnce || recorder === undefined) record();
      if (unrecorded.length === 0) return undefined;
      // When all that goes on together has come as far as this.
      return (recording ??= new Promise((resolve) => process.nextTick(() => (record(), resolve()))));
    },
  };
}

function hand(events: readonly AuditEvent[], sink: AuditSink): void {
  try {
    if (sink.writeAll !== undefined) sink.writeAll(events);
    else for (const event of events) sink.write(event);
  } catch {
    // The contract of a sink forbids it; the others still get the events.
  }
}
