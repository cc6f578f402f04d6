/**
 * Limits by source address, principal and endpoint (GW-3). A request is counted in two steps that share no key, so that
 * nothing is counted twice: on arrival against its address, and after authentication against its principal and endpoint.
 * What is not authenticated never uses up an endpoint, which a flood could otherwise take from everybody.
 */
export interface RateLimiter {
  /** Counts one request at one step. A refused request costs its keys nothing more. */
  take(keys: RateLimitKeys): RateLimitResult | Promise<RateLimitResult>;
}

export type RateLimitKeys = ArrivalKeys | CallKeys;

/** Before authentication, once for each HTTP request. */
export interface ArrivalKeys {
  /** Source IP address without port. Requests without a readable one share a single limit. */
  readonly address: string | undefined;
  readonly principal?: never;
  readonly endpoint?: never;
}

/** After authentication, once for each HTTP request. */
export interface CallKeys {
  readonly address?: never;
  /** Tells principals apart across issuers: `principalKey(principal)`. */
  readonly principal: string;
  /** What is called: the name of the server. */
  readonly endpoint: string;
}

export type RateLimitResult =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      /** Value of `Retry-After`, at least 1. */
      readonly retryAfterSeconds: number;
      readonly limit: 'address' | 'principal' | 'endpoint';
    };
