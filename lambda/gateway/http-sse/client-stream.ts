import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** What a client has not taken yet, above which its stream is given up: as much as a few of the largest messages. */
const MAX_HELD_CHARACTERS = 16 * 1024 * 1024;

/** How long a stream waits, where the gateway stops, for answers that are on their way. */
const LAST_WORDS_MS = 1_000;

/** One client's stream: each message is one server-sent event, in the order in which they are said. */
export class ClientStream implements AsyncIterator<string> {
  readonly id = randomUUID();
  /** The session that the client opened on it: what `Mcp-Session-Id` would be. */
  sessionId: string | undefined;
  /** Whether what the server says outside requests is on its way already. */
  listening = false;
  private readonly held: string[] = [];
  private heldCharacters = 0;
  private wake: (() => void) | undefined;
  private readonly control = new AbortController();
  private readonly owed = new Set<Promise<unknown>>();
  private last = false;

  /** Aborts when the stream is over. */
  get signal(): AbortSignal {
    return this.control.signal;
  }

  /** Names the place where the client's messages go. It is the first event. */
  nameEndpoint(path: string): void {
    this.hold(`event: endpoint\ndata: ${path}\n\n`);
  }

  /** @param message JSON in one line */
  say(message: string): void {
    this.hold(`event: message\ndata: ${message}\n\n`);
  }

  /** Nothing is said any more; what the client has not taken is lost. */
  readonly end = (): void => {
    this.held.length = 0;
    this.control.abort();
    this.wake?.();
  };

  /** Something is said on the stream before `said` settles. */
  owe(said: Promise<unknown>): void {
    this.owed.add(said);
    const paid = () => void this.owed.delete(said);
    said.then(paid, paid);
  }

  /** Ends once everything is said that is owed, and the client has taken it; what takes too long is not waited for. */
  async finish(): Promise<void> {
    await Promise.race([this.allIsSaid(), delay(LAST_WORDS_MS, undefined, { ref: false })]);
    this.last = true;
    this.wake?.();
  }

  private async allIsSaid(): Promise<void> {
    while (this.owed.size > 0) await Promise.allSettled(this.owed);
  }

  async next(): Promise<IteratorResult<string>> {
    while (this.held.length === 0 && !this.signal.aborted && !this.last) await new Promise<void>((resolve) => (this.wake = resolve));
    const event = this.held.shift();
    if (event === undefined) return { done: true, value: undefined };
    this.heldCharacters -= event.length;
    return { done: false, value: event };
  }

  private hold(event: string): void {
    if (this.signal.aborted) return;
    this.heldCharacters += event.length;
    if (this.heldCharacters > MAX_HELD_CHARACTERS) return this.end();
    this.held.push(event);
    this.wake?.();
  }
}
