import type { Principal, TokenAuthentication, TokenCircumstances } from './principal';

/** What a token says of the circumstances of a request, as a decision wants to know it (JIT-2, CV-3). */
export interface TokenContext extends TokenCircumstances {
  readonly authentication: Omit<TokenAuthentication, 'authTime' | 'expiresAt'> & { /** Whole seconds since the person signed in. */ readonly ageSeconds?: number };
}

/**
 * The circumstances at the time `now`, milliseconds since the epoch; `undefined` where there is no token to say something.
 * A sign-in in the future counts as one of now: clocks differ.
 */
export function circumstancesOf(principal: Principal, now: number): TokenContext | undefined {
  const { authentication, circumstances } = principal;
  if (authentication === undefined) return undefined;
  const { authTime, expiresAt: _end, ...rest } = authentication;
  if (authTime !== undefined) return { ...circumstances, authentication: { ...rest, ageSeconds: Math.max(0, Math.floor(now / 1000 - authTime)) } };
  let context = ageless.get(principal);
  if (context === undefined) {
    context = { ...circumstances, authentication: rest };
    ageless.set(principal, context);
  }
  return context;
}

/** What is the same at any time, built once for each verified token. */
const ageless = new WeakMap<Principal, TokenContext>();
