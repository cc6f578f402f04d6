/**
 * `npm run bench:resilience [-- --smoke] [-- --requests N] [-- --seconds S] [-- --only WORD]`: two gateways as their image runs them, behind a balancer,
 * under load, while one thing after the other goes wrong. Goals: no call reaches the server without a decision, no event of an answered call is
 * lost or there twice, everything is as before within seconds, memory is flat.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createDemoIssuer } from '../../lambda/identity';
import { ROOT } from '../install';
import { GRANTS_TABLE, REGISTRY_TABLE } from '../replicas/cloud';
import { startGroup, type Group } from '../replicas/group';
import { conclude } from '../report';
import { FAULTS, type Fault, type Stand } from './faults';
import { watchHealth } from './health';
import { balance } from './ledger';
import { isAsItShould, startLoad, type Load } from './load';
import { sampleMemory, type MemorySample } from './memory';
import { goalsOf, printPhases, type Phase } from './results';
import { GROUP, POLICIES, SERVERS, TOOLS } from './tools';
import { createUpstream } from './upstream';

const CLIENTS = 16;
const PRINCIPALS = 256;
const CALL_TIMEOUT_MS = 4_000;
const SMOKE_CALL_TIMEOUT_MS = 1_000;
/** After the end of a fault until the next begins. */
const AFTERWARDS_MS = 5_000;
const NAME = 'bench-resilience';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { smoke: { type: 'boolean', default: false }, requests: { type: 'string' }, seconds: { type: 'string' }, only: { type: 'string' } } });
  const requests = Number(values.requests ?? (values.smoke ? 1_000 : 100_000));
  const faultMs = 1_000 * Number(values.seconds ?? (values.smoke ? 1 : 6));
  const afterMs = values.smoke ? 1_200 : AFTERWARDS_MS;
  const faults = FAULTS.filter(({ name }) => name.includes(values.only ?? ''));

  const home = join(ROOT, '.bench', `${NAME}-server`);
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const upstream = await createUpstream(home);
  await upstream.start();
  const issuer = await createDemoIssuer({ issuer: 'https://idp.bench.example' });
  const group = await startGateways(upstream.url, issuer, values.smoke ? 1 : 3);
  const audience = SERVERS.map((server) => group.url(server));
  const tokens = await Promise.all(Array.from({ length: PRINCIPALS }, (_, index) => issuer.mint({ subject: `user-${index}`, groups: [GROUP], audience, lifetimeSeconds: 7_200 })));
  const kills: number[] = [];
  const stand: Stand = { group, upstream, noteKill: () => void kills.push(performance.now()) };

  const health = watchHealth(group.replicas);
  const load = startLoad({ port: group.balancer.port, tokens, clients: CLIENTS, timeoutMs: values.smoke ? SMOKE_CALL_TIMEOUT_MS : CALL_TIMEOUT_MS });
  const phases = [await runPhase('nothing wrong', faultMs, load)];
  for (const fault of faults) {
    phases.push(await runFault(fault, stand, load, health, faultMs, afterMs));
    console.error(`${load.calls.length} calls, ${fault.name}`);
  }
  const memory = await finish(load, group, requests);
  await load.stop();
  health.stop();
  // What clients gave up and a server still has is recorded by the end of the gateway.
  await Promise.all(group.replicas.map((replica) => replica.stop()));
  const ledger = balance({ calls: load.calls, logs: group.replicas.map(({ log }) => log), upstream: upstream.file, kills });
  await group.close();
  await upstream.kill();

  writeFileSync(join(home, 'odd-calls.jsonl'), load.calls.filter((call) => !isAsItShould(call)).map((call) => `${JSON.stringify(call)}\n`).join(''));
  printPhases(phases, load.calls);
  const results = { calls: load.calls, phases, ledger, memory, health };
  conclude({ bench: 'resilience', goals: goalsOf(results, values.smoke), figures: { calls: load.calls.length, ledger, phases, memory } });
}

async function startGateways(url: string, { issuer, jwks }: { readonly issuer: string; readonly jwks: Parameters<typeof startGroup>[0]['issuer']['jwks'] }, leaveSeconds: number): Promise<Group> {
  return startGroup({
    name: NAME,
    replicas: 2,
    servers: SERVERS.map((name) => ({ name, url })),
    issuer: { issuer, jwks },
    policies: POLICIES,
    prepare: async (cloud) => {
      for (const server of SERVERS) await cloud.approve(server, TOOLS);
    },
    environment: {
      MCP_LEAVE_SECONDS: String(leaveSeconds),
      MCP_REGISTRY_TABLE: REGISTRY_TABLE,
      MCP_REGISTRY_KEY: 'key',
      MCP_REGISTRY_MAX_HEAD_AGE_SECONDS: '7200',
      MCP_REGISTRY_POLICY: JSON.stringify({ twoPersons: 'never', sensitiveTools: [], approvalDays: 90 }),
      MCP_GRANTS_TABLE: GRANTS_TABLE,
      MCP_GRANTS_URL: 'https://gateway.example',
      MCP_GRANTS_MAX_LIFETIME_SECONDS: '900',
      MCP_GRANTS_MAX_USES: '10',
      MCP_GRANTS_DECIDE_SECONDS: '300',
    },
  });
}

async function runPhase(name: string, ms: number, load: Load): Promise<Phase> {
  const began = performance.now();
  await pause(ms);
  const over = performance.now();
  return { name, began, over, until: over, answersOfHealth: 0, load: load.calls.length };
}

async function runFault({ name, begin, end }: Fault, stand: Stand, load: Load, health: ReturnType<typeof watchHealth>, faultMs: number, afterMs: number): Promise<Phase> {
  const answersBefore = health.answers;
  const began = performance.now();
  await begin(stand);
  await pause(faultMs);
  await end(stand);
  const over = performance.now();
  await pause(afterMs);
  return { name, began, over, until: performance.now(), answersOfHealth: health.answers - answersBefore, load: load.calls.length };
}

/** The rest of the calls, with nothing wrong: what memory does then is what it does. */
async function finish(load: Load, { replicas }: Group, requests: number): Promise<readonly MemorySample[]> {
  const samples: MemorySample[] = [];
  const least = Math.max(requests, load.calls.length + 500);
  while (load.calls.length < least) {
    samples.push(...(await sampleMemory(replicas, load.calls.length)));
    await pause(2_000);
  }
  return samples;
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
