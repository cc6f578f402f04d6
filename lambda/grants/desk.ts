import { randomBytes, randomUUID } from 'node:crypto';
import type { Principal } from '../identity';
import { RevisionConflict, type DocumentStore } from '../stores';
import { isSameLimit, limitHash } from './arguments';
import type { GrantAuthority } from './authority';
import type { GrantDesk } from './contract';
import { byNarrowness, fits, isFor } from './fitting';
import type { GrantEvent, GrantHappening } from './event';
import { grantPrefix, isSame, withoutClaims, type Grant, type GrantPrincipal } from './grant';
import { createGrantStore, type StoredGrant } from './grant-store';
import { approve, approveByPolicy, ask, asOf, deny, goOn, release, revoke, use, type Step } from './life-cycle';
import { createMarkStore, targetId, type Mark, type Marks, type MarkStore, type Target } from './marks';
import { GrantRefused } from './refused';
import { DEFAULT_GRANT_LIMITS, termsOf, type GrantLimits } from './request';

export interface GrantDeskOptions {
  readonly store: DocumentStore;
  readonly authority: GrantAuthority;
  /** @default DEFAULT_GRANT_LIMITS */
  readonly limits?: Partial<GrantLimits>;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** Gets each thing that happens, after it did. */
  readonly onEvent?: (event: GrantEvent, grant?: Grant) => void;
}

const MAX_TRIES = 200;

export function createGrantDesk({ store, authority, limits: given, clock = Date.now, onEvent = () => undefined }: GrantDeskOptions): GrantDesk {
  const limits = { ...DEFAULT_GRANT_LIMITS, ...given };
  const grants = createGrantStore(store, limits.keepMs);
  const marks = createMarkStore(store);

  function tell(action: GrantHappening['action'], grant: Grant, by?: GrantPrincipal, why?: string): void {
    const { principal, server, tool } = grant.terms;
    onEvent(
      { kind: 'grant', action, at: clock(), grant: grant.id, principal, server, tool, ...(by === undefined ? {} : { by: withoutClaims(by) }), ...(why === undefined ? {} : { why }) },
      grant,
    );
  }

  const current = ({ grant, revision }: StoredGrant, now: number, all: Marks): StoredGrant => {
    const { principal, server, tool } = grant.terms;
    return { grant: asOf(grant, now, all.generationOf(principal, server, tool)), revision };
  };

  async function load(id: string): Promise<StoredGrant> {
    const [stored, all] = await Promise.all([grants.find(id), marks.read()]);
    if (stored === undefined) throw new GrantRefused('not_found');
    return current(stored, clock(), all);
  }

  /** Reads, takes the step and writes, again where somebody else wrote in between. */
  async function take<G extends Grant>(id: string, step: (grant: Grant) => Promise<Step<G>> | Step<G>): Promise<G> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const { grant, revision } = await load(id);
      const taken = await step(grant);
      if (!taken.ok) throw new GrantRefused(taken.why);
      try {
        await grants.put(taken.grant, revision);
        return taken.grant;
      } catch (error) {
        if (!(error instanceof RevisionConflict)) throw error;
      }
    }
    throw new Error('a grant changes too fast');
  }

  async function decidable(id: string, by: Principal): Promise<{ readonly grant: Grant; readonly needed: number }> {
    const { grant } = await load(id);
    const weight = await authority.weighs(by, grant.terms, clock());
    if (weight === 'none') {
      tell('approval_refused', grant, by, 'not_permitted');
      throw new GrantRefused('not_permitted');
    }
    return { grant, needed: weight === 'alone' ? 1 : 2 };
  }

  async function isVisible(grant: Grant, by: Principal, seen: Map<string, Promise<boolean>>): Promise<boolean> {
    const { principal, server } = grant.terms;
    if (isSame(by, principal) || isSame(by, grant.requestedBy)) return true;
    let may = seen.get(server);
    if (may === undefined) seen.set(server, (may = authority.maySee(by, server, clock())));
    return may;
  }

  async function putNew(grant: Grant): Promise<{ readonly grant: Grant; readonly isNew: boolean }> {
    await grants.put(grant, 0);
    return { grant, isNew: true };
  }

  /** Those who ask for the same at the same time name it alike, so that one of them writes it and the others find it. */
  async function putOnce(earlier: number, begin: (count: number) => Grant): Promise<{ readonly grant: Grant; readonly isNew: boolean }> {
    for (let count = earlier; count < earlier + MAX_TRIES; count += 1) {
      const grant = begin(count);
      try {
        return await putNew(grant);
      } catch (error) {
        if (!(error instanceof RevisionConflict)) throw error;
        const { grant: found } = await load(grant.id);
        if (found.state === 'requested' || found.state === 'approved') return { grant: found, isNew: false };
      }
    }
    throw new Error('a grant is asked for too often');
  }

  return {
    marks,

    async request(requester, request, { existing = false } = {}) {
      const terms = termsOf(request, requester, limits);
      const now = clock();
      if (!(await authority.mayRequest(requester, terms, now))) throw new GrantRefused('not_permitted');
      const { principal, server, tool } = terms;
      const prefix = grantPrefix(principal, server, tool);
      const ofPrincipal = prefix.slice(0, prefix.indexOf('-') + 1);
      const [all, own] = await Promise.all([marks.read(), grants.list(ofPrincipal)]);
      if (all.blockOf(principal, server, tool) !== undefined || all.areGrantsHeld(principal, server, tool)) throw new GrantRefused('not_permitted');
      const waiting = own.map((one) => current(one, now, all).grant).filter((grant) => grant.state === 'requested');
      const isSameThing = (grant: Grant) => grant.id.startsWith(prefix) && isSameLimit(grant.terms.arguments, terms.arguments);
      const same = existing ? waiting.find(isSameThing) : undefined;
      if (same !== undefined) return same;
      if (waiting.length >= limits.maxWaiting) throw new GrantRefused('too_many_requests');
      const generation = all.generationOf(principal, server, tool);
      const policyIds = await authority.autoApproves(requester, terms, now);
      const begin = (id: string) => {
        const asked = ask({ id, terms, requestedBy: withoutClaims(requester), generation, now, decideMs: limits.decideMs });
        return policyIds === undefined ? asked : approveByPolicy(asked, policyIds, now);
      };
      const stored = existing ? await putOnce(own.filter(({ grant }) => isSameThing(grant)).length, (count) => begin(prefix + limitHash(terms.arguments, generation, count))) : await putNew(begin(prefix + randomBytes(8).toString('hex')));
      if (!stored.isNew) return stored.grant;
      const { grant } = stored;
      tell('requested', grant, requester);
      if (grant.state === 'approved') tell('approved', grant);
      return grant;
    },

    async approve(id, by, why) {
      const { grant: seen, needed } = await decidable(id, by);
      try {
        const grant = await take(id, (latest) => approve(latest, withoutClaims(by), needed, clock(), why));
        tell(grant.state === 'approved' ? 'approved' : 'endorsed', grant, by, why);
        return grant;
      } catch (error) {
        if (error instanceof GrantRefused && (error.reason === 'own_grant' || error.reason === 'approved_before')) tell('approval_refused', seen, by, error.reason);
        throw error;
      }
    },

    async deny(id, by, why) {
      await decidable(id, by);
      const grant = await take(id, (latest) => deny(latest, withoutClaims(by), clock(), why));
      tell('denied', grant, by, why);
      return grant;
    },

    async revoke(id, by, why) {
      const { grant: before } = await load(id);
      const isOwn = isSame(by, before.terms.principal) || isSame(by, before.requestedBy);
      if (!isOwn && !(await authority.mayRevoke(by, before.terms, clock()))) throw new GrantRefused('not_permitted');
      const grant = await take(id, (latest) => revoke(latest, withoutClaims(by), clock(), why));
      tell('revoked', grant, by, why);
      return grant;
    },

    async mark(target, effect, by, why) {
      const now = clock();
      if (!(await authority.mayBlock(by, target, now))) throw new GrantRefused('not_permitted');
      const blocked = effect === 'block' || (effect === 'revoke' && (await isBlocked(marks, target)));
      const mark: Mark = { target, blocked, by: withoutClaims(by), at: now, why };
      await marks.set(mark);
      const action = effect === 'revoke' ? 'grants_revoked' : effect === 'block' ? 'blocked' : 'unblocked';
      onEvent({ kind: 'kill_switch', action, at: now, target, by: withoutClaims(by), why });
      return mark;
    },

    async list(by) {
      const [all, stored] = await Promise.all([marks.read(), grants.list()]);
      const now = clock();
      const seen = new Map<string, Promise<boolean>>();
      const every = stored.map((one) => current(one, now, all).grant);
      const visible = await Promise.all(every.map((grant) => isVisible(grant, by, seen)));
      return every.filter((_, index) => visible[index]).sort((a, b) => b.requestedAt - a.requestedAt);
    },

    async find(id, by) {
      const { grant } = await load(id);
      if (!(await isVisible(grant, by, new Map()))) throw new GrantRefused('not_found');
      return grant;
    },

    async blocks(by) {
      const { all } = await marks.read();
      const may = await Promise.all(all.map(({ target }) => authority.mayBlock(by, target, clock())));
      return all.filter(({ blocked }, index) => blocked && may[index]);
    },

    mayBlock: (by) => authority.mayBlock(by, { kind: 'everything' }, clock()),

    async fitting(call) {
      const { principal, server, operation } = call;
      if (operation.kind !== 'callTool') return [];
      const [all, stored] = await Promise.all([marks.read(), grants.list(grantPrefix(principal, server, operation.tool.name))]);
      // The clock of the decision decides on expiry; that of the table cleans up.
      const now = call.context.now;
      return stored
        .flatMap((one) => {
          const { grant, revision } = current(one, now, all);
          return grant.state === 'approved' && isFor(grant, call) && fits(grant, call) ? [{ grant, revision }] : [];
        })
        .sort((a, b) => byNarrowness(a.grant, b.grant));
    },

    async use({ grant, revision }) {
      const useId = randomUUID();
      let latest: StoredGrant = { grant, revision };
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const taken = use(latest.grant, useId, clock());
        if (!taken.ok) return undefined;
        try {
          await grants.put(taken.grant, latest.revision);
          tell('used', taken.grant, grant.terms.principal);
          return { grant: grant.id, use: useId, rounds: 0 };
        } catch (error) {
          if (!(error instanceof RevisionConflict)) throw error;
          latest = await load(grant.id);
        }
      }
      return undefined;
    },

    async goOn({ grant: id, use: useId, rounds }, principal, server, tool) {
      if (!id.startsWith(grantPrefix(principal, server, tool))) return undefined;
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const [stored, all] = await Promise.all([grants.find(id), marks.read()]);
        if (stored === undefined || !isSame(stored.grant.terms.principal, principal) || stored.grant.generation !== all.generationOf(principal, server, tool)) return undefined;
        const taken = goOn(stored.grant, useId, rounds, clock());
        if (!taken.ok) return undefined;
        try {
          await grants.put(taken.grant, stored.revision);
          return { grant: taken.grant, taken: { grant: id, use: useId, rounds: rounds + 1 } };
        } catch (error) {
          if (!(error instanceof RevisionConflict)) throw error;
        }
      }
      return undefined;
    },

    async release({ grant: id, use: useId }) {
      try {
        const grant = await take(id, (latest) => release(latest, useId));
        tell('released', grant, grant.terms.principal);
      } catch (error) {
        // Revoked or too old in the meantime: there is nothing to give back.
        if (!(error instanceof GrantRefused)) throw error;
      }
    },
  };
}

async function isBlocked(marks: MarkStore, target: Target): Promise<boolean> {
  const { all } = await marks.read();
  return all.some((mark) => mark.blocked && targetId(mark.target) === targetId(target));
}
