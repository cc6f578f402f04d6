import type { UpstreamEvent } from './event';

type Waiter = { resolve(result: IteratorResult<UpstreamEvent>): void; reject(reason: Error): void };

export interface EventQueueOptions {
  /** Events held for a reader that has not asked yet, from which on the queue is full. What is pushed still is kept. @default 64 */
  readonly capacity?: number;
  /** The reader is behind: make the server wait, or give it up. */
  onFull?(): void;
  /** The reader has caught up. */
  onDrained?(): void;
  /** The reader wants no more. */
  onReturn?(): void;
}

const DEFAULT_CAPACITY = 64;

/** The events of one answer or stream between an upstream and its one reader. */
export class EventQueue implements AsyncIterableIterator<UpstreamEvent> {
  private readonly held: UpstreamEvent[] = [];
  private readonly waiters: Waiter[] = [];
  private head = 0;
  private behind = false;
  private ending: { readonly failure?: Error } | undefined;

  constructor(private readonly options: EventQueueOptions = {}) {}

  /** The reader is so far behind that whoever cannot make the server wait should push no more. */
  get full(): boolean {
    return this.behind;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  push(event: UpstreamEvent): void {
    if (this.ending !== undefined) return;
    const waiter = this.waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ value: event, done: false });
      return;
    }
    this.held.push(event);
    if (!this.behind && this.held.length - this.head >= (this.options.capacity ?? DEFAULT_CAPACITY)) {
      this.behind = true;
      this.options.onFull?.();
    }
  }

  /** After what is held the reader meets the end, or `failure`. */
  end(failure?: Error): void {
    if (this.ending !== undefined) return;
    this.ending = { failure };
    for (const waiter of this.waiters.splice(0)) {
      if (failure !== undefined) waiter.reject(failure);
      else waiter.resolve({ value: undefined, done: true });
    }
  }

  next(): Promise<IteratorResult<UpstreamEvent>> {
    const event = this.held[this.head];
    if (event !== undefined) {
      this.take();
      return Promise.resolve({ value: event, done: false });
    }
    if (this.ending === undefined) return new Promise((resolve, reject) => this.waiters.push({ resolve, reject }));
    return this.ending.failure !== undefined ? Promise.reject(this.ending.failure) : Promise.resolve({ value: undefined, done: true });
  }

  return(): Promise<IteratorResult<UpstreamEvent>> {
    this.held.length = 0;
    this.head = 0;
    const isOpen = this.ending === undefined;
    this.ending = {};
    for (const waiter of this.waiters.splice(0)) waiter.resolve({ value: undefined, done: true });
    if (isOpen) this.options.onReturn?.();
    return Promise.resolve({ value: undefined, done: true });
  }

  private take(): void {
    this.head += 1;
    if (this.head < this.held.length) return;
    this.held.length = 0;
    this.head = 0;
    if (!this.behind) return;
    this.behind = false;
    this.options.onDrained?.();
  }
}
