/** One request of a client as it goes over the wire, and its answer; handed to the gateway in process. */
import type { Gateway } from '../../lambda/gateway';
import { HOST, ORIGIN } from './subject';

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  /** In order; a name may occur twice. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array<ArrayBuffer>;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** How long a request may take in all, milliseconds. */
export const PATIENCE_MS = 6_000;
const ENOUGH_MS = 300;

/** Headers that a `Request` cannot hold are left out: over a socket they are sent, see raw-http.ts. */
export async function send(gateway: Pick<Gateway, 'fetch'>, wire: WireRequest, patienceMs = PATIENCE_MS): Promise<WireAnswer> {
  const headers = new Headers({ host: HOST });
  for (const [name, value] of wire.headers) {
    try {
      if (name.toLowerCase() === 'host') headers.set(name, value);
      else headers.append(name, value);
    } catch {
      // Not a header at all.
    }
  }
  const request = new Request(ORIGIN + wire.path, { method: wire.method, headers, body: wire.body?.slice() });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms`)), patienceMs);
  });
  try {
    const response = await Promise.race([gateway.fetch(request, { address: '127.0.0.1' }), late]);
    const text = isEndless(wire) ? await readFor(response, ENOUGH_MS) : await Promise.race([response.text(), late]);
    return { status: response.status, headers: response.headers, text };
  } finally {
    clearTimeout(timer);
  }
}

/** A stream of what a server has to say may never end: the client leaves after a while. */
function isEndless({ method, body }: WireRequest): boolean {
  return method === 'GET' || (body !== undefined && Buffer.from(body).includes('subscriptions/listen'));
}

async function readFor(response: Response, ms: number): Promise<string> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  const timer = setTimeout(() => void reader.cancel(), ms);
  for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
  clearTimeout(timer);
  return Buffer.concat(chunks).toString('utf8');
}

/** For the report of a counterexample: every byte visible. */
export function show(wire: WireRequest): string {
  const headers = wire.headers.map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(shorten(value))}`);
  const body = wire.body === undefined ? '(none)' : JSON.stringify(shorten(Buffer.from(wire.body).toString('latin1')));
  return [`${wire.method} ${wire.path}`, ...headers, `  body (latin1): ${body}`].join('\n');
}

export function showAnswer({ status, headers, text }: WireAnswer): string {
  return `HTTP ${status} ${headers.get('content-type') ?? ''} ${shorten(text)}`;
}

function shorten(text: string): string {
  return text.length <= 1_500 ? text : `${text.slice(0, 1_200)}...(${text.length} characters)...${text.slice(-200)}`;
}
