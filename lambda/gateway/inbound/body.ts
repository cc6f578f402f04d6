import { ErrorCode } from '../../protocol';
import { isPending } from '../../pending';
import type { HeaderReader } from './header-value';
import { tooLarge } from './http';
import { refuse, type Refusal } from './refusal';

/** The parts of a `Request` that reading a body needs. */
export interface BodySource {
  readonly headers: HeaderReader;
  readonly body: ReadableStream<Uint8Array> | null;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** What an adapter knows to read more quickly than from a `Request`. */
export interface QuickerBody {
  readonly headers?: HeaderReader;
  /** All of a body that declares its length. Rejects where it breaks off. */
  readonly readBytes?: () => Uint8Array | Promise<Uint8Array>;
}

/**
 * The whole body, or a refusal as soon as it exceeds `maxBytes`: no more than that is ever kept. Refuses a body that breaks
 * off, because the client went away or what it sent is not HTTP.
 */
export function readBody(request: BodySource, maxBytes: number, { headers = request.headers, readBytes }: QuickerBody = {}): Uint8Array | Refusal | Promise<Uint8Array | Refusal> {
  const declared = headers.get('content-length');
  if (declared === null || Number(declared) > maxBytes) return readUpTo(maxBytes, request).catch(brokeOff);
  const bounded = (bytes: Uint8Array) => (bytes.byteLength > maxBytes ? tooLarge(maxBytes) : bytes);
  // The HTTP server holds a body to its Content-Length, so one allocation is enough.
  const reading = readBytes === undefined ? readAll(request) : readBytes();
  return isPending(reading) ? reading.then(bounded, brokeOff) : bounded(reading);
}

function brokeOff(): Refusal {
  return refuse(400, 'incomplete_body', ErrorCode.INVALID_REQUEST, 'Bad request: the body broke off');
}

async function readAll(request: BodySource): Promise<Uint8Array> {
  return new Uint8Array(await request.arrayBuffer());
}

async function readUpTo(maxBytes: number, request: BodySource): Promise<Uint8Array | Refusal> {
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > maxBytes) {
      // Not awaited: a source that never settles its cancellation must not hold the answer back.
      reader.cancel().catch(() => undefined);
      return tooLarge(maxBytes);
    }
    chunks.push(value);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
}
