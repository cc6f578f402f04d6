import { runInNewContext } from 'node:vm';
import { generateSchema, validatePolicies, type AuthorizationRequest, type Circumstances } from '../../lambda/authorization';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { parsePolicySet } from '../../lambda/authorization/policy-set';
import { withStepUp } from '../../lambda/authorization/step-up';
import { asks, calls, person, readFile } from './fixtures';

const alice = person('alice', ['readers']);

const POLICIES = {
  read: 'permit(principal in Mcp::Group::"readers", action in Mcp::Action::"callTool", resource);',
  recent: '@maxAge("300") forbid(principal, action in Mcp::Action::"callTool", resource) when { context has risk && context.risk > 40 } unless { context has authentication.ageSeconds && context.authentication.ageSeconds <= 300 };',
  strong: '@acr("phr phrh") @maxAge("600") forbid(principal, action in Mcp::Action::"callTool", resource) when { context has risk && context.risk > 60 } unless { context has authentication.acr && ["phr", "phrh"].contains(context.authentication.acr) };',
  stop: 'forbid(principal, action in Mcp::Action::"callTool", resource) when { context has risk && context.risk > 80 };',
};

function pointWith(policies: Record<string, string>) {
  const set = parsePolicySet(policies);
  return withStepUp(createCedarDecisionPoint({ policies: { current: () => set } }), set);
}

const read = (context: Circumstances, principal = alice): AuthorizationRequest => calls(principal, 'files', readFile, { path: 'a' }, context);

describe('withStepUp', () => {
  const point = pointWith(POLICIES);

  it('CV-3 says which sign-in would turn a denial into permission', async () => {
    expect(await point.decide(read({ risk: 10 }))).toEqual({ effect: 'allow', policyIds: ['read'] });
    expect(await point.decide(read({ risk: 50 }))).toEqual({ effect: 'deny', reason: 'forbidden', policyIds: ['recent'], stepUp: { maxAgeSeconds: 300 } });
    expect(await point.decide(read({ risk: 70 }))).toEqual({ effect: 'deny', reason: 'forbidden', policyIds: ['recent', 'strong'], stepUp: { acrValues: ['phr', 'phrh'], maxAgeSeconds: 300 } });
    const signedIn = { ageSeconds: 5, acr: 'phr', senderConstrained: false };
    expect(await point.decide(read({ risk: 70, authentication: signedIn }))).toMatchObject({ effect: 'allow' });
  });

  it('CV-3 asks nobody to sign in where that would not be enough', async () => {
    expect(await point.decide(read({ risk: 90 }))).toEqual({ effect: 'deny', reason: 'forbidden', policyIds: ['recent', 'stop', 'strong'] });
    expect(await point.decide(read({ risk: 50 }, person('mallory')))).toEqual({ effect: 'deny', reason: 'forbidden', policyIds: ['recent'] });
    expect(await point.decide(asks(alice, 'files', { kind: 'connect' }, { risk: 50 }))).toEqual({ effect: 'deny', reason: 'not_permitted', policyIds: [] });
  });

  it('CV-3 keeps what a sign-in would open in lists, and nothing else', async () => {
    const requests = [read({ risk: 50 }), read({ risk: 90 }), read({ risk: 10 }), read({ risk: 50 }, person('mallory'))];
    expect(await point.visible(requests)).toEqual([true, false, true, false]);
  });

  it('does the same behind a decision point that takes its time, and follows its policies', async () => {
    let set = parsePolicySet(POLICIES);
    const source = { current: () => set };
    const inner = createCedarDecisionPoint({ policies: source });
    const slow = withStepUp({ decide: async (request) => inner.decide(request), visible: async (requests) => inner.visible(requests) }, source);
    expect(await slow.decide(read({ risk: 50 }))).toMatchObject({ stepUp: { maxAgeSeconds: 300 } });
    expect(await slow.visible([read({ risk: 50 })])).toEqual([true]);
    set = parsePolicySet({ read: POLICIES.read, recent: POLICIES.recent.replace('@maxAge("300") ', '') });
    expect(await slow.decide(read({ risk: 50 }))).toEqual({ effect: 'deny', reason: 'forbidden', policyIds: ['recent'] });
  });

  it('CV-3 asks for a sign-in also where the promises of a decision are of another realm', async () => {
    const promiseOf = runInNewContext('(value) => Promise.resolve(value)') as <T>(value: T | Promise<T>) => Promise<T>;
    const set = parsePolicySet(POLICIES);
    const inner = createCedarDecisionPoint({ policies: { current: () => set } });
    const foreign = withStepUp({ decide: (request) => promiseOf(inner.decide(request)), visible: (requests) => promiseOf(inner.visible(requests)) }, set);
    expect(await foreign.decide(read({ risk: 50 }))).toMatchObject({ effect: 'deny', stepUp: { maxAgeSeconds: 300 } });
    expect(await foreign.visible([read({ risk: 50 }), read({ risk: 90 })])).toEqual([true, false]);
  });

  it('is the decision point itself where no policy asks for a sign-in', () => {
    const set = parsePolicySet({ read: POLICIES.read });
    const plain = createCedarDecisionPoint({ policies: { current: () => set } });
    expect(withStepUp(plain, set)).toBe(plain);
  });
});

it.each([
  ['@maxAge("soon") forbid(principal, action, resource);', 'expected a number of seconds'],
  ['@acr("") forbid(principal, action, resource);', 'values of acr'],
  ['@maxAge("300") permit(principal, action, resource);', 'only a forbid'],
])('CV-3 a policy that asks for a sign-in in words that make no sense is an error: %s', (policy, message) => {
  const { schema } = generateSchema([{ name: 'files', tools: [readFile] }]);
  expect(validatePolicies({ p: policy }, schema)).toMatchObject([{ policyId: 'p', severity: 'error', message: expect.stringContaining(message) }]);
});
