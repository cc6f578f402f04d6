import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { runTestFile } from '../../bin/policy/test-file';
import { checkPolicies } from '../../bin/policy/check';
import { readPolicySources } from '../../bin/policy/sources';
import { generateSchema } from '../../lambda/authorization';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { cedar } from '../../lambda/authorization/cedar-engine';
import { asks, calls, NOW, person } from './fixtures';
import { policies as generatedPolicies, request as generatedRequest } from './generated-requests';

const folder = join(__dirname, '../../policies');
const servers = ['everything', 'files', 'memory'].map((name) => ({
  name,
  tools: JSON.parse(readFileSync(join(__dirname, '../../bin/models/tools', `${name}.json`), 'utf8')),
}));

describe('the policies of policies/zero-trust', () => {
  it('CV-1 fit every server, without a warning, each of them named', () => {
    const sources = readPolicySources(join(folder, 'zero-trust'));
    expect(checkPolicies(sources, servers)).toEqual([]);
    expect(Object.keys(sources.loaded.ok ? sources.loaded.policies : {}).filter((id) => id.includes('#'))).toEqual([]);
  });

  it('JIT-1 JIT-2 JIT-3 CV-3 answer as their own tests say', async () => {
    const { results } = await runTestFile(join(folder, 'zero-trust', 'tests.yaml'), NOW);
    expect(results.filter(({ failures }) => failures.length > 0)).toEqual([]);
    expect(results.length).toBeGreaterThan(30);
  });

  it('JIT-1 let nobody call a destructive or open-world tool without a grant, whatever else is known of them', () => {
    const { loaded } = readPolicySources(join(folder, 'zero-trust'));
    if (!loaded.ok) throw new Error('unreadable');
    const generous = 'permit(principal, action, resource);';
    const point = createCedarDecisionPoint({ policies: { ...loaded.policies, generous } });
    const sensitive = servers.flatMap(({ name, tools }) =>
      (tools as { annotations: Record<string, boolean> }[])
        .filter(({ annotations }) => annotations.openWorldHint || (annotations.destructiveHint && !annotations.readOnlyHint))
        .map((tool) => ({ server: name, tool: tool as never })),
    );
    fc.assert(
      fc.property(fc.constantFrom(...sensitive), fc.subarray(['readers', 'workers', 'approvers', 'contractors']), generatedRequest, ({ server, tool }, groups, { context }) => {
        const decision = point.decide(calls(person('p', groups), server, tool, {}, { ...context, grant: undefined }));
        expect(decision).toMatchObject({ effect: 'deny' });
      }),
      { seed: 4 },
    );
  });
});

describe('the templates of policies/templates', () => {
  it.each(readdirSync(join(folder, 'templates')))('%s is a valid template', (name) => {
    const { schema } = generateSchema(servers);
    const answer = cedar().validate({
      validationSettings: { mode: 'strict' },
      schema,
      policies: { templates: { t: readFileSync(join(folder, 'templates', name), 'utf8') } },
    });
    expect(answer).toMatchObject({ type: 'success', validationErrors: [] });
  });
});

describe('any policies', () => {
  it('CV-1 never allow anything without an explicit permit', () => {
    fc.assert(
      fc.property(generatedPolicies, fc.array(generatedRequest, { minLength: 1, maxLength: 8 }), (policies, requests) => {
        const forbids = Object.fromEntries(Object.entries(policies).filter(([, text]) => text.startsWith('forbid')));
        const none = createCedarDecisionPoint({ policies: forbids });
        for (const request of requests) expect(none.decide(request).effect).toBe('deny');
        expect(none.visible(requests)).toEqual(requests.map(() => false));
      }),
      { numRuns: 150, seed: 21 },
    );
  }, 60_000);

  it('CV-1 allow only what a permit among them decides', () => {
    fc.assert(
      fc.property(generatedPolicies, generatedRequest, (policies, request) => {
        const decision = createCedarDecisionPoint({ policies }).decide(request);
        if (decision.effect === 'deny') return;
        expect(decision.policyIds.length).toBeGreaterThan(0);
        for (const id of decision.policyIds) expect(policies[id]).toMatch(/^permit/);
      }),
      { numRuns: 300, seed: 22 },
    );
  }, 60_000);

  it('CV-1 allow nothing that a new forbid is about', () => {
    const point = (policies: Record<string, string>) => createCedarDecisionPoint({ policies: { ...policies, last: 'forbid(principal, action, resource);' } });
    fc.assert(
      fc.property(generatedPolicies, generatedRequest, (policies, request) => {
        expect(point(policies).decide(request).effect).toBe('deny');
      }),
      { numRuns: 100, seed: 23 },
    );
    expect(point({ all: 'permit(principal, action, resource);' }).decide(asks(person('p'), 's', { kind: 'connect' })).effect).toBe('deny');
  }, 60_000);
});
