import fc from 'fast-check';
import { approve, ask, asOf, deny, release, revoke, use, type Grant, type GrantPrincipal } from '../../lambda/grants';
import { bob, carol, dave, erin } from './fixtures';

const PEOPLE: readonly GrantPrincipal[] = [bob, carol, dave, erin];

type Step = { readonly kind: 'approve' | 'deny' | 'revoke'; readonly by: number; readonly needed: 1 | 2 } | { readonly kind: 'use' | 'release'; readonly id: number } | { readonly kind: 'wait'; readonly ms: number } | { readonly kind: 'revoke all' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('approve' as const), by: fc.nat(3), needed: fc.constantFrom(1 as const, 2 as const) }) },
  fc.record({ kind: fc.constantFrom('deny' as const, 'revoke' as const), by: fc.nat(3), needed: fc.constant(1 as const) }),
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('use' as const, 'release' as const), id: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(400_000) }) },
  fc.constant({ kind: 'revoke all' as const }),
);

/** Takes the steps one after the other, as the desk would; answers every use that was let through, with what was so then. */
function live(steps: readonly Step[], uses: number) {
  let now = 0;
  let generation = 0;
  let grant: Grant = ask({ id: 'g', terms: { principal: bob, server: 's', tool: 't', purpose: 'p', arguments: { kind: 'any' }, uses, lifetimeSeconds: 300 }, requestedBy: bob, generation, now, decideMs: 900_000 });
  const passed: { readonly at: number; readonly grant: Grant; readonly generation: number }[] = [];
  let held = 0;
  for (const one of steps) {
    const current = asOf(grant, now, generation);
    switch (one.kind) {
      case 'wait':
        now += one.ms;
        break;
      case 'revoke all':
        generation += 1;
        break;
      case 'approve': {
        const taken = approve(current, PEOPLE[one.by]!, one.needed, now);
        if (taken.ok) grant = taken.grant;
        break;
      }
      case 'use': {
        const taken = use(current, `u${one.id}-${passed.length}`, now);
        if (!taken.ok) break;
        passed.push({ at: now, grant: current, generation });
        held += 1;
        grant = taken.grant;
        break;
      }
      case 'release': {
        const name = 'uses' in current ? current.uses[one.id]?.id : undefined;
        const taken = release(current, name ?? 'nothing');
        if (!taken.ok) break;
        held -= 1;
        grant = taken.grant;
        break;
      }
      default: {
        const taken = one.kind === 'deny' ? deny(current, PEOPLE[one.by]!, now, 'no') : revoke(current, PEOPLE[one.by]!, now, 'no');
        if (taken.ok) grant = taken.grant;
      }
    }
  }
  return { passed, held, grant };
}

describe('whatever happens to a grant', () => {
  test('JIT-1 it lets no call through that nobody else approved, too late, after a revocation, or too often', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), (steps, uses) => {
        const { passed, held } = live(steps, uses);
        expect(held).toBeLessThanOrEqual(uses);
        for (const { at, grant, generation } of passed) {
          if (grant.state !== 'approved') throw new Error(`a call passed by a grant that is ${grant.state}`);
          expect(grant.approvals.length).toBeGreaterThan(0);
          expect(grant.approvals.every(({ by }) => by.id !== bob.id)).toBe(true);
          expect(new Set(grant.approvals.map(({ by }) => by.id)).size).toBe(grant.approvals.length);
          expect(at).toBeLessThan(grant.expiresAt);
          expect(grant.generation).toBe(generation);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('what ended stays so', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.array(step, { maxLength: 10 }), (first, then) => {
        const before = live(first, 1).grant;
        fc.pre(before.state === 'denied' || before.state === 'revoked');
        expect(live([...first, ...then], 1).grant).toEqual(before);
      }),
      { numRuns: 1_000 },
    );
  });
});
