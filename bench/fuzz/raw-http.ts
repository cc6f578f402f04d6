/** A client that writes bytes to a socket as it likes, and reads what comes back. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Script {
  /** Written one after the other, each as a piece of its own. */
  readonly pieces: readonly Uint8Array[];
  readonly pauseMs: number;
  /** What the client does when all is written. */
  readonly then: 'wait' | 'end' | 'destroy';
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** How long the server may keep a connection that it should answer and close. */
const PATIENCE_MS = 4_000;

/** All that the server sent until it closed the connection. @throws when it does not */
export async function talk(port: number, { pieces, pauseMs, then }: Script): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const received: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => received.push(chunk));
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()).once('end', () => resolve()));
  try {
    for (const piece of pieces) {
      if (socket.destroyed || socket.writableEnded) break;
      socket.write(piece);
      await (pauseMs === 0 ? new Promise(setImmediate) : sleep(pauseMs));
    }
    if (then === 'destroy') return Buffer.concat(received);
    if (then === 'end') socket.end();
    const late = new AbortController();
    await Promise.race([closed, sleep(PATIENCE_MS, undefined, { signal: late.signal }).then(() => fail(received), () => {})]);
    late.abort();
    return Buffer.concat(received);
  } finally {
    socket.destroy();
  }
}

function fail(received: readonly Buffer[]): never {
  throw new Error(`the connection was still open after ${PATIENCE_MS} ms; received: ${Buffer.concat(received).toString('latin1').slice(0, 500)}`);
}

/** The HTTP/1.1 answers in `bytes`. @throws when they are not */
export function parseAnswers(bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    if (headEnd === -1) throw new Error(`not the head of an HTTP answer: ${bytes.subarray(at).toString('latin1').slice(0, 200)}`);
    const [first = '', ...lines] = bytes.subarray(at, headEnd).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    if (Number.isNaN(status)) throw new Error(`not a status line: ${first.slice(0, 200)}`);
    const headers = new Headers(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as [string, string]));
    at = headEnd + 4;
    if (status === 100) continue;
    const body = bodyOf(bytes, at, status, headers);
    at = body.end;
    answers.push({ status, headers, text: body.text });
  }
  return answers;
}

function bodyOf(bytes: Buffer, start: number, status: number, headers: Headers): { readonly text: string; readonly end: number } {
  if (status === 204 || status === 304) return { text: '', end: start };
  if (headers.get('transfer-encoding') !== 'chunked') {
    const length = headers.get('content-length');
    const end = length === null ? bytes.length : start + Number(length);
    return { text: bytes.subarray(start, end).toString('utf8'), end };
  }
  const chunks: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) throw new Error('a chunked answer is cut off');
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    const next = lineEnd + 2 + size + 2;
    if (size === 0) return { text: Buffer.concat(chunks).toString('utf8'), end: next };
    chunks.push(bytes.subarray(lineEnd + 2, next - 2));
    at = next;
  }
}
