import { createHash } from 'node:crypto';
import { principalKey, type Principal } from '../identity';
import type { JsonObject, ToolAnnotations } from '../protocol';

/** Who may use a grant, or who took a step: a principal without its groups and scopes, which belong to a token. */
export type GrantPrincipal = Pick<Principal, 'type' | 'id' | 'issuer'>;

/** For which arguments a grant holds. */
export type ArgumentLimit =
  | { readonly kind: 'any' }
  | {
      /** Exactly these. */
      readonly kind: 'exact';
      /** SHA-256, hexadecimal, of their canonical form (RFC 8785). */
      readonly digest: string;
      /** What the approver reads; gone once nothing can come of the grant any more. */
      readonly shown?: JsonObject;
    }
  /** A Cedar expression that has to hold in the context of the call: `context.arguments.path like "inbox/*"`. */
  | { readonly kind: 'condition'; readonly cedar: string };

/** What is asked for, and what is approved: nobody changes it in between. */
export interface GrantTerms {
  readonly principal: GrantPrincipal;
  readonly server: string;
  readonly tool: string;
  /** What it is for, in the words of who asks (JIT-3). */
  readonly purpose: string;
  readonly arguments: ArgumentLimit;
  /** How many calls. */
  readonly uses: number;
  /** From the approval on, seconds. */
  readonly lifetimeSeconds: number;
  /** Where the work is tracked, `INC-4711`. */
  readonly ticket?: string;
  /** How suspicious the principal's behaviour was when it asked, 0 to 100, where somebody had looked (CV-3). */
  readonly risk?: number;
  /** The server's hints about the tool, where it was seen: policies on approvals may ask for them. */
  readonly annotations?: ToolAnnotations;
}

/** One approval. */
export interface Approval {
  /** A person, or the policies that let it pass by themselves. */
  readonly by: GrantPrincipal | { readonly type: 'Policy'; readonly id: string };
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly why?: string;
}

/** One call that the grant let through. */
export interface Use {
  readonly id: string;
  readonly at: number;
  /** How often the call went on after a question of the server: each answer to one goes on once. */
  readonly rounds: number;
}

/** How it ended before its time, and by whom. */
interface Ending {
  readonly by: GrantPrincipal | undefined;
  readonly at: number;
  readonly why: string;
}

interface Asked {
  readonly id: string;
  readonly terms: GrantTerms;
  /** Who asked; never the one who approves. */
  readonly requestedBy: GrantPrincipal;
  readonly requestedAt: number;
  /** What had been revoked by then: a grant holds only as long as nothing that concerns it is added (JIT-4). */
  readonly generation: number;
}

/** Waits for people. `approvals` has the first of two. */
export type RequestedGrant = Asked & { readonly state: 'requested'; readonly decideBy: number; readonly approvals: readonly Approval[] };
export type DeniedGrant = Asked & Ending & { readonly state: 'denied' };
/** Permits calls, until it is used up, too old or revoked. */
export type ApprovedGrant = Asked & { readonly state: 'approved'; readonly approvals: readonly Approval[]; readonly expiresAt: number; readonly uses: readonly Use[] };
export type ConsumedGrant = Asked & { readonly state: 'consumed'; readonly approvals: readonly Approval[]; readonly expiresAt: number; readonly uses: readonly Use[] };
/** Nobody decided in time, or it was not used up in time. */
export type ExpiredGrant = Asked & { readonly state: 'expired'; readonly at: number; readonly approvals: readonly Approval[]; readonly uses: readonly Use[] };
export type RevokedGrant = Asked & Ending & { readonly state: 'revoked'; readonly approvals: readonly Approval[]; readonly uses: readonly Use[] };

/** A just-in-time grant (JIT-1, JIT-5), in one of the states of its life. */
export type Grant = RequestedGrant | DeniedGrant | ApprovedGrant | ConsumedGrant | ExpiredGrant | RevokedGrant;
export type GrantState = Grant['state'];

/** Grants of one principal for one tool begin with the same text, so that those for a call are found in one query. */
export function grantPrefix(principal: GrantPrincipal, server: string, tool: string): string {
  return `${shortHash(keyOf(principal))}-${shortHash(JSON.stringify([server, tool]))}-`;
}

export function keyOf(principal: GrantPrincipal): string {
  return principalKey(principal as Principal);
}

export function isSame(a: GrantPrincipal, b: GrantPrincipal): boolean {
  return keyOf(a) === keyOf(b);
}

/** Without what belongs to the token alone. */
export function withoutClaims({ type, id, issuer }: GrantPrincipal): GrantPrincipal {
  return { type, id, issuer };
}

/** Says who it is, in lists and events. */
export function nameOf({ type, id }: Approval['by']): string {
  return `${type}::${JSON.stringify(id)}`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
