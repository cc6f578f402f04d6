import { LRUCache } from 'lru-cache';
import { UpstreamFailure } from './event';

/** What a pool holds: a server process, or something built upon one. */
export interface Pooled {
  stop(): Promise<void>;
  /** Resolves when the process has ended, whoever ended it. */
  readonly exited: Promise<unknown>;
}

export interface ProcessPoolOptions<T extends Pooled> {
  /** Processes at one time, those that are starting or stopping included. */
  readonly maxProcesses: number;
  /** How long a process is kept that nobody uses. */
  readonly idleMs: number;
  readonly start: (key: string) => Promise<T>;
  /** The server's name, for messages. @default - no name */
  readonly nameOf?: (key: string) => string;
  /** Wait after the second crash in a row, doubled with each further one up to a minute. @default 1000 */
  readonly backoffMs?: number;
  /** Milliseconds that only grow. @default performance.now */
  readonly clock?: () => number;
}

export interface Lease<T> {
  readonly process: T;
  /** The process is idle when all leases on it are released. Calling it again does nothing. */
  release(): void;
}

export interface ProcessPool<T> {
  /**
   * The process of `key`, started where there is none. Everyone who asks for the same key meanwhile gets the same one;
   * nobody who asks for another key ever does (MUL-6, PUB-1).
   * @throws UpstreamFailure `capacity` when all processes are in use, `connect` while a server that keeps crashing rests;
   *   otherwise what `start` throws
   */
  lease(key: string): Promise<Lease<T>>;
  /** Processes that exist now, those that are starting or stopping included. */
  readonly size: number;
  /** Stops every process, also those in use. Resolves when all are gone. */
  close(): Promise<void>;
}

interface Entry<T> {
  readonly key: string;
  readonly startedAt: number;
  readonly process: Promise<T>;
  leases: number;
  idleSince: number;
  timer: NodeJS.Timeout | undefined;
}

interface Crashes {
  readonly inARow: number;
  readonly notBefore: number;
}

/** A process that lived this long before it ended did not crash at its start. */
const STABLE_MS = 60_000;
const MAX_BACKOFF_MS = 60_000;

export function createProcessPool<T extends Pooled>(options: ProcessPoolOptions<T>): ProcessPool<T> {
  return new KeyedPool(options);
}

class KeyedPool<T extends Pooled> implements ProcessPool<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private readonly ending = new Set<Promise<void>>();
  private readonly crashes = new LRUCache<string, Crashes>({ max: 10_000 });
  private readonly clock: () => number;
  private closed = false;
  /** Processes that exist or are being started; the one that goes for another one passes its place on. */
  private places = 0;

  constructor(private readonly options: ProcessPoolOptions<T>) {
    this.clock = options.clock ?? (() => performance.now());
  }

  get size(): number {
    return this.places;
  }

  async lease(key: string): Promise<Lease<T>> {
    const entry = this.entries.get(key) ?? this.open(key);
    clearTimeout(entry.timer);
    entry.leases += 1;
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      entry.leases -= 1;
      if (entry.leases === 0) this.rest(entry);
    };
    try {
      return { process: await entry.process, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const entry of this.entries.values()) void this.end(entry).then(() => this.freePlace());
    while (this.ending.size > 0) await Promise.all(this.ending);
  }

  private open(key: string): Entry<T> {
    const name = this.options.nameOf?.(key);
    const server = name === undefined ? 'a server' : `the server "${name}"`;
    if (this.closed) throw new UpstreamFailure('stopped', `No process of ${server} is started: the gateway stops.`);
    const now = this.clock();
    const crashes = this.crashes.get(key);
    if (crashes !== undefined && now < crashes.notBefore) {
      const seconds = Math.ceil((crashes.notBefore - now) / 1_000);
      throw new UpstreamFailure('connect', `The process of ${server} ended ${crashes.inARow} times in a row; it is started again in ${seconds} s.`);
    }
    const place = this.takePlace();
    if (place === undefined) throw new UpstreamFailure('capacity', `No process of ${server} can be started: all ${this.options.maxProcesses} are in use.`);
    const process = place.then(() => {
      if (this.closed) throw new UpstreamFailure('stopped', `No process of ${server} is started: the gateway stops.`);
      return this.options.start(key);
    });
    const entry: Entry<T> = { key, startedAt: now, process, leases: 0, idleSince: now, timer: undefined };
    this.entries.set(key, entry);
    const forget = () => this.forget(entry);
    process.then((started) => started.exited.then(forget, forget), forget);
    return entry;
  }

  /** Takes a place; resolves when it is free. `undefined` when all are in use. */
  private takePlace(): Promise<void> | undefined {
    if (this.places < this.options.maxProcesses) {
      this.places += 1;
      return Promise.resolve();
    }
    let oldest: Entry<T> | undefined;
    for (const entry of this.entries.values()) {
      if (entry.leases === 0 && (oldest === undefined || entry.idleSince < oldest.idleSince)) oldest = entry;
    }
    return oldest === undefined ? undefined : this.end(oldest);
  }

  private freePlace(): void {
    this.places -= 1;
  }

  private rest(entry: Entry<T>): void {
    entry.idleSince = this.clock();
    if (this.entries.get(entry.key) !== entry) return;
    entry.timer = setTimeout(() => void this.end(entry).then(() => this.freePlace()), this.options.idleMs);
    entry.timer.unref();
  }

  /** Takes the process out, so that nobody gets it any more, and stops it. Its place is the caller's. */
  private end(entry: Entry<T>): Promise<void> {
    clearTimeout(entry.timer);
    this.entries.delete(entry.key);
    this.crashes.delete(entry.key);
    const gone = entry.process.then((process) => process.stop()).catch(() => undefined).finally(() => this.ending.delete(gone));
    this.ending.add(gone);
    return gone;
  }

  /** The process ended without having been told to, or did not start. */
  private forget(entry: Entry<T>): void {
    if (this.entries.get(entry.key) !== entry) return;
    clearTimeout(entry.timer);
    this.entries.delete(entry.key);
    this.freePlace();
    const now = this.clock();
    const before = now - entry.startedAt < STABLE_MS ? (this.crashes.get(entry.key)?.inARow ?? 0) : 0;
    const inARow = before + 1;
    const wait = inARow < 2 ? 0 : Math.min((this.options.backoffMs ?? 1_000) * 2 ** (inARow - 2), MAX_BACKOFF_MS);
    this.crashes.set(entry.key, { inARow, notBefore: now + wait });
  }
}
