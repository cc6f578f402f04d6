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
  if (principal.authentication === undefined) return undefined;
  let ageless = agelessOf.get(principal);
  if (ageless === undefined) agelessOf.set(principal, (ageless = withoutAge(principal.authentication, principal.circumstances)));
  const { authTime } = principal.authentication;
  if (authTime === undefined) return ageless;
  return { ...ageless, authentication: { ...ageless.authentication, ageSeconds: Math.max(0, Math.floor(now / 1000 - authTime)) } };
}

function withoutAge({ authTime: _start, expiresAt: _end, ...authentication }: TokenAuthentication, circumstances: TokenCircumstances | undefined): TokenContext {
  return { ...circumstances, authentication };
}

/** What is the same at any time, built once for each verified token. */
const agelessOf = new WeakMap<Principal, TokenContext>();
