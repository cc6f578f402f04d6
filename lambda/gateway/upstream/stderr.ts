import { LineSplitter } from './line-splitter';

const MAX_LINE_BYTES = 2 * 1024;
/** Lines in one period of {@link PERIOD_MS}; what is above is counted, not passed on. */
const MAX_LINES = 200;
const PERIOD_MS = 10_000;

/** `bytes` on one line of a log: control and bidirectional characters escaped, so that a server cannot forge or hide lines. */
export function printableLine(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

/** What a server writes to its standard error, line by line, bounded in length and in number. */
export class StderrReader {
  private readonly splitter: LineSplitter;
  private periodStart = -Infinity;
  private lines = 0;

  constructor(
    private readonly onLine: (line: string) => void,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.splitter = new LineSplitter(MAX_LINE_BYTES, {
      onLine: (line) => this.pass(line, ''),
      onTooLong: (start) => this.pass(start, '…'),
    });
  }

  feed(chunk: Buffer): void {
    this.splitter.feed(chunk);
  }

  end(): void {
    this.splitter.end();
    this.reportDropped();
  }

  private pass(line: Buffer, suffix: string): void {
    const now = this.clock();
    if (now - this.periodStart >= PERIOD_MS) {
      this.reportDropped();
      this.periodStart = now;
      this.lines = 0;
    }
    this.lines += 1;
    if (this.lines <= MAX_LINES) this.onLine(printableLine(line) + suffix);
  }

  private reportDropped(): void {
    if (this.lines > MAX_LINES) this.onLine(`(${this.lines - MAX_LINES} more lines were dropped)`);
  }
}
