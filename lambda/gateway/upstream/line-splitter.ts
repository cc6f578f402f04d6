import { ByteCollector } from './bytes';

const LF = 0x0a;
const CR = 0x0d;

export interface LineObserver {
  /** One line without its end. Empty lines are passed over. */
  onLine(line: Buffer): void;
  /** A line grew above the limit. What follows, up to its end, is dropped. */
  onTooLong(start: Buffer): void;
}

/** Cuts chunks into lines (LF or CRLF) of at most `maxBytes`, holding no more than one unfinished line. */
export class LineSplitter {
  private readonly line = new ByteCollector();
  private dropping = false;

  constructor(
    private readonly maxBytes: number,
    private readonly observer: LineObserver,
  ) {}

  feed(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      this.add(chunk.subarray(start, end));
      this.finishLine();
      start = end + 1;
    }
    if (start < chunk.length) this.add(chunk.subarray(start));
  }

  /** The end of the input ends the last line, too. */
  end(): void {
    if (this.line.length > 0) this.finishLine();
  }

  private add(piece: Buffer): void {
    if (this.dropping) return;
    this.line.add(piece);
    if (this.line.length <= this.maxBytes) return;
    const start = this.line.take().subarray(0, this.maxBytes);
    this.dropping = true;
    this.observer.onTooLong(start);
  }

  private finishLine(): void {
    if (this.dropping) {
      this.dropping = false;
      return;
    }
    const whole = this.line.take();
    const line = whole[whole.length - 1] === CR ? whole.subarray(0, -1) : whole;
    if (line.length > 0) this.observer.onLine(line);
  }
}
