import type { AuthorizationRequest } from '../authorization';
import type { Principal } from '../identity';
import type { ApprovedGrant, Grant, GrantPrincipal } from './grant';
import type { Mark, MarkStore, Target } from './marks';
import type { GrantRequest } from './request';

/** A live grant that fits a call. */
export interface FittingGrant {
  readonly grant: ApprovedGrant;
  readonly revision: number;
}

/** A use that was taken, and can be given back. */
export interface TakenUse {
  readonly grant: string;
  readonly use: string;
  /** How often the call went on after a question of the server. */
  readonly rounds: number;
}

/** Where grants are asked for, decided, used and revoked. All that anybody does with a grant goes through here. */
export interface GrantDesk {
  /**
   * @param existing A request of the same principal for the same thing that still waits is answered again instead of a second one. @default false
   * @throws GrantRefused
   */
  request(requester: Principal, request: GrantRequest, options?: { readonly existing?: boolean }): Promise<Grant>;
  /** @throws GrantRefused */
  approve(id: string, by: Principal, why?: string): Promise<Grant>;
  /** @throws GrantRefused */
  deny(id: string, by: Principal, why: string): Promise<Grant>;
  /** One's own grants may always be given up. @throws GrantRefused */
  revoke(id: string, by: Principal, why: string): Promise<Grant>;
  /** Takes all grants away that concern `target`; `block` also refuses every call, until it is lifted (JIT-4). @throws GrantRefused */
  mark(target: Target, effect: 'revoke' | 'block' | 'unblock', by: Principal, why: string): Promise<Mark>;
  /** Those that `by` may see, the newest first. */
  list(by: Principal): Promise<readonly Grant[]>;
  /** @throws GrantRefused `not_found` also where `by` may not see it */
  find(id: string, by: Principal): Promise<Grant>;
  /** What is blocked now. */
  blocks(by: Principal): Promise<readonly Mark[]>;
  /** Whether `by` may block everything. */
  mayBlock(by: Principal): Promise<boolean>;
  /** The live grants that hold for this call, the narrowest first. */
  fitting(call: AuthorizationRequest): Promise<readonly FittingGrant[]>;
  /** Takes a use: of many at the same time, in however many processes, never more than there are. `undefined` where none is left. */
  use(fitting: FittingGrant): Promise<TakenUse | undefined>;
  /**
   * Lets a call go on that the server answered with a question: under the same use, once for each answer, before the grant expires,
   * and where nothing was revoked since. `undefined` otherwise.
   */
  goOn(taken: TakenUse, principal: GrantPrincipal, server: string, tool: string): Promise<{ readonly grant: Grant; readonly taken: TakenUse } | undefined>;
  /** Gives a use back whose call the server never received. */
  release(taken: TakenUse): Promise<void>;
  readonly marks: MarkStore;
}
