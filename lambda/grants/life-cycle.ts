import { isSame, type Approval, type ApprovedGrant, type ConsumedGrant, type DeniedGrant, type Grant, type GrantPrincipal, type GrantTerms, type RequestedGrant, type RevokedGrant } from './grant';

/** What becomes of a grant, or why nothing does. */
export type Step<G extends Grant> = { readonly ok: true; readonly grant: G } | { readonly ok: false; readonly why: StepProblem };

export type StepProblem =
  /** Someone was faster, or it is too late. */
  | 'not_requested'
  | 'not_live'
  /** Who asks for a grant, or uses it, does not approve it. */
  | 'own_grant'
  /** Two different people are needed. */
  | 'approved_before'
  | 'ended';

export interface Asking {
  readonly id: string;
  readonly terms: GrantTerms;
  readonly requestedBy: GrantPrincipal;
  readonly generation: number;
  readonly now: number;
  /** How long people have to decide, milliseconds. */
  readonly decideMs: number;
}

export function ask({ id, terms, requestedBy, generation, now, decideMs }: Asking): RequestedGrant {
  return { id, terms, requestedBy, requestedAt: now, generation, state: 'requested', decideBy: now + decideMs, approvals: [] };
}

/** The grant as it is by now: what is too old or was revoked together with others says so. Ask before each step. */
export function asOf(grant: Grant, now: number, generation: number): Grant {
  if (grant.state !== 'requested' && grant.state !== 'approved') return grant;
  const { state: _, ...rest } = grant;
  const uses = grant.state === 'approved' ? grant.uses : [];
  if (grant.generation !== generation) return { ...rest, uses, state: 'revoked', by: undefined, at: now, why: 'revoked together with others' };
  const end = grant.state === 'requested' ? grant.decideBy : grant.expiresAt;
  return now >= end ? { ...rest, uses, state: 'expired', at: end } : grant;
}

/** Approved by the policies alone. */
export function approveByPolicy(grant: RequestedGrant, policyIds: readonly string[], now: number): ApprovedGrant {
  return approved(grant, [{ by: { type: 'Policy', id: policyIds.join(', ') }, at: now }], now);
}

/**
 * One person's approval: the last one that is needed lets the grant begin.
 * @param needed how many different people
 */
export function approve(grant: Grant, by: GrantPrincipal, needed: number, now: number, why?: string): Step<RequestedGrant | ApprovedGrant> {
  if (grant.state !== 'requested') return { ok: false, why: 'not_requested' };
  if (isSame(by, grant.requestedBy) || isSame(by, grant.terms.principal)) return { ok: false, why: 'own_grant' };
  if (grant.approvals.some((earlier) => earlier.by.type !== 'Policy' && isSame(earlier.by, by))) return { ok: false, why: 'approved_before' };
  const approvals: Approval[] = [...grant.approvals, { by, at: now, ...(why === undefined ? {} : { why }) }];
  return { ok: true, grant: approvals.length >= needed ? approved(grant, approvals, now) : { ...grant, approvals } };
}

export function deny(grant: Grant, by: GrantPrincipal, now: number, why: string): Step<DeniedGrant> {
  if (grant.state !== 'requested') return { ok: false, why: 'not_requested' };
  const { decideBy: _, approvals: __, ...asked } = grant;
  return { ok: true, grant: { ...withoutShown(asked), state: 'denied', by, at: now, why } };
}

/** Takes one use, which `useId` names. The last one consumes the grant. */
export function use(grant: Grant, useId: string, now: number): Step<ApprovedGrant | ConsumedGrant> {
  if (grant.state !== 'approved') return { ok: false, why: 'not_live' };
  const uses = [...grant.uses, { id: useId, at: now, rounds: 0 }];
  if (uses.length < grant.terms.uses) return { ok: true, grant: { ...grant, uses } };
  return { ok: true, grant: { ...withoutShown(grant), uses, state: 'consumed' } };
}

/**
 * Lets a call go on that the server answered with a question, under the use that it has, before the grant expires.
 * @param rounds How often it went on before: who brings the same answer twice does not go on twice
 */
export function goOn(grant: Grant, useId: string, rounds: number, now: number): Step<ApprovedGrant | ConsumedGrant> {
  if (grant.state !== 'approved' && grant.state !== 'consumed') return { ok: false, why: 'not_live' };
  const held = grant.uses.find(({ id }) => id === useId);
  if (held === undefined || held.rounds !== rounds || now >= grant.expiresAt) return { ok: false, why: 'not_live' };
  return { ok: true, grant: { ...grant, uses: grant.uses.map((one) => (one === held ? { ...held, rounds: rounds + 1 } : one)) } };
}

/** Gives a use back whose call the server never received. A use that is not there is given back already. */
export function release(grant: Grant, useId: string): Step<ApprovedGrant> {
  if (grant.state !== 'approved' && grant.state !== 'consumed') return { ok: false, why: 'not_live' };
  const uses = grant.uses.filter(({ id }) => id !== useId);
  return uses.length === grant.uses.length ? { ok: false, why: 'not_live' } : { ok: true, grant: { ...grant, uses, state: 'approved' } };
}

export function revoke(grant: Grant, by: GrantPrincipal, now: number, why: string): Step<RevokedGrant> {
  if (grant.state !== 'requested' && grant.state !== 'approved') return { ok: false, why: 'ended' };
  const { uses, ...rest } = { uses: [], ...grant };
  return { ok: true, grant: { ...withoutShown(rest), uses, state: 'revoked', by, at: now, why } };
}

/** When nothing can come of it any more, milliseconds since the epoch; `undefined` where that cannot be said yet. */
export function endOf(grant: Grant): number {
  switch (grant.state) {
    case 'requested':
      return grant.decideBy;
    case 'approved':
    case 'consumed':
      return grant.expiresAt;
    default:
      return grant.at;
  }
}

function approved(grant: RequestedGrant, approvals: readonly Approval[], now: number): ApprovedGrant {
  const { decideBy: _, ...asked } = grant;
  return { ...asked, state: 'approved', approvals, expiresAt: now + grant.terms.lifetimeSeconds * 1_000, uses: [] };
}

/** Nobody needs to read the arguments any more. */
function withoutShown<G extends { readonly terms: GrantTerms }>(grant: G): G {
  const { terms } = grant;
  if (terms.arguments.kind !== 'exact' || terms.arguments.shown === undefined) return grant;
  return { ...grant, terms: { ...terms, arguments: { kind: 'exact', digest: terms.arguments.digest } } };
}
