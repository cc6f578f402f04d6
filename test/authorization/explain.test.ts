import fc from 'fast-check';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { explainDecision } from '../../lambda/authorization/explain';
import { asks, calls, person, readFile, writeFile } from './fixtures';
import { policies as generatedPolicies, request as generatedRequest } from './generated-requests';

const analyst = person('alice', ['analysts']);

const policies = {
  read: 'permit(principal in Mcp::Group::"analysts", action in Mcp::Action::"callTool", resource in Mcp::Server::"files") when { resource.readOnly };',
  write: `permit(principal in Mcp::Group::"writers", action == Mcp::Action::"files/write_file", resource)
    when { context has grant && context.grant.argumentsBound && context.grant.approvals >= 1 };`,
  inbox: `forbid(principal, action == Mcp::Action::"files/write_file", resource)
    unless { context.arguments.path like "inbox/*" && !(context.arguments.path like "*..*") };`,
  elsewhere: 'permit(principal, action == Mcp::Action::"memory/read_graph", resource);',
};

const explain = (request: Parameters<typeof explainDecision>[1], set: Record<string, string> = policies) => explainDecision(set, request);

describe('explainDecision', () => {
  it('names the policy that permits, and each of its parts', () => {
    const { decision, policies: explained } = explain(calls(analyst, 'files', readFile, { path: '/a' }));
    expect(decision).toEqual({ effect: 'allow', policyIds: ['read'] });
    expect(explained[0]).toEqual({
      id: 'read',
      effect: 'permit',
      role: 'decides',
      parts: [
        { in: 'scope', text: 'principal in Mcp::Group::"analysts"', outcome: 'true', reads: {} },
        { in: 'scope', text: 'action in Mcp::Action::"callTool"', outcome: 'true', reads: {} },
        { in: 'scope', text: 'resource in Mcp::Server::"files"', outcome: 'true', reads: {} },
        { in: 'when', text: 'resource.readOnly', outcome: 'true', reads: { 'resource.readOnly': true } },
      ],
    });
  });

  it('says which conditions failed, in their order, and which were not reached', () => {
    const { decision, policies: explained } = explain(calls(analyst, 'files', writeFile, { path: 'a', content: '' }));
    expect(decision).toEqual({ effect: 'deny', reason: 'forbidden', policyIds: ['inbox'] });
    const inbox = explained.find(({ id }) => id === 'inbox')!;
    expect(inbox.role).toBe('decides');
    expect(inbox.parts.filter((part) => part.in === 'unless')).toEqual([
      { in: 'unless', text: 'context.arguments.path like "inbox/*"', outcome: 'false', reads: { 'context.arguments.path': 'a' } },
      { in: 'unless', text: '!(context.arguments.path like "*..*")', outcome: 'not_reached', reads: { 'context.arguments.path': 'a' } },
    ]);
    expect(explained.map(({ id }) => id)).toEqual(['inbox', 'read', 'write']);
  });

  it('JIT-1 names the least grant that would help, and none where none would', () => {
    const writer = person('bob', ['writers']);
    const write = (path: string) => calls(writer, 'files', writeFile, { path, content: '' }, { purpose: 'report' });
    expect(explain(write('inbox/a')).grant).toEqual({ purpose: 'report', argumentsBound: true, approvals: 1 });
    expect(explain(write('elsewhere')).grant).toBeUndefined();
    expect(explain(calls(analyst, 'files', writeFile, { path: 'inbox/a', content: '' })).grant).toBeUndefined();
  });

  it('shows what Cedar says of a policy that cannot be evaluated', () => {
    const { decision, policies: explained } = explain(calls(analyst, 'files', readFile, { path: '/a' }), {
      ...policies,
      odd: 'forbid(principal, action, resource) when { context.risk > 70 };',
    });
    expect(decision).toMatchObject({ effect: 'deny', reason: 'policy_error', policyIds: ['odd'] });
    expect(explained[0]).toMatchObject({ id: 'odd', role: 'errs', parts: [{}, {}, {}, { outcome: 'error', error: expect.stringContaining('risk'), reads: { 'context.risk': undefined } }] });
  });

  it('tells a permit that holds and is outweighed from one that does not', () => {
    const set = { yes: 'permit(principal, action, resource);', no: 'forbid(principal, action, resource);', unless: 'permit(principal, action, resource) unless { true && resource is Mcp::Server };' };
    const roles = explain(asks(analyst, 'files', { kind: 'connect' }), set).policies.map(({ id, role }) => [id, role]);
    expect(roles).toEqual([['no', 'decides'], ['yes', 'applies'], ['unless', 'apart']]);
  });

  it('decides as the decision point does, and its deciding policies hold', () => {
    fc.assert(
      fc.property(generatedPolicies, generatedRequest, (set, request) => {
        const { decision, policies: explained } = explainDecision(set, request);
        expect(decision).toEqual(createCedarDecisionPoint({ policies: set }).decide(request));
        const deciding = explained.filter(({ role }) => role === 'decides').map(({ id }) => id);
        if (decision.effect === 'allow' || decision.reason === 'forbidden') expect(deciding.sort()).toEqual(decision.policyIds);
        for (const { role, effect, parts } of explained) {
          if (role === 'decides' || role === 'applies') expect(parts.filter((part) => part.in !== 'unless').every(({ outcome }) => outcome === 'true')).toBe(true);
          if (decision.effect === 'deny' && decision.reason === 'not_permitted') expect([role, effect]).not.toEqual(['applies', 'permit']);
        }
      }),
      { numRuns: 100, seed: 3 },
    );
  }, 60_000);
});
