import type { Writable } from 'node:stream';
import type { AuditEvent, AuditSink } from './event';
import { writeEventLine } from './event-line';

export interface JsonLinesSinkOptions {
  /** Above this many bytes that wait for the stream, the sink is not ready. @default 8388608 */
  readonly maxWaitingBytes?: number;
  /** Above this many, events are lost; refusals above three quarters of it. @default - twice `maxWaitingBytes` */
  readonly maxKeptBytes?: number;
  /** How long `flush` waits for the stream, milliseconds. @default 2000 */
  readonly flushMs?: number;
}

const DEFAULT_WAITING_BYTES = 8 * 1024 * 1024;

/** A stream, perhaps one that takes lines at once where none waits. */
export type LineStream = Writable & { tryAppend?(lines: readonly string[]): number };

/**
 * Appends one JSON object a line to `stream`. Events wait in memory while the stream is slow; with too many waiting the
 * sink says that it is not ready, and with still more it drops events. A gap is never silent: the next line that fits
 * is `{"lost": <number of events>}`, and `flush` rejects.
 */
export function createJsonLinesSink(stream: LineStream, options: JsonLinesSinkOptions = {}): AuditSink {
  const { maxWaitingBytes = DEFAULT_WAITING_BYTES, maxKeptBytes = 2 * maxWaitingBytes, flushMs = 2_000 } = options;
  let unmarkedLosses = 0;
  let unreportedLosses = 0;
  let failure: Error | undefined;
  stream.on('error', (error) => {
    failure = error;
  });

  function lose(): void {
    unmarkedLosses += 1;
    unreportedLosses += 1;
  }

  function keep({ decision }: AuditEvent, line: string | undefined): void {
    const most = decision === 'deny' && stream.writableLength > maxWaitingBytes ? 0.75 * maxKeptBytes : maxKeptBytes;
    if (line === undefined || !stream.writable || stream.writableLength > most) return lose();
    if (unmarkedLosses > 0) {
      stream.write(`{"lost":${unmarkedLosses}}\n`);
      unmarkedLosses = 0;
    }
    stream.write(`${line}\n`);
  }

  function writeAll(events: readonly AuditEvent[]): void {
    const lines = events.map(lineOf);
    // A gap comes first.
    const taken = unmarkedLosses === 0 && lines.every((line) => line !== undefined) ? (stream.tryAppend?.(lines) ?? 0) : 0;
    for (let index = taken; index < lines.length; index += 1) keep(events[index] as AuditEvent, lines[index]);
  }

  return {
    write: (event) => writeAll([event]),
    writeAll,
    async flush() {
      if (stream.writable) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve, reject) => {
          timer = setTimeout(() => reject(new Error('Audit events still wait for their stream')), flushMs);
          // Called back after all that was written before it.
          stream.write('', (error) => (error ? reject(error) : resolve()));
        }).finally(() => clearTimeout(timer));
      }
      const losses = unreportedLosses;
      unreportedLosses = 0;
      if (failure !== undefined) throw new Error('Audit events could not be written to their stream', { cause: failure });
      if (losses > 0) throw new Error(`${losses} audit events were lost because their stream did not take them`);
    },
    ready() {
      return stream.writable && stream.writableLength <= maxWaitingBytes;
    },
  };
}

function lineOf(event: AuditEvent): string | undefined {
  try {
    return writeEventLine(event);
  } catch {
    return undefined;
  }
}
