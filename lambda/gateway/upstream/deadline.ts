import type { UpstreamLimits } from './event';

export type TimeLimit = 'firstByteMs' | 'idleMs' | 'totalMs';

/**
 * The time limits of one request, kept by one timer that is set again only when it fires too early: what arrives
 * costs a clock reading, not a timer. The timer does not keep the process alive; the request's socket does.
 */
export class Deadline {
  private readonly endsAt: number;
  private phase: TimeLimit = 'firstByteMs';
  private allowance: number;
  private lastActivity: number;
  private held = false;
  private firesAt = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    limits: Pick<UpstreamLimits, 'firstByteMs' | 'totalMs'>,
    private readonly onExpired: (limit: TimeLimit) => void,
  ) {
    this.lastActivity = performance.now();
    this.endsAt = this.lastActivity + limits.totalMs;
    this.allowance = limits.firstByteMs;
    this.arm(this.lastActivity);
  }

  /** From now on silence longer than `idleMs` is too long. */
  expectMore(idleMs: number): void {
    this.phase = 'idleMs';
    this.allowance = idleMs;
    this.lastActivity = performance.now();
    if (this.lastActivity + idleMs < this.firesAt) this.arm(this.lastActivity);
  }

  /** Something arrived. */
  touch(): void {
    this.lastActivity = performance.now();
  }

  /** While held, silence is ours, not the server's: only the limit on the whole counts. */
  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    this.expectMore(this.allowance);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private arm(now: number): void {
    clearTimeout(this.timer);
    this.firesAt = this.held ? this.endsAt : Math.min(this.endsAt, this.lastActivity + this.allowance);
    // Node fires timers of more than 2^31 - 1 ms at once.
    const delay = Math.min(Math.max(1, this.firesAt - now), 2_147_483_647);
    this.timer = setTimeout(fire, delay, this);
    this.timer.unref();
  }

  /** Called by the timer: a limit has passed, or there is more to wait. */
  check(): void {
    const now = performance.now();
    if (now >= this.endsAt) {
      this.onExpired('totalMs');
    } else if (!this.held && now >= this.lastActivity + this.allowance) {
      this.onExpired(this.phase);
    } else {
      this.arm(now);
    }
  }
}

function fire(deadline: Deadline): void {
  deadline.check();
}
