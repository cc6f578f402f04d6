/**
 * `npm run cluster:check`: the manifests of a cluster, checked for real. Against the OpenAPI schemas of Kubernetes, against the Pod Security
 * Standards, for who reaches whom, and by a kube-apiserver with its etcd, which takes them and has to refuse everything that is weaker. What cannot be
 * had here is named, and ends with 2. `--without-control-plane` leaves the API server out.
 */
import { join } from 'node:path';
import { conclude, table, type Goal } from '../bench/report';
import type { KubernetesObject } from '../lib/cluster/manifests';
import { computeMatrix, findBreaches, parseDenial, readCluster, type Manifest } from '../network';
import { buildControlPlane, KUBERNETES_VERSION } from './control-plane/build';
import { checkWithControlPlane, type ControlPlaneResult } from './control-plane/check';
import { startControlPlane } from './control-plane/server';
import { violationsOf } from './pod-security';
import { podsOf } from './pods';
import { referenceManifests } from './reference';
import { changed } from './weakenings';
import { validateSchemas, VERSIONS } from './schemas';

const CACHE = join(__dirname, '..', 'node_modules', '.cache', 'mcp-zero-trust');
const DENIALS = ['servers -> internet', 'servers -> servers', 'servers -> gateways', 'neighbours -> servers', 'internet -> *'];
const OPTION = '--without-control-plane';

async function main(): Promise<void> {
  const unknown = process.argv.slice(2).find((argument) => argument !== OPTION);
  if (unknown !== undefined) throw new Error(`There is no option ${unknown}; expected ${OPTION} or none.`);
  const missing: string[] = [];
  const goals: Goal[] = [];
  for (const mesh of ['ambient', 'none'] as const) goals.push(...checkObjects(mesh, referenceManifests(mesh), missing));
  const result = process.argv.includes(OPTION) ? undefined : await checkOnServer(missing);
  if (result) goals.push(...serverGoals(result));
  for (const sentence of new Set(missing)) console.log(`Not checked: ${sentence}.`);
  if (missing.length > 0) process.exitCode = 2;
  conclude({ bench: 'cluster-check', goals, figures: { missing, ...(result && { controlPlane: result }) } });
}

/** Objects that are wrong in one field: a validator that takes them shows nothing. */
function canaries(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const first = (kind: string) => objects.find((object) => object.kind === kind)!;
  return [changed(first('Deployment'), [['spec.template.spec.readOnlyRootFileSystem', true]]), changed(first('NetworkPolicy'), [['spec.egress', [{ too: [] }]]]), changed(first('Namespace'), [['metadata.labels.one', 1]])];
}

const atMost = (name: string, value: number): Goal => ({ name, value, limit: 0, direction: 'at most' });

function checkObjects(mesh: string, objects: readonly KubernetesObject[], missing: string[]): readonly Goal[] {
  const schemas = validateSchemas(objects, CACHE);
  if (typeof schemas === 'string') missing.push(schemas);
  else {
    console.log(`mesh ${mesh}: ${schemas.validated} validations of ${objects.length} objects against Kubernetes ${VERSIONS.join(', ')}; defined by what is installed besides: ${schemas.custom.join(', ') || 'none'}`);
    for (const problem of schemas.problems) console.log(`  ${problem}`);
  }
  const wrong = canaries(objects);
  const refused = validateSchemas(wrong, CACHE);
  const taken = typeof refused === 'string' ? 0 : wrong.length * VERSIONS.length - refused.problems.length;
  const violations = podsOf(objects).flatMap(({ spec, metadata }) => violationsOf(spec, metadata.annotations).map(({ check, where }) => `${metadata.namespace}: ${check} of ${where}`));
  for (const violation of violations) console.log(`  ${violation}`);
  const matrix = computeMatrix(readCluster(objects as unknown as readonly Manifest[]));
  const broken = DENIALS.filter((denial) => findBreaches(matrix, parseDenial(denial)).length > 0);
  for (const denial of broken) console.log(`  BROKEN ${denial}`);
  return [
    ...(typeof schemas === 'string' ? [] : [atMost(`mesh ${mesh}: objects that a schema refuses`, schemas.problems.length), atMost(`mesh ${mesh}: wrong objects that a schema takes`, taken)]),
    atMost(`mesh ${mesh}: violations of Pod Security "restricted"`, violations.length),
    atMost(`mesh ${mesh}: assertions of reachability that break`, broken.length),
  ];
}

async function checkOnServer(missing: string[]): Promise<ControlPlaneResult | undefined> {
  const programs = buildControlPlane(CACHE);
  if (typeof programs === 'string') {
    missing.push(programs);
    return undefined;
  }
  const plane = await startControlPlane(programs);
  try {
    const result = await checkWithControlPlane(plane, referenceManifests('ambient'));
    missing.push(...result.missing);
    printServer(result);
    return result;
  } finally {
    await plane.stop();
  }
}

function printServer({ applied, rejected, attempts, disagreements }: ControlPlaneResult): void {
  const mark = (refuses: boolean | undefined) => (refuses === undefined ? '' : refuses ? 'refuses' : '-');
  console.log(`\nkube-apiserver ${KUBERNETES_VERSION} took ${applied} objects, with unknown fields refused`);
  for (const line of [...rejected, ...disagreements]) console.log(`  ${line}`);
  console.log(table('What is weaker, and what refuses it', ['', 'control', 'Pod Security alone', 'policies alone', 'refused by'], attempts.map(({ name, control, podSecurityAlone, policiesAlone, refusedBy = 'NOBODY' }) => [name, control, mark(podSecurityAlone), mark(policiesAlone), refusedBy])));
}

function serverGoals({ rejected, attempts, disagreements }: ControlPlaneResult): readonly Goal[] {
  return [
    atMost('objects and pods of the manifests that the API server refuses', rejected.length),
    atMost('weaker objects that it takes', attempts.filter(({ refusedBy }) => refusedBy === undefined).length),
    atMost('weaker objects that the admission policies alone would take', attempts.filter(({ policiesAlone }) => policiesAlone === false).length),
    atMost('pods about which its Pod Security and ours disagree', disagreements.length),
  ];
}

main().catch((error: unknown) => {
  process.stderr.write(`The check could not run: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
