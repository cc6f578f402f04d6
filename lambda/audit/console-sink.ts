import type { Writable } from 'node:stream';
import type { AuditEvent, AuditSink } from './event';
import { rememberTexts } from './remember-texts';
import { escapeUnprintable } from './unprintable';

export interface ConsoleSinkOptions {
  /** Colour the decisions with ANSI sequences. @default false */
  readonly color?: boolean;
}

/** One line a request, for a person who watches: time, decision, who, where, what, why, by which policies, how long, trace. */
export function createConsoleSink(stream: Writable, options: ConsoleSinkOptions = {}): AuditSink {
  const { color = false } = options;

  function writeAll(events: readonly AuditEvent[]): void {
    const lines = events.map((event) => `${formatEvent(event, color)}\n`).join('');
    if (stream.writable) stream.write(lines);
  }

  return {
    write: (event) => writeAll([event]),
    writeAll,
    flush() {
      return new Promise((resolve) => {
        if (stream.writable) stream.write('', () => resolve());
        else resolve();
      });
    },
  };
}

const DECISIONS = {
  allow: { label: 'ALLOW', color: '\u001b[32m' },
  deny: { label: 'DENY ', color: '\u001b[31m' },
  error: { label: 'ERROR', color: '\u001b[33m' },
} as const;
const RESET = '\u001b[0m';
/** Digits of the trace id that are shown; the event in the log has all. */
const SHORT_TRACE = 8;
const MAX_FIELD = 100;

/** `12:30:05.250 DENY  User alice  files tools/call write_file  not_permitted  0.8 ms  trace 4bf92f35` */
function formatEvent(event: AuditEvent, color: boolean): string {
  const { label, color: start } = DECISIONS[event.decision];
  const { principal } = event;
  const columns = [
    `${show(event.time.slice(11, 23))} ${color ? start + label + RESET : label}`,
    principal === undefined ? '-' : `${field(principal.type)} ${field(principal.id)}`,
    [event.server, event.method, event.target].map(field).join(' '),
  ];
  if (event.reason !== undefined) columns.push(field(event.reason));
  if (event.policyIds.length > 0) columns.push(`by ${event.policyIds.map(field).join(',')}`);
  columns.push(`${event.durationMs.toFixed(1)} ms`, `trace ${show(event.traceId.slice(0, SHORT_TRACE))}`);
  return columns.join('  ');
}

const showKnown = rememberTexts(show, MAX_FIELD);

function field(value: string | undefined): string {
  return value === undefined ? '-' : showKnown(value);
}

/** Plain words as they are, anything else in quotes: no value can pass for another column, or for another line. */
function show(value: string): string {
  const shown = value.length > MAX_FIELD ? `${value.slice(0, MAX_FIELD)}…` : value;
  return /^[\w.:/@+~%…-]+$/.test(shown) && shown !== '-' ? shown : escapeUnprintable(JSON.stringify(shown));
}
