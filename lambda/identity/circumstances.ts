import type { Principal, TokenAuthentication, TokenCircumstances } from './principal';

/** What a token says of the circumstances of a request, as a decision wants to know it (JIT-2, CV-3). */
export interface TokenContext extends TokenCircumstances {
  readonly authentication: Omit<TokenAuthentication, 'authTime'> & { /** Whole seconds since the person signed in. */ readonly ageSeconds?: number };
}

/**
 * The circumstances at the time `now`, milliseconds since the epoch; `undefined` where there is no token to say something.
 * A sign-in in the future counts as one of now: clocks differ.
 */
export function circumstancesOf({ authentication, circumstances }: Principal, now: number): TokenContext | undefined {
  if (authentication === undefined) return undefined;
  const { authTime, ...rest } = authentication;
  const ageSeconds = authTime === undefined ? {} : { ageSeconds: Math.max(0, Math.floor(now / 1000 - authTime)) };
  return { ...circumstances, authentication: { ...rest, ...ageSeconds } };
}
