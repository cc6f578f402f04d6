import { join } from 'node:path';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { parsePolicySet } from '../../lambda/authorization/policy-set';
import { withStepUp } from '../../lambda/authorization/step-up';
import { principalId, type Authenticator } from '../../lambda/identity';
import { startHarness, type Harness } from '../gateway/harness';

const NOW = Date.UTC(2026, 10, 25, 10, 30);

/** The header says `<risk> <seconds since the sign-in>`. */
const risky: Authenticator = {
  async authenticate({ headers }) {
    const [risk = 0, age = 0] = headers.get('authorization')!.replace('Bearer ', '').split(' ').map(Number);
    return {
      ok: true,
      principal: {
        type: 'User',
        id: principalId('alice'),
        groups: [],
        scopes: [],
        issuer: 'https://issuer.example',
        authentication: { method: 'bearer', senderConstrained: false, authTime: NOW / 1_000 - age },
        circumstances: { risk },
      },
    };
  },
};

const set = parsePolicySet({
  all: 'permit(principal, action, resource);',
  recent: `@maxAge("300") forbid(principal, action in Mcp::Action::"callTool", resource)
    when { context has risk && context.risk > 40 } unless { context has authentication.ageSeconds && context.authentication.ageSeconds <= 300 };`,
  stop: 'forbid(principal, action in Mcp::Action::"callTool", resource) when { context has risk && context.risk > 80 };',
});

describe('a call that a policy would let through after a sign-in', () => {
  let harness: Harness;

  beforeAll(() => {
    const script = join(__dirname, '..', 'local', 'fixtures', 'tiny-server.mjs');
    harness = startHarness([{ name: 'tiny', upstream: { kind: 'stdio', command: process.execPath, args: [script], env: {} } }], {
      authenticator: risky,
      decisionPoint: withStepUp(createCedarDecisionPoint({ policies: { current: () => set } }), set),
      clock: () => NOW,
    });
  });
  afterAll(() => harness.close());

  const call = (risk: number, age: number) => harness.modern('tiny', 'tools/call', { name: 'echo', arguments: { text: 'a' } }, { principal: `${risk} ${age}` });

  it('CV-3 is answered with the challenge of RFC 9470, recorded with the policy that asks', async () => {
    const { status, headers } = await call(50, 600);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/error="insufficient_user_authentication".*max_age="?300"?/);
    expect(harness.events.at(-1)).toMatchObject({ decision: 'deny', reason: 'insufficient_user_authentication', policyIds: ['recent'], target: 'echo' });
  });

  it('CV-3 passes after the sign-in, and without one where the risk is low', async () => {
    expect((await call(50, 10)).response.result).toBeDefined();
    expect((await call(10, 6_000)).response.result).toBeDefined();
  });

  it('CV-3 is refused for good where no sign-in would help', async () => {
    const { status, headers } = await call(90, 10);
    expect(status).toBe(200);
    expect(headers.get('www-authenticate')).toBeNull();
  });

  it('MUL-8 is for a tool that is listed', async () => {
    const list = async (risk: number) => (await harness.modern('tiny', 'tools/list', {}, { principal: `${risk} 600` })).response.result.tools.map(({ name }: { name: string }) => name);
    expect(await list(50)).toContain('echo');
    expect(await list(90)).toEqual([]);
  });
});
