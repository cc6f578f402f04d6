import type { GrantInUse } from '../../authorization';

/** A grant as any could be, to find out whether one would help. It permits nothing: the call is decided again with a real one. */
export function imaginedGrant(purpose: string | undefined): GrantInUse {
  return { id: '', purpose: purpose ?? '', argumentsBound: true, approvedBy: ['one', 'two'] };
}
