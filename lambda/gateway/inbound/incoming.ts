import { IncomingMessage, type IncomingHttpHeaders } from 'node:http';
import type { QuickerBody } from './body';
import type { HeaderReader } from './header-value';

/** A request as Node.js received it: its headers and its body without what a `Request` does around them. */
export function readIncoming(incoming: IncomingMessage): Required<QuickerBody> {
  return { headers: readRawHeaders(incoming.rawHeaders), readBytes: () => readBytes(incoming) };
}

/**
 * Looks a header up where Node.js left it: a dozen names are compared sooner than put into a map. A field that occurs several times has its
 * values joined as `Headers` joins them, so that nobody reads one of two.
 */
export function readRawHeaders(raw: readonly string[]): HeaderReader {
  return { get: (name) => joinedValue(raw, name.toLowerCase()) };
}

function joinedValue(raw: readonly string[], name: string): string | null {
  let joined: string | null = null;
  for (let at = fieldAt(raw, name, 0); at !== -1; at = fieldAt(raw, name, at + 2)) {
    const value = raw[at + 1] as string;
    joined = joined === null ? value : `${joined}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return joined;
}

/** Where a field is among names and values, from a place on; -1 where it is not. @param name in lower case */
function fieldAt(raw: readonly string[], name: string, from: number): number {
  for (let at = from; at + 1 < raw.length; at += 2) {
    const candidate = raw[at] as string;
    if (candidate.length === name.length && candidate.toLowerCase() === name) return at;
  }
  return -1;
}

/**
 * Node.js asks every message for two headers before it hands it over, and makes an object of all of them for that. Of this message they are
 * looked up, and the object is made for who asks for more.
 */
export class ServedMessage extends IncomingMessage {}

const HEADERS = Object.getOwnPropertyDescriptor(IncomingMessage.prototype, 'headers') as PropertyDescriptor & { get(this: IncomingMessage): IncomingHttpHeaders };
const ASKED_BY_NODE: ReadonlySet<string | symbol> = new Set(['host', 'expect']);

Object.defineProperty(ServedMessage.prototype, 'headers', {
  ...HEADERS,
  get(this: ServedMessage) {
    return new Proxy({ message: this }, ON_DEMAND);
  },
});

const ON_DEMAND: ProxyHandler<{ readonly message: ServedMessage }> = {
  get: ({ message }, name) => (ASKED_BY_NODE.has(name) ? firstValue(message.rawHeaders, name as string) : Reflect.get(HEADERS.get.call(message), name)),
  has: ({ message }, name) => Reflect.has(HEADERS.get.call(message), name),
  ownKeys: ({ message }) => Reflect.ownKeys(HEADERS.get.call(message)),
  getOwnPropertyDescriptor: ({ message }, name) => Reflect.getOwnPropertyDescriptor(HEADERS.get.call(message), name),
};

/** As `IncomingMessage.headers` has it for fields that must not be repeated. */
function firstValue(raw: readonly string[], name: string): string | undefined {
  const at = fieldAt(raw, name, 0);
  return at === -1 ? undefined : raw[at + 1];
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
