import { appendFileSync, closeSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { createHash, type KeyObject } from 'node:crypto';
import { Writable } from 'node:stream';
import { signedLine } from './checkpoint';
import type { CheckpointMemory } from './checkpoint-memory';
import { lineDigest, linkedLine, newWriterId, NO_LINE_BEFORE } from './entry';

export interface ChainedFileOptions {
  readonly file: string;
  /** Private, ECDSA P-256. Signs checkpoints. */
  readonly key: KeyObject;
  readonly memory: CheckpointMemory;
  /** How long an entry waits for a checkpoint, milliseconds. @default 1000 */
  readonly checkpointMs?: number;
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
}

/**
 * A file that JSON objects are appended to, one a line and one a `write`, each chained to the writer's line before; several
 * processes may write to the same file. Each line is with the operating system before `write` returns (LOG-1). A signed
 * checkpoint stands at the start, within a second after any entry, and at the end (LOG-4).
 *
 * @throws where the file cannot be opened
 */
export function openChainedFile({ file, key, memory, checkpointMs = 1_000, clock = Date.now }: ChainedFileOptions): ChainedFile {
  const descriptor = openSync(file, 'a+', 0o600);
  const path = realpathSync(file);
  const writer = newWriterId();
  let seq = 0;
  let prev = NO_LINE_BEFORE;
  let signedAt = 0;
  let signedSeq = 0;
  let timer: NodeJS.Timeout | undefined;
  let signedTo = endAnOpenLine(descriptor);

  function append(line: string): void {
    appendFileSync(descriptor, `${line}\n`);
    prev = lineDigest(line);
    seq += 1;
  }

  function checkpoint(final: boolean): void {
    clearTimeout(timer);
    timer = undefined;
    const { size } = fstatSync(descriptor);
    const bytes = { from: Math.min(signedTo, size), to: size };
    const line = signedLine({ writer, seq, prev }, { kind: 'checkpoint', time: new Date(clock()).toISOString(), final, ...bytes, sha256: digestOfRange(descriptor, bytes) }, key);
    append(line);
    signedTo = size;
    signedAt = clock();
    signedSeq = seq;
    memory.save({ file: path, writer, seq: seq - 1, digest: prev });
  }

  const stream: Writable = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      try {
        if (text !== '') {
          append(linkedLine({ writer, seq, prev }, text.endsWith('\n') ? text.slice(0, -1) : text));
          timer ??= setTimeout(checkpointLater, checkpointMs).unref();
        }
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    final(done) {
      try {
        checkpoint(true);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    destroy(error, done) {
      clearTimeout(timer);
      closeSync(descriptor);
      done(error);
    },
  });

  function checkpointLater(): void {
    try {
      checkpoint(false);
    } catch (error) {
      stream.destroy(error as Error);
    }
  }

  try {
    checkpoint(false);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return Object.assign(stream, { head: (): ChainHead => ({ writer, lines: seq, digest: prev, signedAt, unsigned: seq - signedSeq }) });
}

/** Where a writer ended in the middle of a line, the next one begins a line of its own. Answers the size of the file. */
function endAnOpenLine(descriptor: number): number {
  const { size } = fstatSync(descriptor);
  const last = Buffer.alloc(1);
  if (size === 0 || readSync(descriptor, last, 0, 1, size - 1) === 0 || last[0] === 0x0a) return size;
  appendFileSync(descriptor, '\n');
  return size;
}

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
