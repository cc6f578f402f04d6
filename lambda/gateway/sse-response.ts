import type { JsonRpcMessage } from '../protocol';

/** One server-sent event that carries a message, or a resumption point without one. */
export function formatEvent(message: JsonRpcMessage | undefined, eventId?: string, retryMs?: number): string {
  const id = eventId === undefined ? '' : `id: ${eventId.replace(/[\r\n\0]/g, '')}\n`;
  const retry = retryMs === undefined ? '' : `retry: ${retryMs}\n`;
  return message === undefined ? `${id}${retry}data: \n\n` : `event: message\n${id}${retry}data: ${JSON.stringify(message)}\n\n`;
}

/** The last of a connection that ends before its stream does: when the client comes back for the rest (MCP 2025-11-25, transports: sending messages). */
export const COME_BACK = 'retry: 1000\n\n';

export interface EventStreamOptions {
  readonly keepAliveMs: number;
  /** Called once when the stream is over, with the bytes that were sent. */
  onEnd(bytes: number): void;
  /** Called when the client goes away before the end. */
  onDisconnect(): void;
}

export const SSE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/** A body that sends each formatted event as the client takes it, with comments in between that keep it open. */
export function streamEvents(events: AsyncIterator<string>, options: EventStreamOptions): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let open = true;

  function close(): void {
    if (!open) return;
    open = false;
    clearInterval(timer);
    options.onEnd(bytes);
  }

  return new ReadableStream<Uint8Array>({
    start(controller) {
      const send = () => {
        if (!open) return;
        controller.enqueue(encoder.encode(': keep-alive\n\n'));
      };
      // A first comment makes proxies and clients see the headers at once.
      send();
      timer = setInterval(send, options.keepAliveMs);
      timer.unref();
    },
    async pull(controller) {
      const next = await events.next();
      if (!open) return;
      if (next.done === true) {
        close();
        controller.close();
        return;
      }
      const chunk = encoder.encode(next.value);
      bytes += chunk.length;
      controller.enqueue(chunk);
    },
    cancel() {
      close();
      options.onDisconnect();
    },
  });
}
