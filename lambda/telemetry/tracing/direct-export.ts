import { otlpJson, type SpanResource } from './otlp-json';
import type { FinishedSpan } from './span';

export interface DirectExportOptions {
  /** Of the receiver, with its path: `https://xray.eu-west-1.amazonaws.com/v1/traces`. */
  readonly url: string;
  readonly resource: SpanResource;
  /** What a request with this body shows: a signature, a key. @default - nothing */
  readonly headersFor?: (body: string) => Promise<Readonly<Record<string, string>>>;
  /** How long `flush` takes at most, milliseconds. @default 1000 */
  readonly flushMs?: number;
  /** @default fetch */
  readonly fetch?: typeof fetch;
}

/** Sends spans when it is told to, for processes that are frozen in between and have no timers. */
export interface DirectExport {
  readonly take: (span: FinishedSpan) => void;
  /** Sends what was taken. What the receiver does not take in time is dropped: a receiver never makes it throw. */
  flush(): Promise<void>;
}

const DEFAULT_FLUSH_MS = 1_000;
const MAX_SPANS = 2_048;

/** Without a batch processor, a clock and protobuf's code, which a function would read at every cold start. */
export function createDirectExport({ url, resource, headersFor, flushMs = DEFAULT_FLUSH_MS, fetch: send = fetch }: DirectExportOptions): DirectExport {
  let taken: FinishedSpan[] = [];

  async function post(body: string, signal: AbortSignal): Promise<void> {
    const response = await send(url, { method: 'POST', headers: { ...(await headersFor?.(body)), 'content-type': 'application/json' }, body, redirect: 'error', signal });
    await response.arrayBuffer();
  }

  return {
    take: (span) => void (taken.length < MAX_SPANS && taken.push(span)),
    async flush() {
      const spans = taken;
      taken = [];
      if (spans.length === 0) return;
      const body = otlpJson(spans, resource);
      const signal = AbortSignal.timeout(flushMs);
      // A connection that was open before the process was frozen may be closed by now: it fails at once, and the next one is new.
      await post(body, signal).catch(() => (signal.aborted ? undefined : post(body, signal).catch(() => undefined)));
    },
  };
}
