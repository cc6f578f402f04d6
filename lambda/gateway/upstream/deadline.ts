import type { UpstreamLimits } from './event';

export type TimeLimit = 'firstByteMs' | 'idleMs' | 'totalMs';

/**
 * The time limits of one request, kept by one timer that is set again only when it fires too early: what arrives
 * costs a clock reading, not a timer. The timer does not keep the process alive; the request's socket does.
 */
export class Deadline {
  private endsAt: number;
  private phase: TimeLimit = 'firstByteMs';
  private allowance: number;
  private lastActivity: number;
  private held = false;
  private suspendedUntil = -Infinity;
  private firesAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private confirmation: NodeJS.Immediate | undefined;

  constructor(
    limits: Pick<UpstreamLimits, 'firstByteMs' | 'totalMs'>,
    private readonly onExpired: (limit: TimeLimit) => void,
  ) {
    this.lastActivity = performance.now();
    this.endsAt = this.lastActivity + limits.totalMs;
    this.allowance = limits.firstByteMs;
    this.arm();
  }

  /** From now on silence longer than `idleMs` is too long. */
  expectMore(idleMs: number): void {
    this.phase = 'idleMs';
    this.allowance = idleMs;
    this.lastActivity = performance.now();
    if (this.lastActivity + idleMs < this.firesAt) this.arm();
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

  /** No limit counts for `ms` from now: the server waits for a person. Afterwards it has as long as before a silence to go on. */
  suspend(ms: number): void {
    this.suspendedUntil = Math.max(this.suspendedUntil, performance.now() + ms);
    this.endsAt = Math.max(this.endsAt, this.suspendedUntil + this.allowance);
  }

  stop(): void {
    clearTimeout(this.timer);
    clearImmediate(this.confirmation);
  }

  private arm(): void {
    clearTimeout(this.timer);
    const silentAt = Math.max(this.lastActivity, this.suspendedUntil) + this.allowance;
    this.firesAt = this.held ? this.endsAt : Math.min(this.endsAt, silentAt);
    // Node fires timers of more than 2^31 - 1 ms at once.
    const delay = Math.min(Math.max(1, this.firesAt - performance.now()), 2_147_483_647);
    this.timer = setTimeout(fire, delay, this);
    this.timer.unref();
  }

  /** Called by the timer. Where the process was busy, what the server sent may wait to be read: it is read first. */
  check(): void {
    if (this.passed(performance.now()) === undefined) this.arm();
    else this.confirmation = setImmediate(confirm, this);
  }

  confirm(): void {
    const limit = this.passed(performance.now());
    if (limit === undefined) this.arm();
    else this.onExpired(limit);
  }

  private passed(now: number): TimeLimit | undefined {
    if (now < this.suspendedUntil) return undefined;
    if (now >= this.endsAt) return 'totalMs';
    return !this.held && now >= Math.max(this.lastActivity, this.suspendedUntil) + this.allowance ? this.phase : undefined;
  }
}

function fire(deadline: Deadline): void {
  deadline.check();
}

function confirm(deadline: Deadline): void {
  deadline.confirm();
}
