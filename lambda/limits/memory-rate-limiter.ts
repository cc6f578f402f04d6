import { addressKey } from './address-key';
import { Buckets } from './buckets';
import type { Limit } from './buckets';
import type { RateLimiter, RateLimitKeys, RateLimitResult } from './rate-limiter';

export type { Limit } from './buckets';

export interface RateLimits {
  /** One IPv4 address, or one IPv6 /64. `undefined`: no limit. */
  readonly perAddress: Limit | undefined;
  /** One principal, at all endpoints. `undefined`: no limit. */
  readonly perPrincipal: Limit | undefined;
  /** One endpoint, by all principals. `undefined`: no limit. */
  readonly perEndpoint: Limit | undefined;
}

/**
 * An agent makes a few calls a second at most, many principals share an address, and many addresses an endpoint.
 */
export const DEFAULT_RATE_LIMITS: RateLimits = {
  perAddress: { points: 3_000, seconds: 60 },
  perPrincipal: { points: 600, seconds: 60 },
  perEndpoint: { points: 12_000, seconds: 60 },
};

export interface RateLimiterOptions extends RateLimits {
  /** How many keys of each kind are told apart; more share limits. @default 100000 */
  readonly maxKeys?: number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** A rate limiter that answers at once. */
export interface SynchronousRateLimiter extends RateLimiter {
  take(keys: RateLimitKeys): RateLimitResult;
}

const ALLOWED: RateLimitResult = { allowed: true };

/**
 * Limits in the memory of this process: each key has a bucket of `points`, refilled evenly over `seconds`. Several
 * instances each count for themselves; in AWS the rate rule of the web ACL counts for all of them.
 * @throws RangeError when a limit is not above 0
 */
export function createRateLimiter(options: RateLimiterOptions): SynchronousRateLimiter {
  const { maxKeys = 100_000, clock = Date.now } = options;
  const buckets = (limit: Limit | undefined) => limit && new Buckets(limit, maxKeys);
  const addresses = buckets(options.perAddress);
  const principals = buckets(options.perPrincipal);
  const endpoints = buckets(options.perEndpoint);

  return {
    take(keys) {
      const now = clock();
      if (keys.principal === undefined) {
        if (addresses === undefined) return ALLOWED;
        const address = addressKey(keys.address);
        const wait = addresses.wait(address, now);
        if (wait > 0) return refused('address', wait);
        addresses.take(address, now);
        return ALLOWED;
      }
      const { principal, endpoint } = keys;
      const principalWait = principals?.wait(principal, now) ?? 0;
      if (principalWait > 0) return refused('principal', principalWait);
      const endpointWait = endpoints?.wait(endpoint, now) ?? 0;
      if (endpointWait > 0) return refused('endpoint', endpointWait);
      principals?.take(principal, now);
      endpoints?.take(endpoint, now);
      return ALLOWED;
    },
  };
}

function refused(limit: 'address' | 'principal' | 'endpoint', waitMs: number): RateLimitResult {
  return { allowed: false, limit, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
}
