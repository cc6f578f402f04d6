import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { decodeMessages, isBatch, isMalformed } from './message';
import type { UpstreamEvent } from './event';

export interface EventStreamObserver {
  onEvent(event: UpstreamEvent): void;
  /** An event of another type than `message`. @default - it is passed over */
  onOther?(type: string, data: string): void;
  /** The stream is not MCP, or one of its messages too large; nothing is reported after it. */
  onFailure(code: 'garbage' | 'too_large', what: string): void;
}

export interface EventStreamParser {
  feed(chunk: Buffer): void;
}

/**
 * Reads `text/event-stream` (WHATWG HTML, server-sent events) as MCP uses it: the data of an event is one JSON-RPC
 * message, or a batch; an event without data and a `retry` line are checkpoints. Events of another type than
 * `message` are no messages.
 *
 * Lines are split on Latin-1 text, where a character is a byte: sizes are exact, and a chunk may end inside a character.
 */
export function createEventStreamParser(maxMessageBytes: number, observer: EventStreamObserver): EventStreamParser {
  let failed = false;
  const fail = (code: 'garbage' | 'too_large', what: string) => {
    if (failed) return;
    failed = true;
    observer.onFailure(code, what);
  };
  // A `retry` line belongs to the event that it stands in, which is told after it; without one it stands for itself.
  let retry: number | undefined;
  const takeRetry = () => {
    const taken = retry === undefined ? {} : { retryMs: retry };
    retry = undefined;
    return taken;
  };
  const parser = createParser({
    onEvent: (event) => {
      if (failed) return;
      if (event.data.length > maxMessageBytes) fail('too_large', `sent a message larger than ${maxMessageBytes} bytes`);
      else report(event, takeRetry(), observer, fail);
    },
    onRetry: (retryMs) => {
      retry = retryMs;
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') fail('too_large', `sent a message larger than ${maxMessageBytes} bytes`);
    },
    // The rest is the name of the field.
    maxBufferSize: maxMessageBytes + 'data: '.length,
  });
  return {
    feed: (chunk) => {
      if (!failed) parser.feed(chunk.toString('latin1'));
      if (!failed && retry !== undefined) observer.onEvent({ kind: 'checkpoint', ...takeRetry() });
    },
  };
}

function report(
  event: EventSourceMessage,
  retry: { readonly retryMs?: number },
  observer: EventStreamObserver,
  fail: (code: 'garbage', what: string) => void,
): void {
  const eventId = event.id;
  const isMessage = event.event === undefined || event.event === 'message';
  if (!isMessage) observer.onOther?.(event.event ?? '', Buffer.from(event.data, 'latin1').toString());
  if (event.data === '' || !isMessage) {
    if (eventId !== undefined || retry.retryMs !== undefined) observer.onEvent({ kind: 'checkpoint', ...(eventId === undefined ? {} : { eventId }), ...retry });
    return;
  }
  if (retry.retryMs !== undefined) observer.onEvent({ kind: 'checkpoint', ...retry });
  const decoded = decodeMessages(Buffer.from(event.data, 'latin1'));
  if (isMalformed(decoded)) {
    fail('garbage', decoded.malformed);
  } else if (isBatch(decoded)) {
    for (const message of decoded) observer.onEvent({ kind: 'message', message, eventId });
  } else {
    observer.onEvent({ kind: 'message', message: decoded, eventId });
  }
}
