import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { createCedarAuthority, createGrantDesk, createKillSwitch, type Target } from '../../lambda/grants';
import { createAnonymousAuthenticator, principalId, type Principal } from '../../lambda/identity';
import { openMemoryTable } from '../../lambda/stores/local-table';
import { callTool, startGateway, startToolServer } from './stand';

const POLICIES = {
  work: 'permit (principal == Mcp::Agent::"worker", action in [Mcp::Action::"discover", Mcp::Action::"callTool"], resource);',
  stop: 'permit (principal == Mcp::User::"approver", action == Mcp::Action::"useKillSwitch", resource);',
};
const APPROVER: Principal = { type: 'User', id: principalId('approver'), groups: [], scopes: [], issuer: 'bench' };
const TARGETS: readonly Target[] = [
  { kind: 'principal', principal: { type: 'Agent', id: principalId('worker'), issuer: 'anonymous' } },
  { kind: 'tool', server: 'work', tool: 'work' },
  { kind: 'everything' },
];

/**
 * Milliseconds on the wall clock from the beginning of a revocation to the last call that any of `instances` gateways served.
 * Each gateway is called without pause; the grants are on DynamoDB's own protocol (dynalite), which all of them read.
 */
export async function measureRevocation(instances: number, rounds: number): Promise<number[]> {
  const table = await openMemoryTable();
  const server = await startToolServer();
  const desks = Array.from({ length: instances }, () => createGrantDesk({ store: table.store, authority: createCedarAuthority(createCedarDecisionPoint({ policies: POLICIES }), ['work']) }));
  const gateways = desks.map((desk) =>
    startGateway([{ name: 'work', upstream: { kind: 'http', url: server.url, headers: {} } }], createAnonymousAuthenticator({ id: 'worker' }), POLICIES, {
      grants: { desk, killSwitch: createKillSwitch({ marks: desk.marks }), approvalUrl: (id) => id },
    }),
  );
  const delays: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const target = TARGETS[round % TARGETS.length]!;
      await untilAll(gateways, true);
      const begun = performance.now();
      let lastServed = begun;
      const callers = gateways.map(async (gateway) => {
        let refusals = 0;
        for (;;) {
          if (await callTool(gateway, 'work', {})) lastServed = Math.max(lastServed, performance.now());
          else refusals += 1;
          if (refusals > 3) return;
        }
      });
      await desks[0]!.mark(target, 'block', APPROVER, 'bench');
      await Promise.all(callers);
      delays.push(lastServed - begun);
      await desks[0]!.mark(target, 'unblock', APPROVER, 'bench');
    }
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await server.close();
    await table.close();
  }
  return delays;
}

async function untilAll(gateways: readonly Parameters<typeof callTool>[0][], served: boolean): Promise<void> {
  for (const gateway of gateways) while ((await callTool(gateway, 'work', {})) !== served) await new Promise((resolve) => setTimeout(resolve, 20));
}
