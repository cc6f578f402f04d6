import { closeSync, fstatSync, openSync, readSync, realpathSync, writeSync } from 'node:fs';
import { createHash, type KeyObject } from 'node:crypto';
import { Writable } from 'node:stream';
import { signedLine } from './checkpoint';
import type { CheckpointMemory } from './checkpoint-memory';
import { lineDigest, linkedLine, newWriterId, NO_LINE_BEFORE, roomFor, writeLinkedLine } from './entry';

export interface ChainedFileOptions {
  readonly file: string;
  /** Private, ECDSA P-256. Signs checkpoints. */
  readonly key: KeyObject;
  readonly memory: CheckpointMemory;
  /** How long an entry waits for a checkpoint, milliseconds. @default 1000 */
  readonly checkpointMs?: number;
  /** Between two attempts to write what a full disk did not take, milliseconds. @default 250 */
  readonly retryMs?: number;
  /** Appends some of the bytes and answers how many. @default fs.writeSync */
  readonly write?: (descriptor: number, bytes: Uint8Array) => number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** Where a writer's chain is. */
export interface ChainHead {
  readonly writer: string;
  /** Lines of the writer, checkpoints too. */
  readonly lines: number;
  /** SHA-256 of its last line, hexadecimal. */
  readonly digest: string;
  /** When it signed a checkpoint last, milliseconds since the epoch. */
  readonly signedAt: number;
  /** Lines after that checkpoint, which wait for the next. */
  readonly unsigned: number;
}

export interface ChainedFile extends Writable {
  head(): ChainHead;
  /**
   * Writes lines, without their line feeds, where none waits: in one piece, and without what a stream does around each. Answers how many
   * are in the file; the very next `write` must be of the first that is not, because some of it may be.
   */
  tryAppend(lines: readonly string[]): number;
}

/**
 * A file that JSON objects are appended to, one a line and one a `write`, each chained to the writer's line before; several
 * processes may write to the same file. Each line is with the operating system before `write` returns (LOG-1). A signed
 * checkpoint stands at the start, within a second after any entry, and at the end (LOG-4). What a full disk does not take waits in the
 * stream (`writableLength`) until there is room, and goes on where it ended; where others wrote in between, as another writer.
 *
 * @throws where the file cannot be opened
 */
export function openChainedFile({ file, key, memory, checkpointMs = 1_000, retryMs = 250, write = writeSync, clock = Date.now }: ChainedFileOptions): ChainedFile {
  const descriptor = openSync(file, 'a+', 0o600);
  const path = realpathSync(file);
  let writer = newWriterId();
  /** Whether the writer's first checkpoint is in the file. */
  let begun = false;
  let open: OpenLine | undefined;
  let seq = 0;
  let prev = NO_LINE_BEFORE;
  /** The last line, where `prev` is not its digest yet. */
  let undigested: Uint8Array | undefined;
  const page = Buffer.allocUnsafeSlow(PAGE);
  let signedAt = 0;
  let signedSeq = 0;
  let timer: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;
  let signedTo = endAnOpenLine(descriptor);

  /** SHA-256 of the writer's last line, made when the next one needs it, together with those of that write. */
  function digestLast(): string {
    if (undigested !== undefined) prev = lineDigest(undigested);
    undigested = undefined;
    return prev;
  }

  function append(line: string, done?: () => void, entry?: string): void {
    put({ bytes: Buffer.from(`${line}\n`), written: 0, entry, done });
  }

  function put(line: OpenLine): void {
    open = line;
    try {
      while (line.written < line.bytes.length) line.written += write(descriptor, line.written === 0 ? line.bytes : line.bytes.subarray(line.written));
    } catch (error) {
      if (line.written === 0) open = undefined;
      throw error;
    }
    open = undefined;
    undigested = line.bytes.subarray(0, -1);
    seq += 1;
    line.done?.();
  }

  function appendEntry(text: string, done?: () => void): void {
    append(linkedLine({ writer, seq, prev: digestLast() }, text), done, text);
    timer ??= setTimeout(checkpointLater, checkpointMs).unref();
  }

  /** Several entries in one piece, as far as there is room. Answers how many are in the file. */
  function appendEntries(entries: readonly string[]): number {
    let room = 0;
    for (const entry of entries) room += roomFor(entry);
    const all = room > page.length ? Buffer.allocUnsafe(room) : page;
    /** Of the lines, after the beginning. */
    const ends = [0];
    let before = digestLast();
    let end = 0;
    for (let index = 0; index < entries.length; index += 1) {
      const start = end;
      end = writeLinkedLine(all, start, { writer, seq: seq + index, prev: before }, entries[index] as string);
      ends.push(end);
      if (index + 1 < entries.length) before = lineDigest(all.subarray(start, end - 1));
    }
    const bytes = all.subarray(0, end);
    let written = 0;
    try {
      while (written < bytes.length) written += write(descriptor, written === 0 ? bytes : bytes.subarray(written));
    } catch {
      // What is missing is written by the stream, which says what is wrong where it is not lack of room.
    }
    let complete = entries.length;
    while ((ends[complete] as number) > written) complete -= 1;
    const from = ends[complete] as number;
    if (written > from) open = { bytes: Buffer.from(bytes.subarray(from, ends[complete + 1])), written: written - from, entry: entries[complete], done: undefined };
    if (complete === 0) return 0;
    undigested = all.subarray(ends[complete - 1], from - 1);
    seq += complete;
    timer ??= setTimeout(checkpointLater, checkpointMs).unref();
    return complete;
  }

  /** Goes on where a full disk ended a line, or, where somebody else has written since, begins as another writer. */
  function makeReady(): void {
    if (open !== undefined && endsWith(descriptor, open.bytes.subarray(0, open.written))) put(open);
    else if (open !== undefined) {
      endAnOpenLine(descriptor);
      writer = newWriterId();
      [open, begun, seq, prev, undigested] = [undefined, false, 0, NO_LINE_BEFORE, undefined];
    }
    if (!begun) checkpoint(false);
  }

  function checkpoint(final: boolean): void {
    clearTimeout(timer);
    timer = undefined;
    const { size } = fstatSync(descriptor);
    const bytes = { from: Math.min(signedTo, size), to: size };
    const line = signedLine({ writer, seq, prev: digestLast() }, { kind: 'checkpoint', time: new Date(clock()).toISOString(), final, ...bytes, sha256: digestOfRange(descriptor, bytes) }, key);
    append(line, () => {
      begun = true;
      signedTo = size;
      signedAt = clock();
      signedSeq = seq;
      memory.save({ file: path, writer, seq: seq - 1, digest: digestLast() });
    });
  }

  /** Tries until the entry is in the file: `text` is either not there yet, or the line that was begun. */
  function writeEntry(text: string, done: (error?: Error) => void): void {
    let isIn = false;
    const enter = () => (isIn = true);
    // Begun by `tryAppend`.
    if (open?.entry === text) open.done = enter;
    const attempt = () => {
      try {
        makeReady();
        if (!isIn) appendEntry(text, enter);
        done();
      } catch (error) {
        if (isLackOfRoom(error)) retry = setTimeout(attempt, retryMs).unref();
        else done(error as Error);
      }
    };
    attempt();
  }

  const stream: Writable = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      if (text === '') return done();
      writeEntry(text.endsWith('\n') ? text.slice(0, -1) : text, done);
    },
    final(done) {
      try {
        makeReady();
        checkpoint(true);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    destroy(error, done) {
      clearTimeout(timer);
      clearTimeout(retry);
      closeSync(descriptor);
      done(error);
    },
  });

  function checkpointLater(): void {
    timer = undefined;
    // An entry that waits is followed by a checkpoint when it is in.
    if (stream.writableLength > 0) return;
    try {
      makeReady();
      checkpoint(false);
    } catch (error) {
      if (isLackOfRoom(error)) timer = setTimeout(checkpointLater, checkpointMs).unref();
      else stream.destroy(error as Error);
    }
  }

  try {
    checkpoint(false);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return Object.assign(stream, {
    head: (): ChainHead => ({ writer, lines: seq, digest: digestLast(), signedAt, unsigned: seq - signedSeq }),
    tryAppend(entries: readonly string[]): number {
      return stream.writable && stream.writableLength === 0 && open === undefined && begun ? appendEntries(entries) : 0;
    },
  });
}

/** A line that a full disk took in part. */
interface OpenLine {
  readonly bytes: Buffer;
  written: number;
  /** What of it is not its link; none of a checkpoint. */
  readonly entry: string | undefined;
  /** Called when it is in the file. */
  done: (() => void) | undefined;
}

function endsWith(descriptor: number, bytes: Buffer): boolean {
  const { size } = fstatSync(descriptor);
  const end = Buffer.alloc(bytes.length);
  return size >= end.length && readSync(descriptor, end, 0, end.length, size - end.length) === end.length && end.equals(bytes);
}

/** No space, no quota, or a file as large as this process may make one: what may be over in a while. */
function isLackOfRoom(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Where a writer ended in the middle of a line, the next one begins a line of its own. Answers the size of the file. */
function endAnOpenLine(descriptor: number): number {
  const { size } = fstatSync(descriptor);
  const last = Buffer.alloc(1);
  if (size === 0 || readSync(descriptor, last, 0, 1, size - 1) === 0 || last[0] === 0x0a) return size;
  writeSync(descriptor, '\n');
  return size;
}

/** Room for the lines of one write, in bytes, before more is asked for. */
const PAGE = 64 * 1024;
const PIECE = 256 * 1024;

/** SHA-256 of a part of a file, hexadecimal; of what is there of it where the file is shorter. */
export function digestOfRange(descriptor: number, { from, to }: { readonly from: number; readonly to: number }): string {
  const digest = createHash('sha256');
  const piece = Buffer.allocUnsafe(Math.min(PIECE, to - from) || 1);
  for (let at = from; at < to; ) {
    const read = readSync(descriptor, piece, 0, Math.min(piece.length, to - at), at);
    if (read === 0) break;
    digest.update(piece.subarray(0, read));
    at += read;
  }
  return digest.digest('hex');
}
