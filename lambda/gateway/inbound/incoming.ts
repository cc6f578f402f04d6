import type { IncomingMessage } from 'node:http';
import type { QuickerBody } from './body';
import type { HeaderReader } from './header-value';

/** A request as Node.js received it: its headers and its body without what a `Request` does around them. */
export function readIncoming(incoming: IncomingMessage): Required<QuickerBody> {
  return { headers: readRawHeaders(incoming.rawHeaders), readBytes: () => readBytes(incoming) };
}

/**
 * Headers in a map that is made once: a call asks for some thirty. A field that occurs several times has its values joined as
 * `Headers` joins them, so that nobody reads one of two.
 */
export function readRawHeaders(raw: readonly string[]): HeaderReader {
  const values = new Map<string, string>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    const value = raw[index + 1] as string;
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
  return { get: (name) => values.get(name.toLowerCase()) ?? null };
}

const NOTHING = new Uint8Array();

/** A small body has come with its headers: then it is taken as it is, without listening for it. */
function readBytes(incoming: IncomingMessage): Uint8Array | Promise<Uint8Array> {
  if (incoming.complete && !incoming.destroyed) return (incoming.read() as Buffer | null) ?? NOTHING;
  return new Promise((resolve, reject) => {
    // What has closed already says so to nobody who asks now.
    if (incoming.destroyed) return reject(new Error('the body broke off'));
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    incoming.on('error', reject);
    incoming.on('close', () => {
      if (!incoming.readableEnded) reject(new Error('the body broke off'));
    });
  });
}
