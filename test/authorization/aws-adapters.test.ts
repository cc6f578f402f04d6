import { BatchGetPolicyCommand, IsAuthorizedCommand, ListPoliciesCommand } from '@aws-sdk/client-verifiedpermissions';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { generateSchema, loadPolicyTexts, toCedarArguments, type AuthorizationRequest, type Decision, type Operation } from '../../lambda/authorization';
import { createStoreDecisionPoint, createStorePolicySource } from '../../lambda/authorization/aws-policy-store';
import { createVerifiedPermissionsDecisionPoint } from '../../lambda/authorization/aws-verified-permissions';
import { asks, calls, person, readFile, tool, writeFile } from './fixtures';
import { policyText, request as generatedRequest, servers, tools } from './generated-requests';
import { fakeVerifiedPermissions, STORE_ID, type FakeStore } from './verified-permissions-fake';

const analyst = person('alice', ['analysts']);
const readCall = calls(analyst, 'files', readFile, { path: '/a' });
const permitAnalysts = 'permit(principal in Mcp::Group::"analysts", action, resource in Mcp::Server::"files");';
const unavailable = { effect: 'deny', policyIds: [], reason: 'unavailable' };

function serviceWith(store: FakeStore) {
  const fake = fakeVerifiedPermissions(() => store);
  return { ...fake, point: createVerifiedPermissionsDecisionPoint({ client: fake.client, policyStoreId: STORE_ID }) };
}

/** The policies that erred are known in process only. */
function comparable(decision: Decision): unknown {
  return decision.effect === 'deny' && decision.reason === 'policy_error' ? decision.reason : decision;
}

describe('decisions by the service and by the same policies in this process', () => {
  it('CV-1 are the same on 1,000 generated requests, and lists show no less', async () => {
    const seed = 20261125;
    const looksIntoArguments = policyText.filter((text) => !/context(\.arguments)? ([!=]= \{|else)/.test(text));
    const policies = fc.sample(looksIntoArguments, { seed, numRuns: 200 });
    const requests = fc.sample(generatedRequest, { seed, numRuns: 1_000 });
    const link = { principal: { entityType: 'Mcp::User', entityId: 'bob' }, resource: { entityType: 'Mcp::Server', entityId: 'memory' } };
    const seen = new Set<string>();
    for (let set = 0; set < 50; set++) {
      const store: FakeStore = {
        policies: Object.fromEntries(policies.slice(set * 4, set * 4 + 4).map((text, index) => [`SP${index}`, text])),
        templates: { PT1: 'permit(principal == ?principal, action in Mcp::Action::"callTool", resource in ?resource);' },
        links: set % 2 === 0 ? [{ policyId: 'SP-linked', policyTemplateId: 'PT1', ...link }] : [],
      };
      const { client, point: service } = serviceWith(store);
      const source = createStorePolicySource({ client, policyStoreId: STORE_ID });
      await source.refresh();
      const inProcess = createStoreDecisionPoint(source);
      const batch = requests.slice(set * 20, set * 20 + 20);
      const shown = await service.visible(batch);
      const shownInProcess = await inProcess.visible(batch);
      for (const [index, request] of batch.entries()) {
        const [decision, expected] = [await inProcess.decide(request), await service.decide(request)];
        expect(comparable(decision)).toEqual(comparable(expected));
        if (shownInProcess[index]) expect(shown[index]).toBe(true);
        if (decision.effect === 'allow') expect([shown[index], shownInProcess[index]]).toEqual([true, true]);
        seen.add(decision.effect === 'deny' ? decision.reason : `${decision.effect} ${decision.policyIds.includes('SP-linked')}`);
      }
    }
    expect([...seen].sort()).toEqual(['allow false', 'allow true', 'forbidden', 'not_permitted', 'policy_error']);
  }, 60_000);
});

describe('decisions by a service that checks requests against the schema of the store', () => {
  it('CV-1 JIT-2 are the same on 1,000 generated requests, by generated policies and by those of policies/zero-trust', async () => {
    const seed = 20261122;
    const { schema } = generateSchema(servers.map((name) => ({ name, tools })));
    const requests = fc.sample(
      generatedRequest.filter(({ context, operation }) => context.sourceIp !== 'nonsense' && !isBeyondSchema(operation)),
      { seed, numRuns: 1_000 },
    );
    const generated = fc.sample(policyText, { seed, numRuns: 60 });
    const folder = join(__dirname, '../../policies/zero-trust');
    const files = readdirSync(folder).filter((name) => name.endsWith('.cedar'));
    const shipped = loadPolicyTexts(files.map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') })));
    if (!shipped.ok) throw new Error('unreadable');
    const seen = new Map<string, number>();
    for (let set = 0; set < 20; set++) {
      const policies = set % 2 === 0 ? shipped.policies : Object.fromEntries(generated.slice(set * 3, set * 3 + 3).map((text, index) => [`SP${index}`, text]));
      const { client, point: service } = serviceWith({ policies, schema });
      const source = createStorePolicySource({ client, policyStoreId: STORE_ID });
      await source.refresh();
      const inProcess = createStoreDecisionPoint(source);
      for (const generatedOne of requests.slice(set * 50, set * 50 + 50)) {
        const request = set % 2 === 0 ? { ...generatedOne, principal: { ...generatedOne.principal, groups: ['readers', 'workers', 'approvers'] } } : generatedOne;
        const decision = await inProcess.decide(request);
        expect(comparable(await service.decide(request))).toEqual(comparable(decision));
        const kind = decision.effect === 'deny' ? decision.reason : decision.effect;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
    }
    expect([...seen.keys()].sort()).toEqual(['allow', 'forbidden', 'not_permitted', 'policy_error']);
  }, 60_000);
});

/** Arguments of a type that the tool's schema does not allow never come as far as a decision. */
function isBeyondSchema(operation: Operation): boolean {
  return operation.kind === 'callTool' && toCedarArguments(operation.tool.inputSchema, operation.arguments) === undefined;
}

describe('createVerifiedPermissionsDecisionPoint', () => {
  it('CV-1 asks the service with the entities and the context of the request', async () => {
    const { point, mock } = serviceWith({ policies: { SP1: permitAnalysts } });
    expect(await point.decide(readCall)).toEqual({ effect: 'allow', policyIds: ['SP1'] });
    const input = mock.commandCalls(IsAuthorizedCommand)[0]!.args[0].input;
    expect(input).toMatchObject({
      policyStoreId: STORE_ID,
      principal: { entityType: 'Mcp::User', entityId: 'alice' },
      action: { actionType: 'Mcp::Action', actionId: 'files/read_file' },
      resource: { entityType: 'Mcp::Tool', entityId: 'files/read_file' },
    });
    expect(JSON.parse(input.context!.cedarJson!)).toMatchObject({ arguments: { path: '/a' }, time: { hour: 10 } });
  });

  it('CV-1 denies when the service fails, and when it says that a policy could not be evaluated', async () => {
    const broken = serviceWith({ policies: { SP1: permitAnalysts, SP2: 'forbid(principal, action, resource) when { context.risk > 3 };' } });
    expect(await broken.point.decide(readCall)).toMatchObject({ effect: 'deny', reason: 'policy_error' });
    const { point, mock } = serviceWith({ policies: {} });
    mock.on(IsAuthorizedCommand).rejects(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));
    expect(await point.decide(readCall)).toEqual(unavailable);
    mock.on(IsAuthorizedCommand).rejects(Object.assign(new Error('no'), { name: 'ValidationException' }));
    expect(await point.decide(readCall)).toMatchObject({ effect: 'deny', reason: 'policy_error' });
    mock.on(IsAuthorizedCommand).resolves({});
    expect(await point.decide(readCall)).toMatchObject({ effect: 'deny' });
  });

  it('MUL-8 filters a long list in batches that the service takes, in order', async () => {
    const { point, mock } = serviceWith({
      policies: {
        SP1: 'permit(principal in Mcp::Group::"analysts", action, resource) when { resource.readOnly };',
        SP2: 'permit(principal, action == Mcp::Action::"files/write_file", resource) when { context.arguments.path like "/reports/*" };',
      },
    });
    const tools = Array.from({ length: 70 }, (_, index) => tool(`t${index}`, {}, { readOnlyHint: index % 3 === 0 }));
    const shown = await point.visible([...tools.map((definition) => calls(analyst, 'files', definition)), calls(person('bob'), 'files', writeFile)]);
    expect(shown).toEqual([...tools.map((_, index) => index % 3 === 0), true]);
    expect(mock.calls()).toHaveLength(4);
  });

  it('MUL-8 shows nothing when the service fails', async () => {
    const { point, mock } = serviceWith({ policies: { SP1: permitAnalysts } });
    mock.rejects(new Error('unreachable'));
    expect(await point.visible([readCall, asks(analyst, 'files', { kind: 'connect' })])).toEqual([false, false]);
  });
});

describe('createStorePolicySource', () => {
  function storeAt(store: FakeStore) {
    const state = { store, now: 0, errors: 0 };
    const { client, mock } = fakeVerifiedPermissions(() => state.store);
    const source = createStorePolicySource({
      client,
      policyStoreId: STORE_ID,
      refreshMs: 1_000,
      maxAgeMs: 10_000,
      retryMs: 500,
      clock: () => state.now,
      onError: () => void state.errors++,
    });
    const point = createStoreDecisionPoint(source);
    return { state, mock, source, decide: async (request: AuthorizationRequest) => point.decide(request) };
  }

  it('CV-1 reads the whole store, over all pages, before the first decision', async () => {
    const policies = Object.fromEntries(
      Array.from({ length: 5 }, (_, i) => [`SP${i}`, `permit(principal, action == Mcp::Action::"files/t${i}", resource);`]),
    );
    const { decide, mock } = storeAt({ policies });
    const decisions = await Promise.all([0, 1, 2, 3, 4].map((i) => decide(calls(analyst, 'files', tool(`t${i}`)))));
    expect(decisions).toEqual([0, 1, 2, 3, 4].map((i) => ({ effect: 'allow', policyIds: [`SP${i}`] })));
    expect(mock.commandCalls(ListPoliciesCommand)).toHaveLength(3);
    expect(mock.commandCalls(BatchGetPolicyCommand)).toHaveLength(1);
  });

  it('CV-1 denies as unavailable while it never had a copy, and asks no more often than the retry interval', async () => {
    const { state, decide, mock } = storeAt({ policies: { SP1: permitAnalysts } });
    mock.on(ListPoliciesCommand).rejects(new Error('unreachable'));
    expect(await decide(readCall)).toEqual(unavailable);
    expect(await decide(readCall)).toEqual(unavailable);
    expect(state.errors).toBe(1);
    state.now = 500;
    expect(await decide(readCall)).toEqual(unavailable);
    expect(state.errors).toBe(2);
  });

  it('CV-1 decides by changed policies once they are read, in the background', async () => {
    const { state, source, decide } = storeAt({ policies: { SP1: permitAnalysts } });
    expect(await decide(readCall)).toMatchObject({ effect: 'allow' });
    const before = source.current();
    state.now = 1_000;
    expect(await decide(readCall)).toMatchObject({ effect: 'allow' });
    await source.refresh();
    expect(source.current()).toBe(before);
    state.store = { policies: { SP1: permitAnalysts, SP2: 'forbid(principal, action, resource);' } };
    state.now = 2_000;
    source.current();
    await source.refresh();
    expect(await decide(readCall)).toEqual({ effect: 'deny', policyIds: ['SP2'], reason: 'forbidden' });
  });

  it('CV-1 keeps the last good copy while the service fails, and gives it up when it is too old', async () => {
    const { state, mock, source, decide } = storeAt({ policies: { SP1: permitAnalysts } });
    await source.refresh();
    mock.on(ListPoliciesCommand).rejects(new Error('unreachable'));
    state.now = 9_999;
    expect(await decide(readCall)).toMatchObject({ effect: 'allow' });
    await source.refresh();
    state.now = 10_000;
    expect(await decide(readCall)).toEqual(unavailable);
  });

  it.each<[string, FakeStore]>([
    ['a policy that it cannot parse', { policies: { SP1: permitAnalysts, SP2: 'forbid(principal, nonsense' } }],
    ['a template that it does not get', { policies: {}, links: [{ policyId: 'SP3', policyTemplateId: 'PT9' }] }],
    [
      'a slot that nothing fills',
      {
        policies: { SP1: permitAnalysts },
        templates: { PT1: 'forbid(principal == ?principal, action, resource);' },
        links: [{ policyId: 'SP3', policyTemplateId: 'PT1' }],
      },
    ],
  ])('CV-1 uses no store with %s', async (_, store) => {
    const { state, decide } = storeAt(store);
    expect(await decide(readCall)).toEqual(unavailable);
    expect(state.errors).toBe(1);
  });

  it('CV-1 uses no copy that lacks a policy which the store lists', async () => {
    const { decide, mock } = storeAt({ policies: { SP1: permitAnalysts } });
    mock.on(BatchGetPolicyCommand).resolves({ results: [], errors: [{ code: 'POLICY_NOT_FOUND', policyStoreId: STORE_ID, policyId: 'SP1', message: '' }] });
    expect(await decide(readCall)).toEqual(unavailable);
  });
});
