import { Header, type JsonRpcMessage } from '../../protocol';
import { EventQueue } from './event-queue';
import type { UpstreamEvent } from './event';

/** The answer of an upstream to one HTTP request. */
export interface HttpExchange {
  readonly status: number;
  /** The session id in the response's headers: visible ASCII. */
  readonly sessionId: string | undefined;
  /** A header of the response by its lower-case name; the values of a repeated one joined with a comma. */
  headers(name: string): string | undefined;
  /** The body is `text/event-stream`: {@link events} go on until the server ends them. */
  readonly streaming: boolean;
  /** The whole answer where it was one JSON-RPC message as `application/json`; {@link events} need not be read then. */
  readonly single: JsonRpcMessage | undefined;
  /**
   * What the server says, for one reader; empty where it said nothing (HTTP 202). Fails with `UpstreamFailure`.
   * `return()` closes the connection, unless a response was read before: then the server may still end the stream
   * by itself, so that the connection can be used again.
   */
  readonly events: AsyncIterableIterator<UpstreamEvent>;
}

export type ResponseHeaders = Record<string, string | string[] | undefined>;

/** The media type without its parameters; absent too where the header is repeated. */
export function mediaTypeOf(headers: ResponseHeaders): string | undefined {
  const type = headers['content-type'];
  if (typeof type !== 'string') return undefined;
  const end = type.indexOf(';');
  return (end === -1 ? type : type.slice(0, end)).trim().toLowerCase();
}

export function isEventStream(headers: ResponseHeaders): boolean {
  return mediaTypeOf(headers) === 'text/event-stream';
}

/** An answer whose content is complete, or goes on in `stream`. */
export class ReceivedExchange implements HttpExchange {
  private queue: EventQueue | undefined;

  constructor(
    readonly status: number,
    private readonly fields: ResponseHeaders,
    private readonly content: JsonRpcMessage | readonly JsonRpcMessage[] | undefined,
    private readonly stream: EventQueue | undefined,
  ) {}

  get sessionId(): string | undefined {
    return this.headers(Header.SESSION_ID);
  }

  get streaming(): boolean {
    return this.stream !== undefined;
  }

  get single(): JsonRpcMessage | undefined {
    return isArray(this.content) ? undefined : this.content;
  }

  get events(): AsyncIterableIterator<UpstreamEvent> {
    if (this.stream !== undefined) return this.stream;
    if (this.queue === undefined) {
      this.queue = new EventQueue();
      const messages = isArray(this.content) ? this.content : this.content === undefined ? [] : [this.content];
      for (const message of messages) this.queue.push({ kind: 'message', message });
      this.queue.end();
    }
    return this.queue;
  }

  headers(name: string): string | undefined {
    const value = Object.hasOwn(this.fields, name) ? this.fields[name] : undefined;
    return Array.isArray(value) ? value.join(', ') : value;
  }
}

function isArray(content: JsonRpcMessage | readonly JsonRpcMessage[] | undefined): content is readonly JsonRpcMessage[] {
  return Array.isArray(content);
}
