import { GrantRefused, type FittingGrant, type Grant } from '../../lambda/grants';
import { ASKED, bob, callBy, carol, cedarAuthority, dave, erin, mallory, startDesk, user, type TestDesk } from './fixtures';

async function live({ desk, now }: TestDesk, given = ASKED.arguments as object): Promise<readonly FittingGrant[]> {
  return desk.fitting(callBy(bob, given as never, now));
}

async function refusal(step: Promise<unknown>): Promise<string> {
  const error = await step.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GrantRefused)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error.reason;
}

async function approved(test: TestDesk, more: object = {}): Promise<Grant> {
  const { id } = await test.desk.request(bob, { ...ASKED, ...more });
  return test.desk.approve(id, erin);
}

describe('asking for a grant', () => {
  test('JIT-1 a grant holds for one call and five minutes unless more is asked for', async () => {
    const { desk } = startDesk();
    const grant = await desk.request(bob, ASKED);
    expect(grant).toMatchObject({ state: 'requested', terms: { uses: 1, lifetimeSeconds: 300, principal: { type: 'User', id: 'bob', issuer: 'test' } } });
  });

  test('JIT-1 nothing is permitted by a request that nobody approved', async () => {
    const test = startDesk();
    await test.desk.request(bob, ASKED);
    expect(await live(test)).toEqual([]);
  });

  test('refuses who may not ask, and what is asked for too long by a policy or by any measure', async () => {
    const { desk } = startDesk();
    expect(await refusal(desk.request(mallory, ASKED))).toBe('not_permitted');
    expect(await refusal(desk.request(bob, { ...ASKED, lifetimeSeconds: 601 }))).toBe('not_permitted');
    expect(await refusal(desk.request(bob, { ...ASKED, lifetimeSeconds: 3_601 }))).toBe('invalid_request');
    expect(await refusal(desk.request(bob, { ...ASKED, uses: 21 }))).toBe('invalid_request');
    expect(await refusal(desk.request(bob, { ...ASKED, purpose: '  ' }))).toBe('invalid_request');
    expect(await refusal(desk.request(bob, { ...ASKED, condition: 'true' }))).toBe('invalid_request');
  });

  test('a principal does not fill the desk with requests', async () => {
    const test = startDesk({ limits: { maxWaiting: 2 } });
    await test.desk.request(bob, { ...ASKED, arguments: { entityNames: ['1'] } });
    await test.desk.request(bob, { ...ASKED, tool: 'delete_relations', arguments: undefined });
    expect(await refusal(test.desk.request(bob, ASKED))).toBe('too_many_requests');
    test.now += 900_000;
    await test.desk.request(bob, ASKED);
  });

  test('asking again for the same answers the request that waits, when asked so', async () => {
    const { desk } = startDesk();
    const first = await desk.request(bob, ASKED);
    expect((await desk.request(bob, ASKED, { existing: true })).id).toBe(first.id);
    expect((await desk.request(bob, { ...ASKED, arguments: { entityNames: ['y'] } }, { existing: true })).id).not.toBe(first.id);
    expect((await desk.request(bob, ASKED)).id).not.toBe(first.id);
  });

  test('a policy may approve by itself, and is named as who did', async () => {
    const { desk } = startDesk();
    const grant = await desk.request(bob, { ...ASKED, annotations: { readOnlyHint: true } });
    expect(grant).toMatchObject({ state: 'approved', approvals: [{ by: { type: 'Policy', id: 'auto' } }] });
  });

  test('a condition is one Cedar expression and nothing else', async () => {
    const { desk } = startDesk();
    const ask = (condition: string) => desk.request(bob, { ...ASKED, arguments: undefined, condition });
    for (const condition of ['', 'true } unless { false', 'true }; permit (principal, action, resource) when { true', 'context.', 'true'.padEnd(2_001)]) {
      expect(await refusal(ask(condition))).toBe('invalid_request');
    }
    expect(await ask('context.arguments.entityNames.contains("x") // and this')).toMatchObject({ state: 'requested' });
  });
});

describe('deciding on a grant', () => {
  test('two different people approve, neither of them who asked', async () => {
    const { desk } = startDesk();
    const { id } = await desk.request(bob, ASKED);
    expect(await refusal(desk.approve(id, user('bob', 'approvers')))).toBe('own_grant');
    expect(await desk.approve(id, carol)).toMatchObject({ state: 'requested', approvals: [{ by: { id: 'carol' } }] });
    expect(await refusal(desk.approve(id, carol))).toBe('approved_before');
    expect(await desk.approve(id, dave)).toMatchObject({ state: 'approved', approvals: [{ by: { id: 'carol' } }, { by: { id: 'dave' } }] });
  });

  test('one person is enough where a policy says so of that person', async () => {
    const { desk } = startDesk();
    const { id } = await desk.request(bob, ASKED);
    expect(await desk.approve(id, erin, 'seen it')).toMatchObject({ state: 'approved', approvals: [{ by: { id: 'erin' }, why: 'seen it' }] });
  });

  test('an approval of somebody who may not is refused and told', async () => {
    const { desk, events } = startDesk();
    const { id } = await desk.request(bob, ASKED);
    expect(await refusal(desk.approve(id, mallory))).toBe('not_permitted');
    expect(events.at(-1)).toMatchObject({ kind: 'grant', action: 'approval_refused', grant: id, by: { id: 'mallory' } });
  });

  test('its time begins with the approval and is over with its expiry, by the clock of the decision', async () => {
    const test = startDesk();
    const { id } = await test.desk.request(bob, ASKED);
    test.now += 600_000;
    expect(await test.desk.approve(id, erin)).toMatchObject({ expiresAt: test.now + 300_000 });
    test.now += 299_999;
    expect(await live(test)).toHaveLength(1);
    test.now += 1;
    expect(await live(test)).toEqual([]);
    expect(await test.desk.find(id, bob)).toMatchObject({ state: 'expired' });
  });

  test('a request that nobody decided on in time cannot be approved any more', async () => {
    const test = startDesk();
    const { id } = await test.desk.request(bob, ASKED);
    test.now += 900_000;
    expect(await refusal(test.desk.approve(id, erin))).toBe('not_requested');
  });

  test('what was denied is denied, and keeps no arguments', async () => {
    const { desk } = startDesk();
    const { id } = await desk.request(bob, ASKED);
    const denied = await desk.deny(id, carol, 'not today');
    expect(denied).toMatchObject({ state: 'denied', why: 'not today', by: { id: 'carol' } });
    expect(JSON.stringify(denied)).not.toContain('entityNames');
    expect(await refusal(desk.approve(id, erin))).toBe('not_requested');
  });

  test('others do not see it', async () => {
    const { desk } = startDesk();
    const { id } = await desk.request(bob, ASKED);
    expect(await refusal(desk.find(id, mallory))).toBe('not_found');
    expect(await desk.list(mallory)).toEqual([]);
    expect((await desk.list(bob)).map((grant) => grant.id)).toEqual([id]);
    expect((await desk.list(carol)).map((grant) => grant.id)).toEqual([id]);
  });
});

describe('using a grant', () => {
  test('JIT-1 holds for exactly the arguments that were approved, in any order of their members', async () => {
    const test = startDesk();
    await approved(test, { arguments: { entityNames: ['x'], note: 'a' } });
    expect(await live(test, { note: 'a', entityNames: ['x'] })).toHaveLength(1);
    for (const other of [{ entityNames: ['x'] }, { entityNames: ['x', 'y'], note: 'a' }, { entityNames: ['x'], note: 'b' }, { entityNames: 'x', note: 'a' }]) {
      expect(await live(test, other)).toEqual([]);
    }
  });

  test('holds under its condition, and not where that cannot be evaluated', async () => {
    const test = startDesk();
    await approved(test, { arguments: undefined, condition: 'context.arguments.entityNames.contains("x")' });
    expect(await live(test, { entityNames: ['a', 'x'] })).toHaveLength(1);
    expect(await live(test, { entityNames: ['a'] })).toEqual([]);
    expect(await live(test, {})).toEqual([]);
  });

  test('holds for nobody else, no other tool and no other server', async () => {
    const test = startDesk();
    await approved(test);
    const call = callBy(bob, ASKED.arguments, test.now);
    expect(await test.desk.fitting({ ...call, principal: { ...bob, issuer: 'elsewhere' } })).toEqual([]);
    expect(await test.desk.fitting({ ...call, principal: { ...bob, type: 'Agent' } })).toEqual([]);
    expect(await test.desk.fitting({ ...call, server: 'files' })).toEqual([]);
    expect(await test.desk.fitting({ ...call, operation: { ...call.operation, tool: { ...call.operation.tool, name: 'delete_relations' } } })).toEqual([]);
  });

  test('the narrowest grant is used first', async () => {
    const test = startDesk();
    await approved(test, { arguments: undefined });
    const exact = await approved(test);
    expect((await live(test))[0]?.grant.id).toBe(exact.id);
  });

  test('JIT-1 is used as often as it says, and is consumed then', async () => {
    const test = startDesk();
    const { id } = await approved(test, { uses: 2 });
    const [fitting] = await live(test);
    expect(await test.desk.use(fitting!)).toBeDefined();
    expect(await test.desk.use(fitting!)).toBeDefined();
    expect(await test.desk.use(fitting!)).toBeUndefined();
    expect(await live(test)).toEqual([]);
    expect(await test.desk.find(id, bob)).toMatchObject({ state: 'consumed' });
  });

  test('a released use can be taken again, once', async () => {
    const test = startDesk();
    await approved(test);
    const taken = await test.desk.use((await live(test))[0]!);
    await test.desk.release(taken!);
    await test.desk.release(taken!);
    const again = await test.desk.use((await live(test))[0]!);
    expect(again).toBeDefined();
    await test.desk.release(taken!);
    expect(await live(test)).toEqual([]);
    expect(test.events.map((event) => event.action)).toEqual(['requested', 'approved', 'used', 'released', 'used']);
  });
});

describe('revoking', () => {
  test('JIT-4 a grant is revoked by who may, and by who has it, and stays revoked', async () => {
    const test = startDesk();
    const { id } = await approved(test);
    expect(await refusal(test.desk.revoke(id, mallory, 'why not'))).toBe('not_permitted');
    const [fitting] = await live(test);
    await test.desk.revoke(id, carol, 'incident');
    expect(await live(test)).toEqual([]);
    expect(await test.desk.use(fitting!)).toBeUndefined();
    const own = await approved(test);
    expect(await test.desk.revoke(own.id, bob, 'done')).toMatchObject({ state: 'revoked', by: { id: 'bob' } });
    expect(await refusal(test.desk.revoke(own.id, bob, 'done'))).toBe('ended');
  });

  test.each([
    ['everything', { kind: 'everything' }],
    ['the principal', { kind: 'principal', principal: bob }],
    ['the server', { kind: 'server', server: 'memory' }],
    ['the tool', { kind: 'tool', server: 'memory', tool: 'delete_entities' }],
  ] as const)('JIT-4 all grants are revoked by %s, those that wait included, and none that come later', async (_, target) => {
    const test = startDesk();
    const { id } = await approved(test);
    const waiting = await test.desk.request(bob, ASKED);
    await test.desk.mark(target, 'revoke', carol, 'incident');
    expect(await live(test)).toEqual([]);
    expect(await test.desk.find(id, bob)).toMatchObject({ state: 'revoked' });
    expect(await refusal(test.desk.approve(waiting.id, erin))).toBe('not_requested');
    await approved(test);
    expect(await live(test)).toHaveLength(1);
  });

  test('JIT-4 what concerns others is left alone', async () => {
    const test = startDesk();
    await approved(test);
    await test.desk.mark({ kind: 'principal', principal: mallory }, 'block', carol, 'incident');
    await test.desk.mark({ kind: 'server', server: 'files' }, 'block', carol, 'incident');
    await test.desk.mark({ kind: 'tool', server: 'memory', tool: 'read_graph' }, 'block', carol, 'incident');
    expect(await live(test)).toHaveLength(1);
  });

  test('JIT-4 a block takes grants away for good, and ends when it is lifted', async () => {
    const test = startDesk();
    await approved(test);
    await test.desk.mark({ kind: 'principal', principal: bob }, 'block', carol, 'incident');
    expect(await refusal(test.desk.request(bob, ASKED))).toBe('not_permitted');
    expect((await test.desk.blocks(carol)).map(({ target }) => target.kind)).toEqual(['principal']);
    await test.desk.mark({ kind: 'principal', principal: bob }, 'revoke', carol, 'more of it');
    expect(await test.desk.blocks(carol)).toHaveLength(1);
    await test.desk.mark({ kind: 'principal', principal: bob }, 'unblock', carol, 'cleared');
    expect(await test.desk.blocks(carol)).toEqual([]);
    expect(await live(test)).toEqual([]);
    await approved(test);
  });

  test('the kill switch for everything needs the permission on every server', async () => {
    const policies = { one: 'permit (principal, action == Mcp::Action::"useKillSwitch", resource == Mcp::ServerGrants::"memory");' };
    const { desk } = startDesk({ authority: cedarAuthority(policies) });
    await desk.mark({ kind: 'server', server: 'memory' }, 'block', mallory, 'x');
    expect(await refusal(desk.mark({ kind: 'server', server: 'files' }, 'block', mallory, 'x'))).toBe('not_permitted');
    expect(await refusal(desk.mark({ kind: 'everything' }, 'block', mallory, 'x'))).toBe('not_permitted');
    expect(await refusal(desk.mark({ kind: 'principal', principal: bob }, 'block', mallory, 'x'))).toBe('not_permitted');
  });

  test('who may do everything with a server may not approve grants for it by that', async () => {
    const everything = { all: 'permit (principal, action, resource in Mcp::Server::"memory");' };
    const { desk } = startDesk({ authority: cedarAuthority(everything) });
    const { id, state } = await desk.request(bob, ASKED);
    expect(state).toBe('requested');
    expect(await refusal(desk.approve(id, erin))).toBe('not_permitted');
    expect(await refusal(desk.mark({ kind: 'server', server: 'memory' }, 'block', erin, 'x'))).toBe('not_permitted');
    expect(await desk.list(erin)).toEqual([]);
  });

  test('JIT-1 a call goes on once for each answer, by its own principal and tool, until the grant expires or something is revoked', async () => {
    const test = startDesk();
    const { id } = await approved(test, { uses: 2 });
    const taken = (await test.desk.use((await live(test))[0]!))!;
    const goOn = (given = taken, who = bob, tool = 'delete_entities') => test.desk.goOn(given, who, 'memory', tool);
    expect(await goOn(taken, mallory)).toBeUndefined();
    expect(await goOn(taken, bob, 'read_graph')).toBeUndefined();
    expect(await goOn({ ...taken, use: 'another' })).toBeUndefined();
    const both = await Promise.all([goOn(), goOn()]);
    expect(both.filter((one) => one !== undefined)).toMatchObject([{ grant: { id }, taken: { rounds: 1 } }]);
    expect(await goOn()).toBeUndefined();
    const next = { ...taken, rounds: 1 };
    expect(await goOn(next)).toMatchObject({ taken: { rounds: 2 } });
    const other = (await test.desk.use((await live(test))[0]!))!;
    await test.desk.mark({ kind: 'principal', principal: bob }, 'revoke', carol, 'incident');
    expect(await goOn(other)).toBeUndefined();
    await approved(test);
    const late = (await test.desk.use((await live(test))[0]!))!;
    test.now += 300_000;
    expect(await goOn(late)).toBeUndefined();
  });
});
