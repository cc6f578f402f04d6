import type { Authenticator } from './authenticator';
import { readAccessToken } from './access-token';
import { invalidToken, malformedRequest, tokenRequired } from './failure';
import { principalId } from './principal';
import type { Principal } from './principal';

export interface AnonymousPrincipal {
  readonly id: string;
  /** @default 'Agent' */
  readonly type?: Principal['type'];
  /** @default - none */
  readonly groups?: readonly string[];
}

/**
 * Takes a request without credentials as coming from `anonymous`. One that has some is for `next` to judge and never
 * falls back to anonymous; without `next` it is refused. For a gateway on a loopback address or behind one that
 * authenticates.
 */
export function createAnonymousAuthenticator(anonymous: AnonymousPrincipal, next?: Authenticator): Authenticator {
  const principal: Principal = Object.freeze({
    type: anonymous.type ?? 'Agent',
    id: principalId(anonymous.id),
    groups: Object.freeze([...(anonymous.groups ?? [])]),
    scopes: Object.freeze([]),
    issuer: 'anonymous',
  });
  const allowed = { ok: true, principal } as const;
  return {
    authenticate(input) {
      const presented = readAccessToken(input);
      // Where tokens have to be bound to their sender, nobody comes in without one.
      if (presented.kind === 'absent' && input.senderConstraint !== 'required') return allowed;
      if (next !== undefined) return next.authenticate(input);
      if (presented.kind === 'absent') return tokenRequired(input, 'no_token', []);
      if (presented.kind === 'malformed') return malformedRequest(input, presented.reason);
      return invalidToken(input, 'token_not_accepted', []);
    },
  };
}
