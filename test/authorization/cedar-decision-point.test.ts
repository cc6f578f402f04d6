import fc from 'fast-check';
import type { AuthorizationRequest, Decision } from '../../lambda/authorization';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { cedar } from '../../lambda/authorization/cedar-engine';
import { contextOf } from '../../lambda/authorization/context';
import { entitiesOf } from '../../lambda/authorization/entities';
import type { JsonObject } from '../../lambda/protocol';
import { asks, calls, NOW, person, readFile, tool, writeFile } from './fixtures';
import { policies as generatedPolicies, request as generatedRequest } from './generated-requests';

const analyst = person('alice', ['analysts']);
const stranger = person('mallory');

const reports = {
  read: `permit(principal in Mcp::Group::"analysts",
    action in [Mcp::Action::"discover", Mcp::Action::"files/read_file"],
    resource in Mcp::Server::"files");`,
  write: `permit(principal in Mcp::Group::"analysts", action == Mcp::Action::"files/write_file", resource in Mcp::Server::"files")
    when { context.arguments.path like "/reports/*" };`,
};

/** The engine asked about the whole policy set, all entities and the whole context: what slicing must not change. */
function wholeDecision(policies: Readonly<Record<string, string>>, request: AuthorizationRequest): Decision {
  const { principal, action, resource } = entitiesOf(request);
  const answer = cedar().isAuthorized({
    principal: principal.uid,
    action: action.uid,
    resource: resource.uid,
    context: contextOf(request),
    policies: { staticPolicies: policies },
    entities: [principal, action, resource].map(({ uid, attrs, parents }) => ({ uid, attrs, parents })),
  });
  if (answer.type === 'failure') return { effect: 'deny', policyIds: [], reason: 'policy_error' };
  const { reason, errors } = answer.response.diagnostics;
  if (errors.length > 0) return { effect: 'deny', policyIds: errors.map((error) => error.policyId).sort(), reason: 'policy_error' };
  const policyIds = reason.sort();
  if (answer.response.decision === 'allow') return { effect: 'allow', policyIds };
  return { effect: 'deny', policyIds, reason: policyIds.length > 0 ? 'forbidden' : 'not_permitted' };
}

describe('createCedarDecisionPoint', () => {
  const point = createCedarDecisionPoint({ policies: reports });

  it('CV-1 permits what a policy permits, and names the policy', () => {
    expect(point.decide(calls(analyst, 'files', readFile, { path: '/a' }))).toEqual({ effect: 'allow', policyIds: ['read'] });
    expect(point.decide(asks(analyst, 'files', { kind: 'listTools' }))).toEqual({ effect: 'allow', policyIds: ['read'] });
  });

  it('CV-1 denies what no policy permits: another principal, server, tool', () => {
    const denied = { effect: 'deny', policyIds: [], reason: 'not_permitted' };
    expect(point.decide(calls(stranger, 'files', readFile, { path: '/a' }))).toEqual(denied);
    expect(point.decide(calls(analyst, 'memory', readFile, { path: '/a' }))).toEqual(denied);
    expect(point.decide(calls(analyst, 'files', tool('delete_file')))).toEqual(denied);
    expect(point.decide(asks(analyst, 'files', { kind: 'getPrompt', prompt: 'p', arguments: {} }))).toEqual(denied);
  });

  it('CV-1 decides on the arguments of the very call', () => {
    const write = (path: string) => point.decide(calls(analyst, 'files', writeFile, { path, content: '' })).effect;
    expect(write('/reports/a')).toBe('allow');
    expect(write('/etc/passwd')).toBe('deny');
    expect(write('/reports/b')).toBe('allow');
  });

  it('CV-1 lets a forbid win over every permit', () => {
    const guarded = createCedarDecisionPoint({
      policies: { ...reports, 'no-secrets': 'forbid(principal, action, resource) when { context.arguments.path like "*secret*" };' },
    });
    expect(guarded.decide(calls(analyst, 'files', readFile, { path: '/secret' }))).toEqual({
      effect: 'deny',
      policyIds: ['no-secrets'],
      reason: 'forbidden',
    });
  });

  it('CV-1 denies when a policy that has a say cannot be evaluated, though another permits', () => {
    const broken = createCedarDecisionPoint({
      policies: { ...reports, odd: 'forbid(principal, action == Mcp::Action::"files/read_file", resource) when { context.risk > 3 };' },
    });
    expect(broken.decide(calls(analyst, 'files', readFile, { path: '/a' }))).toEqual({
      effect: 'deny',
      policyIds: ['odd'],
      reason: 'policy_error',
    });
    expect(broken.decide(calls(analyst, 'files', writeFile, { path: '/reports/a', content: '' })).effect).toBe('allow');
  });

  it('CV-1 knows the caller, the hints of the tool, the time and the address', () => {
    const when = (condition: string, request: AuthorizationRequest) =>
      createCedarDecisionPoint({ policies: { p: `permit(principal, action, resource) when { ${condition} };` } }).decide(request).effect;
    const call = calls(person('alice', [], ['files:read']), 'files', readFile, { path: '/a' }, { sourceIp: '::ffff:10.1.2.3' });
    expect(when('principal.scopes.contains("files:read") && principal.issuer == "https://issuer.example"', call)).toBe('allow');
    expect(when('resource.readOnly && resource.destructive && !resource.idempotent && resource.openWorld', call)).toBe('allow');
    expect(when('context.time.hour == 10 && context.time.minute == 30 && context.time.dayOfWeek == 3', call)).toBe('allow');
    expect(when(`context.time.epoch == ${NOW} && context.time.now == datetime("2026-11-25T10:30:00Z")`, call)).toBe('allow');
    expect(when('context.network.sourceIp.isInRange(ip("10.0.0.0/8"))', call)).toBe('allow');
    expect(when('context.network.sourceIp.isInRange(ip("10.0.0.0/8"))', calls(analyst, 'files', readFile, { path: '/a' }))).toBe('deny');
  });

  it('CV-1 denies when a policy needs an argument that has no Cedar value, and only then', () => {
    const sum = tool('sum', { a: { type: 'number' }, note: { type: 'string' } });
    const needy = createCedarDecisionPoint({
      policies: {
        all: 'permit(principal, action in Mcp::Action::"callTool", resource);',
        small: 'forbid(principal, action == Mcp::Action::"s/sum", resource) when { context has arguments && context.arguments has a && context.arguments.a.greaterThan(decimal("9.0")) };',
      },
    });
    const denied = { effect: 'deny', policyIds: ['small'], reason: 'policy_error' };
    expect(needy.decide(calls(analyst, 's', sum, { a: 'many' }))).toEqual(denied);
    expect(needy.decide(calls(analyst, 's', sum, { a: 1, note: 5 }))).toEqual(denied);
    expect(needy.decide(calls(analyst, 's', sum, { a: 1 })).effect).toBe('allow');
    expect(needy.decide(calls(analyst, 'other', sum, { a: 'many' })).effect).toBe('allow');
  });

  it('CV-1 denies when a policy asks for an argument that it cannot see', () => {
    const free = tool('t', { any: {}, filter: { type: 'object', properties: { any: {}, name: { type: 'string' } } } });
    const blind = (path: string) =>
      createCedarDecisionPoint({
        policies: {
          all: 'permit(principal, action, resource);',
          blind: `forbid(principal, action, resource) when { context has arguments.${path} };`,
        },
      });
    const decide = (path: string, args: JsonObject) => {
      const { effect, ...rest } = blind(path).decide(calls(analyst, 's', free, args));
      return effect === 'deny' && 'reason' in rest ? rest.reason : effect;
    };
    expect(decide('any', { any: 1 })).toBe('policy_error');
    expect(decide('undeclared', { undeclared: 1 })).toBe('policy_error');
    expect(decide('filter.any', { filter: { any: 1 } })).toBe('policy_error');
    expect(decide('any', { filter: { any: 1 } })).toBe('allow');
    expect(decide('filter.name', { filter: { name: 'x' } })).toBe('forbidden');
  });

  it('CV-1 keeps users and agents, and principals of the same name in other groups, apart', () => {
    const policies = { p: 'permit(principal == Mcp::User::"alice", action, resource) when { principal in Mcp::Group::"a" };' };
    const decide = createCedarDecisionPoint({ policies }).decide;
    const request = (type: 'User' | 'Agent', groups: string[]) => calls({ ...person('alice', groups), type }, 's', readFile, { path: '' });
    expect(decide(request('User', ['a'])).effect).toBe('allow');
    expect(decide(request('Agent', ['a'])).effect).toBe('deny');
    expect(decide(request('User', ['b'])).effect).toBe('deny');
  });

  it('CV-1 decides by new policies from the next request on, and keeps the old ones when the new are broken', () => {
    const changing = createCedarDecisionPoint({ policies: reports });
    const call = calls(analyst, 'files', readFile, { path: '/a' });
    expect(changing.decide(call).effect).toBe('allow');
    changing.replacePolicies({});
    expect(changing.decide(call)).toEqual({ effect: 'deny', policyIds: [], reason: 'not_permitted' });
    changing.replacePolicies(reports);
    expect(() => changing.replacePolicies({ bad: 'permit(principal, action' })).toThrow('Policy "bad" cannot be used');
    expect(changing.decide(call).effect).toBe('allow');
  });

  it('CV-1 denies while its source has no good copy of the policies', () => {
    const empty = createCedarDecisionPoint({ policies: { current: () => undefined } });
    const call = calls(analyst, 'files', readFile, { path: '/a' });
    expect(empty.decide(call)).toEqual({ effect: 'deny', policyIds: [], reason: 'unavailable' });
    expect(empty.visible([call])).toEqual([false]);
  });

  it('refuses a policy whose integers would not survive', () => {
    expect(() => createCedarDecisionPoint({ policies: { p: 'permit(principal, action, resource) when { 9007199254740993 == 1 };' } })).toThrow(
      'integer beyond',
    );
  });

  it('CV-1 answers as the engine does on the whole policy set, entities and context', () => {
    fc.assert(
      fc.property(generatedPolicies, fc.array(generatedRequest, { minLength: 1, maxLength: 12 }), (policies, requests) => {
        const sliced = createCedarDecisionPoint({ policies });
        for (const request of requests) {
          const expected = wholeDecision(policies, request);
          expect(sliced.decide(request)).toEqual(expected);
          expect(sliced.decide(request)).toEqual(expected);
        }
      }),
      { numRuns: 150, seed: 11 },
    );
  }, 60_000);

  it('CV-1 answers right with more combinations of policies than the engine keeps parsed', () => {
    const policies = Object.fromEntries(
      Array.from({ length: 600 }, (_, i) => [`p${i}`, `permit(principal, action == Mcp::Action::"s/t${i}", resource) when { context.time.hour < 24 };`]),
    );
    const many = createCedarDecisionPoint({ policies });
    for (const round of [0, 1]) {
      for (let i = round; i < 600; i += 7) {
        expect(many.decide(calls(analyst, 's', tool(`t${i}`)))).toEqual({ effect: 'allow', policyIds: [`p${i}`] });
      }
    }
    for (let i = 0; i < 600; i++) many.decide(calls(analyst, 's', tool(`t${i}`)));
    expect(many.decide(calls(analyst, 's', tool('t0')))).toEqual({ effect: 'allow', policyIds: ['p0'] });
  }, 60_000);
});

describe('visible', () => {
  const show = (policies: Record<string, string>, ...requests: AuthorizationRequest[]) => createCedarDecisionPoint({ policies }).visible(requests);

  it('MUL-8 shows what is permitted, in the order asked, and nothing else', () => {
    const requests = [readFile, tool('delete_file'), writeFile].map((definition) => calls(analyst, 'files', definition));
    expect(show(reports, ...requests)).toEqual([true, false, true]);
    expect(show(reports, ...requests.map((request) => ({ ...request, principal: stranger })))).toEqual([false, false, false]);
  });

  it('MUL-8 shows a tool that some arguments could get permitted', () => {
    const call = calls(analyst, 'files', writeFile);
    expect(show({ p: reports.write }, call)).toEqual([true]);
    expect(show({ p: 'permit(principal, action, resource) when { context.arguments == {path: "a", content: "b"} };' }, call)).toEqual([true]);
    expect(show({ p: 'permit(principal, action, resource) when { context has arguments && context.arguments.path == "a" };' }, call)).toEqual([true]);
    const forbid = 'forbid(principal, action, resource) unless { context.arguments.path like "/reports/*" };';
    expect(show({ p: 'permit(principal, action, resource);', forbid }, call)).toEqual([true]);
    expect(show({ forbid }, call)).toEqual([false]);
    expect(show({ p: 'permit(principal, action, resource);', f: 'forbid(principal, action, resource) when { context.arguments != {path: "a", content: "b"} };' }, call)).toEqual([true]);
  });

  it('MUL-8 hides what is forbidden whatever the arguments', () => {
    const policies = { p: reports.write, f: 'forbid(principal, action == Mcp::Action::"files/write_file", resource);' };
    expect(show(policies, calls(analyst, 'files', writeFile))).toEqual([false]);
  });

  it('MUL-8 hides what a policy that needs no arguments cannot be evaluated on', () => {
    const policies = { ...reports, odd: 'forbid(principal, action, resource) when { context.risk > 3 };' };
    expect(show(policies, calls(analyst, 'files', writeFile))).toEqual([false]);
  });

  it('MUL-8 follows the time of the request', () => {
    const point = createCedarDecisionPoint({ policies: { p: 'permit(principal, action, resource) when { context.time.hour < 12 };' } });
    const call = calls(analyst, 'files', readFile);
    const tonight = calls(analyst, 'files', readFile, {}, { now: NOW + 12 * 3_600_000 });
    expect(point.visible([call, tonight, call])).toEqual([true, false, true]);
  });

  it('MUL-8 never hides what a decision would allow', () => {
    fc.assert(
      fc.property(generatedPolicies, fc.array(generatedRequest, { minLength: 1, maxLength: 8 }), (policies, requests) => {
        const point = createCedarDecisionPoint({ policies });
        const visible = point.visible(requests.map(withoutArguments));
        requests.forEach((request, index) => {
          if (point.decide(request).effect === 'allow') expect(visible[index]).toBe(true);
        });
      }),
      { numRuns: 150, seed: 5 },
    );
  }, 60_000);

  function withoutArguments(request: AuthorizationRequest): AuthorizationRequest {
    const { operation } = request;
    return operation.kind === 'callTool' ? { ...request, operation: { ...operation, arguments: {} } } : request;
  }
});
