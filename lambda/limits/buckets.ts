import { hash, randomUUID } from 'node:crypto';

/** `points` at once, refilled evenly over `seconds`. */
export interface Limit {
  readonly points: number;
  readonly seconds: number;
}

/** Keys beyond the bound share this many buckets. */
const SHARED_BUCKETS = 4096;
/** Per new key, how many old ones are looked at to see whether they can be forgotten. */
const SWEEP_STEP = 4;

/**
 * Token buckets by key, each kept as one number: the time at which it will be full again (the generic cell rate
 * algorithm). A full bucket is the same as none, so forgetting one changes nothing. Only full ones are ever forgotten:
 * a flood of keys cannot push out the bucket of a key that is at its limit. Keys that find no room share a fixed set of
 * buckets, chosen by a hash that cannot be known from outside.
 */
export class Buckets {
  private readonly windowMs: number;
  private readonly intervalMs: number;
  private readonly fullAt = new Map<string, number>();
  private readonly sharedFullAt = new Float64Array(SHARED_BUCKETS);
  private readonly hashSecret = randomUUID();
  /** One request asks for the bucket of its key several times. */
  private lastShared = { key: '', index: 0 };
  private sweep = this.fullAt.entries();

  /**
   * @throws RangeError when the limit is not a positive number of points and seconds
   */
  constructor(
    limit: Limit,
    private readonly maxKeys: number,
  ) {
    if (!(Number.isInteger(limit.points) && limit.points > 0 && limit.seconds > 0 && Number.isFinite(limit.seconds))) {
      throw new RangeError(`A limit of ${limit.points} points in ${limit.seconds} seconds; expected a whole number of points and a time, both above 0`);
    }
    this.windowMs = limit.seconds * 1000;
    this.intervalMs = this.windowMs / limit.points;
  }

  /** Milliseconds until the bucket of `key` has a point; 0 where it has one now. Takes nothing. */
  wait(key: string, now: number): number {
    let fullAt = this.fullAt.get(key);
    if (fullAt === undefined) {
      this.forgetFull(now);
      fullAt = this.read(key);
    }
    const latest = now + this.windowMs;
    // Further away than that only where the clock was set back, which must not lock anybody out.
    if (fullAt > latest) this.write(key, (fullAt = latest));
    // A millionth of a point of slack: rounding never costs a whole one.
    const wait = Math.max(fullAt, now) + this.intervalMs - latest;
    return wait > this.intervalMs * 1e-6 ? wait : 0;
  }

  /** Takes a point of the bucket of `key`, which must have one. */
  take(key: string, now: number): void {
    this.write(key, Math.max(this.read(key), now) + this.intervalMs);
  }

  private read(key: string): number {
    return this.ownsBucket(key) ? (this.fullAt.get(key) ?? 0) : this.sharedFullAt[this.sharedIndex(key)]!;
  }

  private write(key: string, fullAt: number): void {
    if (this.ownsBucket(key)) this.fullAt.set(key, fullAt);
    else this.sharedFullAt[this.sharedIndex(key)] = fullAt;
  }

  private ownsBucket(key: string): boolean {
    return this.fullAt.size < this.maxKeys || this.fullAt.has(key);
  }

  /** Looks at the next few buckets and forgets those that are full. */
  private forgetFull(now: number): void {
    for (let step = 0; step < SWEEP_STEP; step++) {
      const entry = this.sweep.next();
      if (entry.done === true) {
        this.sweep = this.fullAt.entries();
        return;
      }
      const [key, fullAt] = entry.value;
      if (fullAt <= now) this.fullAt.delete(key);
    }
  }

  private sharedIndex(key: string): number {
    if (key !== this.lastShared.key) {
      const index = Number.parseInt(hash('sha1', this.hashSecret + key, 'hex').slice(0, 8), 16) % SHARED_BUCKETS;
      this.lastShared = { key, index };
    }
    return this.lastShared.index;
  }
}
