import type { TokenScheme } from './access-token';
import type { AuthenticationFailure } from './authenticator';
import { assertScopes, challengeFor, insufficientScope, type Challenged } from './challenge';
import type { Principal } from './principal';

/** What a token must show before certain tools may be called, besides what every token must (CV-3, PUB-8). */
export interface TokenRequirement {
  /** Names of tools; `*` stands for any text. @default - whatever is asked of the server */
  readonly tools?: readonly string[];
  /** Scopes that the token must have, all of them. @default - none */
  readonly scopes?: readonly string[];
  /** Ways to sign in of which one must have been used, best first (RFC 9470). @default - any */
  readonly acrValues?: readonly string[];
  /** How long ago the person may have signed in, seconds (RFC 9470). @default - any time */
  readonly maxAgeSeconds?: number;
}

/** What a request still lacks. */
export interface Unmet {
  readonly kind: 'scope' | 'authentication';
  readonly requirement: TokenRequirement;
}

/** Finds what a principal lacks for a tool, or for talking to the server at all where no tool is named. */
export type RequirementCheck = (principal: Principal, tool: string | undefined, now: number) => Unmet | undefined;

/** Clocks of issuer and gateway may differ by as much, seconds. */
const SKEW_SECONDS = 30;

/**
 * @throws TypeError when a requirement asks for nothing, or cannot be met
 */
export function createRequirementCheck(requirements: readonly TokenRequirement[]): RequirementCheck {
  const rules = requirements.map((requirement) => ({ requirement: checked(requirement), covers: matcher(requirement.tools) }));
  return (principal, tool, now) => {
    for (const { requirement, covers } of rules) {
      if (!covers(tool)) continue;
      const { scopes = [], acrValues, maxAgeSeconds } = requirement;
      if (!scopes.every((scope) => principal.scopes.includes(scope))) return { kind: 'scope', requirement };
      const { acr, authTime } = principal.authentication ?? {};
      if (acrValues !== undefined && !(acr !== undefined && acrValues.includes(acr))) return { kind: 'authentication', requirement };
      if (maxAgeSeconds !== undefined && !(authTime !== undefined && now / 1000 - authTime <= maxAgeSeconds + SKEW_SECONDS)) return { kind: 'authentication', requirement };
    }
    return undefined;
  };
}

/**
 * The refusal that tells the client what to get: 403 `insufficient_scope`, or 401 `insufficient_user_authentication`
 * (RFC 9470 section 3).
 *
 * @param scopes that every token needs: one challenge names all that the request needs
 */
export function stepUpRequired(input: Challenged, { kind, requirement }: Unmet, principal: Principal, scopes: readonly string[]): AuthenticationFailure {
  const used: TokenScheme = principal.authentication?.method === 'dpop' ? 'DPoP' : 'Bearer';
  const needed = [...new Set([...scopes, ...(requirement.scopes ?? [])])];
  if (kind === 'scope') return insufficientScope(input, needed, used);
  const { acrValues, maxAgeSeconds } = requirement;
  const description = acrValues === undefined ? 'The person has to sign in again: it was too long ago' : 'The person has to sign in in a stronger way, or again';
  const challenge = challengeFor(input, { error: 'insufficient_user_authentication', description, scopes: needed, acrValues, maxAgeSeconds }, used);
  return { ok: false, status: 401, challenge, reason: 'insufficient_user_authentication' };
}

function checked(requirement: TokenRequirement): TokenRequirement {
  const { tools, scopes, acrValues, maxAgeSeconds } = requirement;
  if (!scopes?.length && !acrValues?.length && maxAgeSeconds === undefined) throw new TypeError('a token requirement asks for nothing; expected scopes, acrValues or maxAgeSeconds');
  if (tools?.length === 0) throw new TypeError('a token requirement names no tools; expected some, or no list at all');
  if (acrValues?.some((value) => value === '' || value.includes(' '))) throw new TypeError('a token requirement has an acr value with a space; expected one value each');
  if (maxAgeSeconds !== undefined && !(maxAgeSeconds > 0)) throw new TypeError(`a token requirement has a maxAgeSeconds of ${maxAgeSeconds}; expected a number above 0`);
  assertScopes(scopes ?? [], 'token requirement');
  return requirement;
}

/** A requirement for certain tools says nothing of anything else; one without tools covers all. */
function matcher(patterns: readonly string[] | undefined): (tool: string | undefined) => boolean {
  if (patterns === undefined) return () => true;
  const parts = patterns.map((pattern) => pattern.split('*'));
  return (tool) => tool !== undefined && parts.some((literals) => matches(tool, literals));
}

/** Whether `text` is the literals in their order with any text between them. */
function matches(text: string, literals: readonly string[]): boolean {
  const [first = '', ...rest] = literals;
  if (rest.length === 0) return text === first;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const literal of rest) {
    const found = text.indexOf(literal, at);
    if (found < 0) return false;
    at = found + literal.length;
  }
  return at <= text.length - last.length;
}
