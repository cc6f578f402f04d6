import type { GrantPrincipal } from './grant';
import type { Target } from './marks';

/** What happened to a grant, or to all that concern something (LOG-1). It holds no argument and no purpose. */
export type GrantEvent = GrantHappening | MarkHappening;

export interface GrantHappening {
  readonly kind: 'grant';
  readonly action:
    | 'requested'
    /** The first of two approvals. */
    | 'endorsed'
    | 'approved'
    | 'denied'
    | 'used'
    | 'released'
    | 'revoked'
    /** Somebody tried to approve who may not. */
    | 'approval_refused';
  readonly at: number;
  readonly grant: string;
  /** Who would use it. */
  readonly principal: GrantPrincipal;
  readonly server: string;
  readonly tool: string;
  /** Who did it; absent for policies. */
  readonly by?: GrantPrincipal;
  readonly why?: string;
}

export interface MarkHappening {
  readonly kind: 'kill_switch';
  /** `grants_revoked`: the grants that concern the target are gone, calls that need none go on. */
  readonly action: 'grants_revoked' | 'blocked' | 'unblocked';
  readonly at: number;
  readonly target: Target;
  readonly by: GrantPrincipal;
  readonly why: string;
}
