import { randomBytes } from 'node:crypto';
import type { AuditEvent, AuditSink } from '../audit';
import type { Detection } from '../behaviour';
import type { GrantEvent } from '../grants';
import type { StateChange } from '../integrity';

/** One thing that happened, as it came in: what the page shows of it is made when somebody watches. */
export type Happening =
  | { readonly kind: 'request'; readonly event: AuditEvent }
  | { readonly kind: 'alert'; readonly detection: Detection }
  | { readonly kind: 'tool'; readonly change: StateChange }
  | { readonly kind: 'grant'; readonly event: GrantEvent };

/** Since the start of the process. */
export interface Totals {
  readonly allow: number;
  readonly deny: number;
  readonly error: number;
  readonly alerts: number;
}

/** The requests of one second. */
export interface Second {
  readonly served: number;
  readonly refused: number;
}

/** What happened lately, numbered from 1 and bounded. To write to it costs next to nothing while nobody watches. */
export interface LiveFeed {
  /** Gets the event of each request. */
  readonly sink: AuditSink;
  add(happening: Exclude<Happening, { readonly kind: 'request' }>): void;
  /** Of this process: numbers of another one mean something else. */
  readonly epoch: string;
  /** Number of the newest; 0 where nothing happened yet. */
  readonly newest: number;
  /** Number of the oldest that is still here. */
  readonly oldest: number;
  /** What has the number, if it is still here. */
  at(number: number): Happening | undefined;
  readonly totals: Totals;
  /** The alerts of the process, the newest last; a flood of requests does not push them out. */
  readonly alerts: readonly Detection[];
  /** The last minute, the oldest second first. */
  lastMinute(): readonly Second[];
  /** Calls `wake` at each happening, until the returned function is called. */
  watch(wake: () => void): () => void;
}

export interface LiveFeedOptions {
  /** How much is kept: what is kept long costs the garbage collector most of what a request costs here. @default 100 */
  readonly size?: number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

const SECONDS = 60;
const MAX_ALERTS = 50;

export function createLiveFeed({ size = 100, clock = Date.now }: LiveFeedOptions = {}): LiveFeed {
  const ring = new Array<Happening | undefined>(size).fill(undefined);
  const totals = { allow: 0, deny: 0, error: 0, alerts: 0 };
  const served = new Uint32Array(SECONDS);
  const refused = new Uint32Array(SECONDS);
  const alerts: Detection[] = [];
  const watchers = new Set<() => void>();
  let newest = 0;
  let second = Math.floor(clock() / 1_000);

  function put(happening: Happening): void {
    ring[newest % size] = happening;
    newest += 1;
    if (watchers.size > 0) for (const wake of watchers) wake();
  }

  /** Seconds in which nothing happened count nothing. */
  function turnTo(now: number): void {
    for (let skipped = Math.min(now - second, SECONDS); skipped > 0; skipped -= 1) {
      const index = (now - skipped + 1) % SECONDS;
      served[index] = 0;
      refused[index] = 0;
    }
    second = Math.max(second, now);
  }

  return {
    sink: {
      write(event) {
        totals[event.decision] += 1;
        const now = Math.floor(clock() / 1_000);
        if (now !== second) turnTo(now);
        const column = event.decision === 'allow' ? served : refused;
        column[now % SECONDS] = (column[now % SECONDS] ?? 0) + 1;
        put({ kind: 'request', event });
      },
      flush: () => Promise.resolve(),
    },
    add(happening) {
      if (happening.kind === 'alert') {
        totals.alerts += 1;
        alerts.push(happening.detection);
        if (alerts.length > MAX_ALERTS) alerts.shift();
      }
      put(happening);
    },
    epoch: randomBytes(6).toString('hex'),
    get newest() {
      return newest;
    },
    get oldest() {
      return Math.max(1, newest - size + 1);
    },
    at: (number) => (number < 1 || number > newest || number <= newest - size ? undefined : ring[(number - 1) % size]),
    totals,
    alerts,
    lastMinute() {
      turnTo(Math.floor(clock() / 1_000));
      return Array.from({ length: SECONDS }, (_, index) => {
        const at = (second + 1 + index) % SECONDS;
        return { served: served[at] ?? 0, refused: refused[at] ?? 0 };
      });
    },
    watch(wake) {
      watchers.add(wake);
      return () => void watchers.delete(wake);
    },
  };
}
