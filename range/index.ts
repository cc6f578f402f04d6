/**
 * `npm run range`: the zone of the reference stacks in namespaces of the kernel, built from its template. First every cell of the
 * reachability matrix is tried with real packets, and prediction and kernel have to agree. Then a compromised workload tries to
 * reach a command-and-control server, by every technique there is a line for. Then the same of a cluster's manifests, which `--cluster` does alone.
 * Needs root; touches nothing outside of its namespaces.
 */
import { readNetwork } from '../network/model';
import type { ResolvedTemplates } from '../network/template';
import { internetOf, measureAgreement, type Agreement } from './agreement';
import { concludeClusters, printClusters, tryClusters } from './cluster';
import { compileTemplates } from './compile';
import { buildWorld, type Internet } from './kernel/world';
import { concludeRange, printAgreement, printTrial } from './report';
import { whatIsMissing } from './requirements';
import { flatTemplates, zoneTemplates } from './templates';
import { DECLARED_DOMAIN, PUBLIC_SERVICE, runTrial, type Outcome } from './trial';
import { FOREIGN_ADDRESS_V6, NAMELESS_ADDRESS } from '../network/names';

/** Longer than the longest run takes; then it ends, and with it everything that it made. */
const TIME_LIMIT_MS = 15 * 60_000;

/** One network that is built and tried. */
export interface Tried {
  readonly name: string;
  readonly agreement: Agreement;
  readonly outcomes: readonly Outcome[];
}

interface Candidate {
  readonly name: string;
  readonly templates: ResolvedTemplates;
  readonly compromised: (id: string, type: string) => boolean;
}

async function main(): Promise<void> {
  const smoke = process.argv.includes('--smoke');
  const unknown = process.argv.slice(2).find((argument) => argument !== '--smoke' && argument !== '--cluster');
  if (unknown !== undefined) return refuse(`There is no option ${unknown}; expected --smoke, --cluster or none.`);
  const missing = whatIsMissing();
  if (missing !== undefined) return refuse(missing);
  setTimeout(() => refuse('The range took longer than it may.', true), TIME_LIMIT_MS).unref();

  if (!process.argv.includes('--cluster')) await tryZones(smoke);
  const clusters = await tryClusters(smoke);
  printClusters(clusters);
  concludeClusters(clusters, smoke);
}

async function tryZones(smoke: boolean): Promise<void> {
  const tried: Tried[] = [];
  for (const candidate of candidates()) {
    process.stderr.write(`Building: ${candidate.name}\n`);
    tried.push(await tryNetwork(candidate, smoke));
  }
  printAgreement(tried);
  printTrial(tried);
  concludeRange(tried, smoke);
}

/** The flat network first: the others are measured against it. */
function candidates(): readonly Candidate[] {
  const services = (_: string, type: string) => type === 'AWS::ECS::Service';
  const egress = zoneTemplates(DECLARED_DOMAIN.name);
  return [
    { name: 'flat network', templates: flatTemplates(), compromised: (id) => id.endsWith('/Server') },
    { name: 'zone', templates: zoneTemplates(undefined), compromised: services },
    { name: 'zone, egress', templates: egress, compromised: services },
  ];
}

async function tryNetwork({ name, templates, compromised }: Candidate, smoke: boolean): Promise<Tried> {
  const plan = compileTemplates(templates);
  if (plan.notBuilt.length > 0) throw new Error(`${name} cannot be built whole: ${plan.notBuilt.join(', ')}`);
  const network = readNetwork(templates);
  const world = await buildWorld(plan, withTrialServers(internetOf(network, plan)), AT_ONCE);
  try {
    const agreement = await measureAgreement(network, plan, world, smoke ? SMOKE_ATTEMPTS : undefined);
    const workloads = [...templates.resources.values()].filter(({ id, type }) => compromised(id, type)).map(({ id }) => id);
    const outcomes = await runTrial(plan, world, workloads, DECLARED_DOMAIN);
    await world.agent.assertAlive();
    return { name, agreement, outcomes };
  } finally {
    await world.close();
  }
}

/** Attempts at the same time. */
const AT_ONCE = 150;
/** Attempts for each cell in a smoke run. */
const SMOKE_ATTEMPTS = 6;

function withTrialServers(internet: Internet): Internet {
  return {
    ...internet,
    addresses: [...internet.addresses, NAMELESS_ADDRESS, FOREIGN_ADDRESS_V6, DECLARED_DOMAIN.address, PUBLIC_SERVICE],
    names: { ...internet.names, [DECLARED_DOMAIN.name]: DECLARED_DOMAIN.address },
  };
}

function refuse(why: string, atOnce = false): void {
  process.stderr.write(`${why}\n`);
  process.exitCode = 2;
  if (atOnce) process.exit(2);
}

main().catch((error: unknown) => refuse(`The range could not run: ${error instanceof Error ? error.message : String(error)}`, true));
