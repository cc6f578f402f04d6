import { setImmediate, setTimeout } from 'node:timers';
import type { AuditEvent, AuditSink } from './event';
import { teeSinks } from './tee-sinks';

export interface BatchingSinkOptions {
  /** Keeps each event before anybody gets the answer that it is about. @default - nobody's answer waits */
  readonly recorder?: AuditSink;
  /** Get each event a few milliseconds after its answer has left. */
  readonly observers: readonly AuditSink[];
}

/** Milliseconds until those who look at events look at them, and how many of them are not waited for longer. */
const OBSERVED_AFTER_MS = 5;
const MANY = 32;

/**
 * Hands on the events of requests that end together all at once: one write to the file for them before their answers, and for those who only
 * look at them those of some milliseconds, one observer after the other. What one event needs is then still in the processor's caches
 * for the next, and requests find there what they need.
 */
export function createBatchingSink({ recorder, observers }: BatchingSinkOptions): AuditSink {
  const everybody = teeSinks(...(recorder === undefined ? [] : [recorder]), ...observers);
  let unrecorded: AuditEvent[] = [];
  let unobserved: AuditEvent[] = [];
  let recording: Promise<void> | undefined;
  let observing: NodeJS.Timeout | undefined;

  function record(): void {
    const events = unrecorded;
    unrecorded = [];
    recording = undefined;
    if (recorder !== undefined && events.length > 0) hand(events, recorder);
  }

  function observe(): void {
    clearTimeout(observing);
    observing = undefined;
    record();
    const events = unobserved;
    unobserved = [];
    for (const observer of observers) hand(events, observer);
  }

  return {
    write(event) {
      // Whoever ends a stream does not ask whether it is recorded.
      if (unrecorded.push(event) === 1 && recorder !== undefined) setImmediate(record);
      unobserved.push(event);
      if (unobserved.length === MANY) setImmediate(observe);
      else observing ??= setTimeout(observe, OBSERVED_AFTER_MS);
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
