/** Command and control from a compromised workload: every technique tried with real packets, in one network after the other. */
import { FOREIGN_ADDRESS, FOREIGN_ADDRESS_V6, FOREIGN_NAME, NAMELESS_ADDRESS } from '../../network/names';
import type { Host, Plan } from '../compile';
import type { World } from '../kernel/world';
import { TECHNIQUES, type Surroundings, type Technique } from './techniques';

export { TECHNIQUES } from './techniques';
export type { Technique } from './techniques';

/** What became of one technique in one network: the workloads from which it got through. */
export interface Outcome {
  readonly technique: Technique;
  readonly through: readonly string[];
}

/** The domain that has been declared as egress, or would be. */
export interface DeclaredDomain {
  readonly name: string;
  readonly address: string;
}

export const DECLARED_DOMAIN: DeclaredDomain = { name: 'api.example.com', address: '203.0.113.10' };

/** Where services answer to whoever comes over the internet. */
export const PUBLIC_SERVICE = '198.18.0.10';

/** @param workloads who is compromised, one after the other; one from which a technique gets through is enough */
export async function runTrial(plan: Plan, world: World, workloads: readonly string[], declared: DeclaredDomain): Promise<readonly Outcome[]> {
  const places = workloads.map((owner) => ({ owner, around: surroundings(plan, world, owner, declared) }));
  const outcomes: Outcome[] = [];
  for (let first = 0; first < TECHNIQUES.length; first += AT_ONCE) {
    outcomes.push(...(await Promise.all(TECHNIQUES.slice(first, first + AT_ONCE).map((technique) => tryTechnique(technique, places, world)))));
  }
  return outcomes;
}

/** Techniques at the same time. */
const AT_ONCE = 8;

async function tryTechnique(technique: Technique, places: readonly { readonly owner: string; readonly around: readonly Surroundings[] }[], world: World): Promise<Outcome> {
  const through = await Promise.all(places.map(async ({ owner, around }) => ((await getsThrough(technique, around, world)) ? owner : undefined)));
  return { technique, through: through.filter((owner) => owner !== undefined) };
}

/** Twice where it fails, so that a busy machine does not count as a wall. */
async function getsThrough(technique: Technique, around: readonly Surroundings[], world: World): Promise<boolean> {
  for (let count = 0; count < 2; count++) {
    const results = await Promise.all(around.flatMap((place) => technique.tries(place)).map((attempt) => world.agent.attempt(attempt)));
    if (results.includes(true)) return true;
  }
  return false;
}

/** What each interface of a workload sees. */
function surroundings(plan: Plan, world: World, owner: string, allowed: DeclaredDomain): readonly Surroundings[] {
  const others = plan.hosts.filter((host) => host.owner !== owner);
  const isBalancer = ({ owner: id }: Host) => /balancer/i.test(id);
  const four = (hosts: readonly Host[]) => hosts.flatMap(({ addresses }) => addresses.filter((address) => !address.includes(':')));
  return plan.hosts
    .filter((host) => host.owner === owner)
    .map((host) => ({
      namespace: world.hostOf(host.owner, host.subnet),
      resolver: plan.dns.address,
      attacker: { address: FOREIGN_ADDRESS, address6: FOREIGN_ADDRESS_V6, name: FOREIGN_NAME },
      nameless: NAMELESS_ADDRESS,
      allowed,
      neighbours: four(others.filter((other) => !other.service && !isBalancer(other))),
      balancers: four(others.filter(isBalancer)),
      services: [...four(others.filter(({ service }) => service !== undefined)), ...plan.services.map(({ address }) => address), PUBLIC_SERVICE],
      callers: others.filter((other) => isBalancer(other)).map((other) => world.hostOf(other.owner, other.subnet)),
      own: { address: four([host])[0] ?? '', ports: [8443, 8080] },
    }));
}
