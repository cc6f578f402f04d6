import fc from 'fast-check';
import { advance, isSensitive, pinOf, rulesOf, type Actor, type Command, type LifeCycleState, type Outcome, type ScanResult, type ToolRecord } from '../../lambda/integrity';

const A = pinOf('a');
const B = pinOf('b');
const subject = { server: 'files', tool: 'read' };
const good: ScanResult = { verdict: 'approve', score: 0, findings: [] };
const bad: ScanResult = { verdict: 'reject', score: 1, findings: [] };
const by = (name: string): Actor => ({ by: name, at: '2026-01-01T00:00:00.000Z', why: 'because' });
const seen = (pin = A, sensitive = false): Command => ({ action: 'observe', subject, pin, sensitive });
const approve = (more: object = {}): Command => ({ action: 'approve', version: '1.0.0', expiresAt: '2026-04-01T00:00:00.000Z', ...more });
const scan = (result = good): Command => ({ action: 'scan', scan: result });
const submit: Command = { action: 'submit' };

/** Takes all commands, as alice unless another is named. */
function take(commands: readonly (Command | [string, Command])[], rules = rulesOf({})): Outcome {
  let outcome: Outcome | undefined;
  let record: ToolRecord | undefined;
  commands.forEach((entry, index) => {
    const [who, command] = Array.isArray(entry) ? entry : (['alice', entry] as const);
    outcome = advance(record, command, by(who), rules, index + 1);
    if (outcome.ok) record = outcome.record;
  });
  return outcome!;
}

const inReview: Command[] = [seen(), scan(), submit];
const isApproved: Command[] = [...inReview, approve()];

describe('the life cycle of a definition', () => {
  test('goes from discovered over scanned and review to approved, and keeps who, when and why of each step', () => {
    const outcome = take(isApproved);
    expect(outcome).toMatchObject({ ok: true, record: { state: 'approved', approval: { pin: A, version: '1.0.0', revision: 4, by: ['alice'] } } });
    expect(outcome.ok && outcome.record.steps.map(({ action, from, to, by, why }) => [action, from, to, by, why])).toEqual([
      ['discover', undefined, 'discovered', 'alice', 'because'],
      ['scan', 'discovered', 'scanned', 'alice', 'because'],
      ['submit', 'scanned', 'review', 'alice', 'because'],
      ['approve', 'review', 'approved', 'alice', 'because'],
    ]);
  });

  test('TD-4 a change of what is approved is a quarantine, and the same definition is none', () => {
    expect(take([...isApproved, seen(B)])).toMatchObject({ record: { state: 'quarantined', pin: B, approval: { pin: A } } });
    expect(take([...isApproved, seen(A)])).toMatchObject({ changed: false, record: { state: 'approved' } });
  });

  test('TD-4 a definition that changes back stays in quarantine until a person lets it out', () => {
    expect(take([...isApproved, seen(B), seen(A)])).toMatchObject({ changed: false, record: { state: 'quarantined', pin: B } });
    expect(take([...isApproved, seen(B), approve({ pin: A })])).toMatchObject({ record: { state: 'approved', pin: A } });
    expect(take([...isApproved, seen(B), scan(), approve()])).toMatchObject({ record: { state: 'approved', pin: B } });
  });

  test('a person approves only what they have read', () => {
    expect(take([...inReview, approve({ pin: B })])).toMatchObject({ ok: false, why: expect.stringContaining('another one now') });
    expect(take([...isApproved, seen(B), approve()])).toMatchObject({ ok: false, why: expect.stringContaining('not scanned') });
  });

  test('a rejecting scan is overruled only by someone who says so', () => {
    expect(take([seen(), scan(bad), submit, approve()])).toMatchObject({ ok: false, why: expect.stringContaining('the scan rejects it') });
    expect(take([seen(), scan(bad), submit, approve({ despiteFindings: true })])).toMatchObject({ record: { state: 'approved' } });
  });

  test('MUL-10 a sensitive definition needs two different people, and what they approve is the same definition', () => {
    const sensitive = [seen(A, true), scan(), submit];
    expect(take([...sensitive, approve()])).toMatchObject({ record: { state: 'review', endorsements: [{ by: 'alice', pin: A }] } });
    expect(take([...sensitive, approve(), approve()])).toMatchObject({ ok: false, why: expect.stringContaining('another person') });
    expect(take([...sensitive, approve(), ['bob', approve()]])).toMatchObject({ record: { state: 'approved', endorsements: [], approval: { by: ['alice', 'bob'] } } });
    expect(take([...sensitive, approve(), seen(B), scan(), submit, ['bob', approve()]])).toMatchObject({ record: { state: 'review', endorsements: [{ by: 'bob', pin: B }] } });
  });

  test('MUL-10 a definition does not become harmless by saying so', () => {
    expect(take([seen(A, true), seen(B, false)])).toMatchObject({ record: { sensitive: true } });
  });

  test('TV-4 an approval that holds is renewed by the same rules', () => {
    expect(take([...isApproved, approve({ expiresAt: '2027-01-01T00:00:00.000Z' })])).toMatchObject({ record: { state: 'approved', approval: { expiresAt: '2027-01-01T00:00:00.000Z', revision: 5 } } });
    const always = rulesOf({ twoPersons: 'always' });
    expect(take([...inReview, approve(), ['bob', approve()], approve({ expiresAt: '2027' })], always)).toMatchObject({ record: { state: 'approved', approval: { expiresAt: '2026-04-01T00:00:00.000Z' }, endorsements: [{ by: 'alice' }] } });
  });

  test('what is revoked comes back only as another definition', () => {
    const revoked: Command[] = [...isApproved, { action: 'revoke' }];
    expect(take([...revoked, approve()])).toMatchObject({ ok: false });
    expect(take([...revoked, seen(A)])).toMatchObject({ changed: false, record: { state: 'revoked' } });
    expect(take([...revoked, seen(B)])).toMatchObject({ record: { state: 'discovered' } });
  });

  test('there is nothing to decide on what nobody has seen', () => {
    expect(advance(undefined, approve(), by('alice'), rulesOf({}), 1)).toMatchObject({ ok: false });
  });

  test('no sequence of steps approves a definition that was not seen, scanned and approved by enough people', () => {
    const commands = fc.array(
      fc.tuple(
        fc.constantFrom('alice', 'bob', 'carol'),
        fc.constantFrom<Command>(seen(A), seen(B), seen(A, true), scan(), scan(bad), submit, approve(), approve({ pin: A }), approve({ pin: B }), { action: 'reject' }, { action: 'quarantine' }, { action: 'revoke' }),
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(commands, (steps) => {
        let record: ToolRecord | undefined;
        const scanned = new Set<string>();
        const endorsers = new Map<string, Set<string>>();
        for (const [index, [who, command]] of steps.entries()) {
          const before: LifeCycleState | undefined = record?.state;
          const outcome = advance(record, command, by(who), rulesOf({}), index + 1);
          if (!outcome.ok) continue;
          if (command.action === 'scan') scanned.add(outcome.record.pin);
          const last = outcome.record.steps.at(-1)!;
          if (command.action === 'approve') endorsers.set(last.pin, (endorsers.get(last.pin) ?? new Set()).add(who));
          if (outcome.record.state === 'approved' && before !== 'approved') {
            expect(command.action).toBe('approve');
            expect(scanned).toContain(outcome.record.pin);
            expect(outcome.record.approval).toMatchObject({ pin: outcome.record.pin });
            expect(endorsers.get(outcome.record.pin)!.size).toBeGreaterThanOrEqual(outcome.record.sensitive ? 2 : 1);
          }
          record = outcome.record;
        }
      }),
    );
  });
});

describe('MUL-10 a definition is sensitive', () => {
  const tool = (annotations?: object) => ({ name: 'x', inputSchema: {}, ...(annotations && { annotations }) }) as never;
  test.each([
    ['that says nothing of itself', tool(), true],
    ['that only reads, in a closed world', tool({ readOnlyHint: true, openWorldHint: false }), false],
    ['that writes without destroying, in a closed world', tool({ destructiveHint: false, openWorldHint: false }), false],
    ['that may destroy', tool({ openWorldHint: false }), true],
    ['that reads the open world', tool({ readOnlyHint: true }), true],
  ])('%s', (_what, definition, expected) => expect(isSensitive('s/x', definition, {})).toBe(expected));

  test.each([
    ['files/write', true],
    ['files/*', true],
    ['*', true],
    ['*/write', true],
    ['f*s/w*e', true],
    ['files', false],
    ['files/w', false],
    ['*x*', false],
    ['files/write*e', false],
  ])('that the policy names: %s', (pattern, expected) => {
    expect(isSensitive('files/write', tool({ readOnlyHint: true, openWorldHint: false }), { sensitiveTools: [pattern] })).toBe(expected);
  });
});
