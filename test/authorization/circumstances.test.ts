import { generateSchema, type Circumstances } from '../../lambda/authorization';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { cedar } from '../../lambda/authorization/cedar-engine';
import { contextOf } from '../../lambda/authorization/context';
import { calls, person, readFile } from './fixtures';

const alice = person('alice');

const everything: Circumstances = {
  grant: { id: 'g1', purpose: 'audit', argumentsBound: true, approvedBy: ['bob', 'carol', 'bob'] },
  purpose: 'audit',
  risk: 12.3,
  network: { zone: 'office' },
  device: { trusted: true },
  session: { id: 's1', ageSeconds: 60 },
  authentication: { acr: 'phr', ageSeconds: 5, method: 'dpop', senderConstrained: true },
};

function decide(condition: string, circumstances: Circumstances) {
  const point = createCedarDecisionPoint({ policies: { p: `permit(principal, action, resource) when { ${condition} };` } });
  return point.decide(calls(alice, 'files', readFile, { path: '/a' }, circumstances));
}

describe('the circumstances of a request', () => {
  it('JIT-2 are what the schema says, whether all of them are known or none', () => {
    const { schema } = generateSchema([{ name: 'files', tools: [readFile] }]);
    for (const circumstances of [everything, {}, { authentication: { senderConstrained: false } }]) {
      const context = contextOf(calls(alice, 'files', readFile, { path: '/a' }, circumstances));
      expect(cedar().checkParseContext({ context, schema, action: { type: 'Mcp::Action', id: 'files/read_file' } })).toEqual({ type: 'success' });
    }
  });

  it('are absent where nobody has looked', () => {
    expect(Object.keys(contextOf(calls(alice, 'files', readFile, { path: '/a' }))).sort()).toEqual(['arguments', 'network', 'time']);
  });

  it('JIT-3 can be compared: the purpose of the grant with that of the call', () => {
    const matches = 'context has grant && context has purpose && context.grant.purpose == context.purpose';
    expect(decide(matches, everything).effect).toBe('allow');
    expect(decide(matches, { ...everything, purpose: 'curiosity' }).effect).toBe('deny');
    expect(decide(matches, {}).effect).toBe('deny');
  });

  it('count each approver once', () => {
    expect(decide('context.grant.approvals == 2 && context.grant.approvedBy.contains("carol")', everything).effect).toBe('allow');
  });

  it('CV-3 never round a risk down to the threshold', () => {
    expect(decide('context.risk > 70', { risk: 70.01 }).effect).toBe('allow');
    expect(decide('context.risk > 70', { risk: 70 }).effect).toBe('deny');
  });

  it.each<[string, string, Circumstances]>([
    ['a risk below the scale', 'context.risk < 100', { risk: -1 }],
    ['a risk beyond the scale', 'context.risk < 100', { risk: 1_000 }],
    ['a risk that is no number', 'context.risk < 100', { risk: Number.NaN }],
    ['the age of a session that is no number', 'context.session.ageSeconds < 60', { session: { id: 's', ageSeconds: Number.NaN } }],
    ['the age of a sign-in that never ends', 'context.authentication.ageSeconds < 60', { authentication: { ageSeconds: Infinity, senderConstrained: false } }],
    ['a fraction of a second too much', 'context.authentication.ageSeconds <= 60', { authentication: { ageSeconds: 60.1, senderConstrained: false } }],
  ])('CV-3 count %s as the worst', (_, condition, circumstances) => {
    expect(decide(condition, circumstances)).toMatchObject({ effect: 'deny', reason: 'not_permitted' });
  });

  it('JIT-3 take a purpose that is not Unicode for one that nobody has', () => {
    expect(decide('context.purpose == "audit"', { purpose: 'audit\ud800' }).effect).toBe('deny');
    expect(decide('context.purpose != "audit"', { purpose: '\ud800' }).effect).toBe('allow');
    expect(decide('context.network.zone == "office"', { network: { zone: '\udfff' } }).effect).toBe('deny');
  });
});
