import { writeSync } from 'node:fs';

export interface KeptOutputOptions {
  /** Writes some of the bytes and answers how many, or throws what the system says. @default fs.writeSync to standard output */
  readonly write?: (bytes: Uint8Array) => number;
  /** Between two attempts to write what was not taken, milliseconds. @default 250 */
  readonly retryMs?: number;
  /** How long a reader that is behind may hold up a line, milliseconds. @default 100 */
  readonly patienceMs?: number;
  /** How much is kept for a disk that is full or a reader that is gone; refusals take half of it at most. @default 8388608 */
  readonly maxKeptBytes?: number;
}

/** Lines that are with the operating system when `write` returns, or else kept and written as soon as it takes them. */
export interface KeptOutput {
  /** Never throws. @param isRefusal what need not be kept where room is scarce */
  write(line: string, isRefusal?: boolean): void;
  /** Whether everything was taken, so that the next line probably is. */
  ready(): boolean;
  /** @throws Error where lines were lost since the last `flush`, or are still kept */
  flush(): void;
}

const STANDARD_OUTPUT = 1;
const DEFAULT_KEPT_BYTES = 8 * 1024 * 1024;
const PAUSE_MS = 2;
/** A reader that is behind, as opposed to one that is gone or a disk that is full. */
const BEHIND = new Set(['EAGAIN', 'EBUSY']);

/**
 * For a log that other programs collect (LOG-1). A line that was taken in part goes on where it ended, so that no line is torn or
 * there twice. What does not fit into memory either is counted, in a line of its own: `{"kind":"audit","lost":<lines>}`.
 */
export function createKeptOutput(options: KeptOutputOptions = {}): KeptOutput {
  const { write = (bytes: Uint8Array) => writeSync(STANDARD_OUTPUT, bytes), retryMs = 250, patienceMs = 100, maxKeptBytes = DEFAULT_KEPT_BYTES } = options;
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let unmarkedLosses = 0;
  let unreportedLosses = 0;
  let retry: NodeJS.Timeout | undefined;

  /** Answers how much of the bytes was not taken. */
  function push(bytes: Buffer): Buffer {
    let left = bytes;
    for (let waited = 0; left.length > 0; ) {
      try {
        const taken = write(left);
        if (taken === 0) break;
        left = left.subarray(taken);
      } catch (error) {
        if (!BEHIND.has((error as NodeJS.ErrnoException).code ?? '') || waited >= patienceMs) break;
        pauseThread(PAUSE_MS);
        waited += PAUSE_MS;
      }
    }
    return left;
  }

  function keep(bytes: Buffer): void {
    kept.push(bytes);
    keptBytes += bytes.length;
    retry ??= setTimeout(tryAgain, retryMs).unref();
  }

  function tryAgain(): void {
    clearTimeout(retry);
    retry = undefined;
    for (let next = kept.shift(); next !== undefined; next = kept.shift()) {
      const left = push(next);
      keptBytes -= next.length - left.length;
      if (left.length === 0) continue;
      kept.unshift(left);
      retry = setTimeout(tryAgain, retryMs).unref();
      return;
    }
    markLosses();
  }

  function markLosses(): void {
    if (unmarkedLosses === 0) return;
    const mark = Buffer.from(`{"kind":"audit","lost":${unmarkedLosses}}\n`);
    unmarkedLosses = 0;
    const left = push(mark);
    if (left.length > 0) keep(left);
  }

  return {
    write(line, isRefusal = false) {
      const bytes = Buffer.from(line);
      if (kept.length === 0) {
        const left = push(bytes);
        if (left.length > 0) keep(left);
      } else if (keptBytes + bytes.length <= (isRefusal ? maxKeptBytes / 2 : maxKeptBytes)) {
        keep(bytes);
      } else {
        unmarkedLosses += 1;
        unreportedLosses += 1;
      }
    },
    ready: () => kept.length === 0,
    flush() {
      if (kept.length > 0) tryAgain();
      const losses = unreportedLosses;
      unreportedLosses = 0;
      if (kept.length > 0) throw new Error(`${keptBytes} bytes of the log could not be written`);
      if (losses > 0) throw new Error(`${losses} lines of the log were lost because nobody took them`);
    },
  };
}

let shared: KeptOutput | undefined;

/** Standard output of this process: all who write events to it share one, so that lines do not end up within each other. */
export function standardOutput(): KeptOutput {
  return (shared ??= createKeptOutput());
}

function pauseThread(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
