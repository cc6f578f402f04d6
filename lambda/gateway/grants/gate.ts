import type { GrantDesk, KillSwitch, TakenUse } from '../../grants';
import type { Principal } from '../../identity';
import type { Seal } from '../sessions';

/** Just-in-time grants, as a gateway uses them (JIT-1, JIT-4, JIT-5). */
export interface GatewayGrants {
  readonly desk: Pick<GrantDesk, 'request' | 'fitting' | 'use' | 'goOn' | 'release' | 'find'>;
  readonly killSwitch: KillSwitch;
  /** Where a person decides on a grant. */
  approvalUrl(grant: string): string;
  /** Serves `/grants` and `/approvals`. @default - the gateway does not */
  readonly site?: GrantSite;
  /** How long a call that comes back for its grant waits for people to decide, milliseconds. @default 20000 */
  readonly waitMs?: number;
}

/** The pages and the API of grants. */
export interface GrantSite {
  fetch(request: Request, peer: { readonly address?: string }): Promise<SiteAnswer>;
}

export interface SiteAnswer {
  readonly response: Response;
  readonly principal?: Principal;
  /** Why it was refused, for the audit event. */
  readonly denied?: string;
}

/** What the calls of one gateway share. */
export interface GrantGate extends GatewayGrants {
  readonly seal: Seal;
}

/** The use of a grant by which a call is forwarded. */
export interface GrantUse {
  readonly taken: TakenUse;
  /** The server received the call before, and asked something. */
  readonly isContinued: boolean;
  readonly argumentsDigest: string;
}
