import { ClientStream } from './client-stream';

const MAX_STREAMS = 1_000;
const MAX_STREAMS_OF_PRINCIPAL = 16;

/** The streams that are open at this instance: they live nowhere else. */
export class ClientStreams {
  private readonly streams = new Map<string, { readonly stream: ClientStream; readonly principal: string }>();

  /** A new stream of the principal, or `undefined` when there are too many of its own or of all. */
  open(principal: string): ClientStream | undefined {
    let own = 0;
    for (const open of this.streams.values()) if (open.principal === principal) own += 1;
    if (own >= MAX_STREAMS_OF_PRINCIPAL || this.streams.size >= MAX_STREAMS) return undefined;
    const stream = new ClientStream();
    this.streams.set(stream.id, { stream, principal });
    stream.signal.addEventListener('abort', () => this.streams.delete(stream.id), { once: true });
    return stream;
  }

  find(id: string): ClientStream | undefined {
    return this.streams.get(id)?.stream;
  }

  /** Ends them, once the servers are closed: what that makes of calls is said still. */
  async close(): Promise<void> {
    await Promise.all([...this.streams.values()].map(({ stream }) => stream.finish()));
  }
}
