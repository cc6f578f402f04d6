import { showHappening } from './shown';
import { readSections, type LiveSources } from './sources';
import type { LiveFeed } from './feed';

/** Server-sent events for those who watch. Nothing is read or written while nobody does. */
export interface LiveStream {
  /**
   * What happened since `lastEventId`, or the last of it, and then what happens; `undefined` where too many watch already.
   * @param lastEventId - What a browser sends when it comes back.
   */
  open(lastEventId: string | undefined): ReadableStream<Uint8Array> | undefined;
  /** Ends all of them. Resolves when nothing is read any more. */
  close(): Promise<void>;
}

export interface LiveStreamOptions {
  readonly feed: LiveFeed;
  readonly sources: LiveSources;
  /** @default 16 */
  readonly maxWatchers?: number;
  /** How often what is no single happening is read, milliseconds. @default 1000 */
  readonly readMs?: number;
  /** For how long happenings are gathered before they are sent together, milliseconds. @default 100 */
  readonly gatherMs?: number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** Of a stream's beginning, and at once: of what is more, the newest are sent and the others counted. */
const MOST_AT_ONCE = 100;
const RETRY_MS = 1_000;

interface Watcher {
  /** Number of the happening that was sent last. */
  sent: number;
  readonly sections: Map<string, string>;
  wake: () => void;
  /** Its browser went away. */
  isGone: boolean;
}

export function createLiveStream({ feed, sources, maxWatchers = 16, readMs = 1_000, gatherMs = 100, clock = Date.now }: LiveStreamOptions): LiveStream {
  const watchers = new Set<Watcher>();
  const encoder = new TextEncoder();
  let sections = new Map<string, string>();
  let reading: Promise<void> | undefined;
  let reader: NodeJS.Timeout | undefined;
  let gathering: NodeJS.Timeout | undefined;
  let stopWatching = () => {};
  let isClosed = false;

  function wakeAll(): void {
    gathering = undefined;
    for (const watcher of watchers) watcher.wake();
  }

  async function read(): Promise<void> {
    const texts = Object.entries(await readSections(feed, sources, clock())).map(([name, value]) => [name, JSON.stringify(value)] as const);
    if (watchers.size === 0) return;
    sections = new Map(texts);
    wakeAll();
  }

  function readOnce(): void {
    reading ??= read().finally(() => {
      reading = undefined;
    });
  }

  function begin(): void {
    reader = setInterval(readOnce, readMs).unref();
    stopWatching = feed.watch(() => {
      gathering ??= setTimeout(wakeAll, gatherMs).unref();
    });
    readOnce();
  }

  function leave(watcher: Watcher): void {
    watchers.delete(watcher);
    watcher.wake();
    if (watchers.size > 0) return;
    clearInterval(reader);
    clearTimeout(gathering);
    gathering = undefined;
    stopWatching();
    sections = new Map();
  }

  /** All that this watcher does not know yet, as text of the stream. */
  function newsFor(watcher: Watcher): string {
    let news = '';
    for (const [name, text] of sections) {
      if (watcher.sections.get(name) === text) continue;
      watcher.sections.set(name, text);
      news += `event: ${name}\ndata: ${text}\n\n`;
    }
    const { newest } = feed;
    const first = Math.max(watcher.sent + 1, feed.oldest, newest - MOST_AT_ONCE + 1);
    if (first > watcher.sent + 1) news += `event: gap\ndata: ${first - watcher.sent - 1}\n\n`;
    for (let number = first; number <= newest; number += 1) {
      const happening = feed.at(number);
      if (happening !== undefined) news += `id: ${feed.epoch}-${number}\nevent: happening\ndata: ${JSON.stringify(showHappening(happening))}\n\n`;
    }
    watcher.sent = newest;
    return news;
  }

  /** Where to go on; numbers of another process mean nothing, and what its page shows is not ours. */
  function place(lastEventId: string | undefined): { readonly sent: number; readonly greeting: string } {
    const [, epoch, number] = /^([0-9a-f]{12})-(\d{1,15})$/.exec(lastEventId ?? '') ?? [];
    if (epoch === feed.epoch && Number(number) <= feed.newest) return { sent: Number(number), greeting: '' };
    return { sent: Math.max(feed.newest - MOST_AT_ONCE, feed.oldest - 1), greeting: 'event: start\ndata: {}\n\n' };
  }

  return {
    open(lastEventId) {
      if (isClosed || watchers.size >= maxWatchers) return undefined;
      const { sent, greeting } = place(lastEventId);
      const watcher: Watcher = { sent, sections: new Map(), wake: () => {}, isGone: false };
      let opening = `retry: ${RETRY_MS}\n\n${greeting}`;
      watchers.add(watcher);
      if (watchers.size === 1) begin();
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          for (;;) {
            if (watcher.isGone) return;
            if (!watchers.has(watcher)) {
              controller.close();
              return;
            }
            const news = opening + newsFor(watcher);
            opening = '';
            if (news !== '') {
              controller.enqueue(encoder.encode(news));
              return;
            }
            await new Promise<void>((resolve) => {
              watcher.wake = resolve;
            });
          }
        },
        cancel() {
          watcher.isGone = true;
          leave(watcher);
        },
      });
    },
    async close() {
      isClosed = true;
      for (const watcher of [...watchers]) leave(watcher);
      await reading;
    },
  };
}
