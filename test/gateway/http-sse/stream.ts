import { PUBLIC_URL, type Harness } from '../harness';

/** A stream of HTTP+SSE, read by hand. */
export interface TestStream {
  /** What the first event named. */
  readonly endpoint: string;
  /** Resolves when the gateway has ended the stream. */
  readonly ended: Promise<void>;
  post(message: object, as?: { readonly principal?: string; readonly endpoint?: string; readonly harness?: Harness }): Promise<Response>;
  /** The next message of the stream. */
  says(): Promise<any>;
  /** Waits for the next event that starts like this. */
  hears(start: string): Promise<string>;
  close(): Promise<void>;
}

export async function openStream(harness: Harness, server: string, principal = 'alice'): Promise<TestStream> {
  const response = await harness.fetchAs(principal)(`${PUBLIC_URL}/mcp/${server}/sse`, { headers: { accept: 'text/event-stream' } });
  if (response.status !== 200 || response.body === null) throw new Error(`no stream: HTTP ${response.status}`);
  const reader = response.body.getReader();
  const held: string[] = [];
  let finish: () => void = () => {};
  const ended = new Promise<void>((resolve) => (finish = resolve));
  let wake: () => void = () => {};
  void (async () => {
    const decoder = new TextDecoder();
    let text = '';
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      text += decoder.decode(next.value, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      held.push(...events);
      wake();
    }
    finish();
  })();
  const hears = async (start: string): Promise<string> => {
    for (;;) {
      for (let event = held.shift(); event !== undefined; event = held.shift()) if (event.startsWith(start)) return event;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const endpoint = (await hears('event: endpoint\ndata: ')).slice('event: endpoint\ndata: '.length);
  return {
    endpoint,
    ended,
    post: (message, as = {}) =>
      (as.harness ?? harness).fetchAs(as.principal ?? principal)(`${PUBLIC_URL}${as.endpoint ?? endpoint}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(message) }),
    says: async () => JSON.parse((await hears('event: message\ndata: ')).slice('event: message\ndata: '.length)),
    hears,
    close: () => reader.cancel(),
  };
}
