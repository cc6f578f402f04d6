import type { KubernetesObject } from '../../lib/cluster/manifests';
import { violationsOf } from '../pod-security';
import { podsOf, type Pod } from '../pods';
import { RESPONDERS } from '../reference';
import { isolationOf, RESPONDER_EXCESSES } from '../responders';
import { changed, OBJECT_WEAKENINGS, POD_WEAKENINGS, type Weakening } from '../weakenings';
import { createApiClient, type ApiClient } from './client';
import { readDefinitions } from './definitions';
import type { ApiAnswer, ControlPlane } from './server';

/** What a real API server made of the manifests, and of what is weaker. */
export interface ControlPlaneResult {
  /** Objects that it took, and each that it did not, with its reason. */
  readonly applied: number;
  readonly rejected: readonly string[];
  readonly attempts: readonly Attempt[];
  /** Pods about which its Pod Security and ours disagree. */
  readonly disagreements: readonly string[];
  readonly missing: readonly string[];
}

export interface Attempt {
  readonly name: string;
  readonly control: string;
  /** What refused it, with everything in place. */
  readonly refusedBy?: string;
  /** Whether each wall refuses it alone; undefined where it is not about such objects. */
  readonly podSecurityAlone?: boolean;
  readonly policiesAlone?: boolean;
}

const SERVER_NAMESPACE = 'mcp-files';
const ONLY_POD_SECURITY = 'only-pod-security';
const ONLY_POLICIES = 'only-policies';
const POLICIES_LIMIT_MS = 60_000;

export async function checkWithControlPlane(plane: ControlPlane, manifests: readonly KubernetesObject[]): Promise<ControlPlaneResult> {
  const client = createApiClient(plane);
  const { definitions, missing } = readDefinitions();
  for (const definition of definitions) await mustTake(client.create(definition), `the definition ${definition.metadata?.name}`);
  await untilServed(plane, definitions.length);
  const rejected: string[] = [];
  for (const object of manifests) {
    const answer = await client.create(object);
    if (answer.status >= 300) rejected.push(`${object.kind} ${[object.metadata.namespace, object.metadata.name].filter(Boolean).join('/')}: ${answer.message}`);
  }
  await fillQuotas(client, manifests);
  const pods = podsOf(manifests);
  const good = pods.find(({ metadata }) => metadata.namespace === SERVER_NAMESPACE)!;
  await makeWalls(client, manifests, good);
  await untilEnforced(client, good);
  for (const pod of pods) {
    const answer = await client.create(pod, { dryRun: true });
    if (answer.status >= 300) rejected.push(`the pod of ${pod.metadata.namespace}: ${answer.message}`);
  }
  const disagreements: string[] = [];
  const attempts: Attempt[] = [];
  for (const weakening of POD_WEAKENINGS) attempts.push(await tryPod(client, pods, weakening, disagreements));
  for (const weakening of OBJECT_WEAKENINGS) attempts.push(await tryObject(client, manifests, weakening));
  attempts.push(...(await tryLimits(client, good)), await tryDebugging(client, good), ...(await tryResponders(client, manifests, rejected)));
  return { applied: manifests.length - rejected.length, rejected, attempts, disagreements, missing };
}

async function mustTake(answer: Promise<ApiAnswer>, what: string): Promise<void> {
  const { status, message } = await answer;
  if (status >= 300) throw new Error(`the API server does not take ${what}: ${message}`);
}

async function until(what: string, test: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + POLICIES_LIMIT_MS;
  while (!(await test())) {
    if (Date.now() > end) throw new Error(`${what} within ${POLICIES_LIMIT_MS / 1_000} seconds`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function untilServed({ call }: ControlPlane, count: number): Promise<void> {
  await until('the API server does not serve all definitions', async () => {
    const { body } = await call('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
    const items = (body as { readonly items: readonly { readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } }[] }).items;
    return items.filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True')).length >= count;
  });
  // What is established is served a moment later.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
}

/** Policies are compiled after they were taken. */
async function untilEnforced(client: ApiClient, good: Pod): Promise<void> {
  const bad = changed(inNamespace(good, ONLY_POLICIES), [['spec.containers.0.securityContext.readOnlyRootFilesystem', false]]);
  await until('the admission policies are not enforced', async () => (await client.create(bad, { dryRun: true })).status >= 400);
}

/** What the controllers of Kubernetes would write: nothing is used yet. */
async function fillQuotas(client: ApiClient, manifests: readonly KubernetesObject[]): Promise<void> {
  for (const quota of manifests.filter(({ kind }) => kind === 'ResourceQuota')) {
    const { hard } = quota.spec as { readonly hard: Readonly<Record<string, unknown>> };
    const used = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']));
    await mustTake(client.patch(quota, { status: { hard, used } }, { subresource: 'status' }), `the status of the quota of ${quota.metadata.namespace}`);
  }
}

/** Namespaces in which only one of the walls stands, to see what it does alone. */
async function makeWalls(client: ApiClient, manifests: readonly KubernetesObject[], good: Pod): Promise<void> {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/enforce-version': 'latest' };
  await mustTake(client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: ONLY_POD_SECURITY, labels } } as never), 'a namespace');
  await mustTake(client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: ONLY_POLICIES } }), 'a namespace');
  const accounts = [(good.spec as { readonly serviceAccountName?: string }).serviceAccountName ?? 'default', 'default'];
  for (const namespace of [SERVER_NAMESPACE, ONLY_POD_SECURITY, ONLY_POLICIES]) {
    for (const name of accounts) await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
  }
  for (const binding of manifests.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')) {
    const spec = binding.spec as { readonly matchResources?: { readonly namespaceSelector: { readonly matchExpressions: readonly { readonly values: readonly string[] }[] } } };
    if (!spec.matchResources?.namespaceSelector.matchExpressions[0]!.values.includes(SERVER_NAMESPACE)) continue;
    const matchResources = { namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: [ONLY_POLICIES] }] } };
    await mustTake(client.create({ ...binding, metadata: { name: `${binding.metadata.name}-alone` }, spec: { ...spec, matchResources } } as never), 'a binding');
  }
}

function inNamespace<T extends KubernetesObject>(object: T, namespace: string): T {
  return { ...object, metadata: { ...object.metadata, namespace } };
}

async function tryPod(client: ApiClient, pods: readonly Pod[], { name, control, changes, server = 'files', mended }: Weakening, disagreements: string[]): Promise<Attempt> {
  const good = pods.find(({ metadata }) => metadata.namespace === `mcp-${server}`)!;
  const bad = changed(good, changes);
  const together = await client.create(bad, { dryRun: true });
  const refused = mended && together.status < 300 ? { refusedBy: 'nobody: the LimitRange puts in what was left out' } : refusal(together);
  // What the walls do alone is tried for one server, whose walls they are copies of.
  if (bad.metadata.namespace !== SERVER_NAMESPACE) return { name: `pod: ${name}`, control, ...refused };
  const podSecurity = await client.create(inNamespace(bad, ONLY_POD_SECURITY), { dryRun: true });
  const policies = await client.create(inNamespace(bad, ONLY_POLICIES), { dryRun: true });
  const podSecurityAlone = podSecurity.message.includes('PodSecurity');
  if (podSecurityAlone !== violationsOf(bad.spec, bad.metadata.annotations).length > 0) disagreements.push(`${name}: the API server says ${podSecurity.message || 'nothing'}`);
  return { name: `pod: ${name}`, control, podSecurityAlone, policiesAlone: policies.message.includes('ValidatingAdmissionPolicy') && policies.message.includes(control), ...refused };
}

async function tryObject(client: ApiClient, manifests: readonly KubernetesObject[], { kind, name, control, changes }: (typeof OBJECT_WEAKENINGS)[number]): Promise<Attempt> {
  const wanted = kind === 'NetworkPolicy' ? 'from-gateway' : undefined;
  const good = manifests.find((object) => object.kind === kind && (object.metadata.namespace ?? object.metadata.name) === SERVER_NAMESPACE && (wanted === undefined || object.metadata.name === wanted))!;
  const bad = changed(good, changes);
  const answer = kind === 'Namespace' ? await client.patch(good, { metadata: { labels: bad.metadata.labels } }, { dryRun: true }) : await client.create({ ...bad, metadata: { ...bad.metadata, name: 'weaker' } }, { dryRun: true });
  return { name: `${kind}: ${name}`, control, policiesAlone: answer.message.includes('ValidatingAdmissionPolicy') && answer.message.includes(control), ...refusal(answer) };
}

/** What the LimitRange and the ResourceQuota of a namespace are for. */
async function tryLimits(client: ApiClient, good: Pod): Promise<readonly Attempt[]> {
  const large = { cpu: '64', memory: '256Gi', 'ephemeral-storage': '100Gi' };
  const larger = await client.create(changed(good, [['spec.containers.0.resources', { requests: large, limits: large }]]), { dryRun: true });
  const claim = await client.create({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'disk', namespace: SERVER_NAMESPACE }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } as never, { dryRun: true });
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: SERVER_NAMESPACE.replace(/^mcp-/, ''), namespace: SERVER_NAMESPACE } };
  const { body } = await client.patch(quota, {}, { dryRun: true });
  const { hard } = (body as { readonly spec: { readonly hard: Readonly<Record<string, string>> } }).spec;
  await mustTake(client.patch(quota, { status: { hard, used: { ...Object.fromEntries(Object.keys(hard).map((key) => [key, '0'])), pods: hard.pods } } }, { subresource: 'status' }), 'the status of a quota');
  // The server counts with what it last heard of a quota.
  let more: ApiAnswer = { status: 0, message: '', body: undefined };
  await until('a full quota does not refuse a pod', async () => (more = await client.create(good, { dryRun: true })).status >= 400);
  await mustTake(client.patch(quota, { status: { used: { pods: '0' } } }, { subresource: 'status' }), 'the status of a quota');
  return [
    { name: 'pod: larger than its namespace allows one to be', control: 'CON-3', ...refusal(larger) },
    { name: 'pod: one more than its namespace may have', control: 'MUL-4', ...refusal(more) },
    { name: 'PersistentVolumeClaim: in the namespace of a server', control: 'CON-3', ...refusal(claim) },
  ];
}

/** A container that somebody adds to a pod that runs, hardened as its own. */
async function tryDebugging(client: ApiClient, good: Pod): Promise<Attempt> {
  const running = { ...good, metadata: { ...good.metadata, name: 'running' } };
  await until('the API server does not take a pod of the manifests', async () => (await client.create(running)).status < 300);
  const { image, securityContext } = good.spec.containers![0]!;
  const answer = await client.patch(running, { spec: { ephemeralContainers: [{ name: 'debug', image, securityContext }] } }, { subresource: 'ephemeralcontainers', dryRun: true });
  return { name: 'pod: a container for debugging in one that runs', control: 'CON-1', ...refusal(answer) };
}

/** What the response to incidents does must be taken, and what it must not do refused, with the role and the admission policy that it has. */
async function tryResponders(client: ApiClient, manifests: readonly KubernetesObject[], rejected: string[]): Promise<readonly Attempt[]> {
  const group = RESPONDERS;
  const [allowance, { policy, exempted }] = isolationOf(SERVER_NAMESPACE, 'files', manifests);
  const deployment = manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.namespace === SERVER_NAMESPACE)!;
  const steps: readonly (readonly [string, () => Promise<ApiAnswer>])[] = [
    ['cuts off', () => client.create(policy, { group })],
    ['exempts', () => client.patch(allowance, { spec: exempted.spec }, { group })],
    ['sees the Deployment', () => client.read(deployment, { group })],
    ['stops', () => client.patch(deployment, { spec: { replicas: 0 } }, { group, subresource: 'scale' })],
    ['runs it again', () => client.patch(deployment, { spec: { replicas: 2 } }, { group, subresource: 'scale' })],
    ['exempts no more', () => client.patch(allowance, { spec: { podSelector: { matchExpressions: null } } }, { group })],
    ['gives back', () => client.remove(policy, { group })],
  ];
  for (const [name, step] of steps) {
    const { status, message } = await step();
    if (status >= 300) rejected.push(`what the response does when it ${name}: ${message}`);
  }
  await mustTake(client.create(policy), 'a policy that cuts off');
  const attempts: Attempt[] = [];
  const attempt = async (name: string, answer: Promise<ApiAnswer>) => attempts.push({ name: `response: ${name}`, control: 'IR-2', ...refusal(await answer) });
  for (const { name, object, oldObject } of RESPONDER_EXCESSES) await attempt(name, oldObject === undefined ? client.create({ ...object, metadata: { ...object.metadata, name: object.metadata.name.replace('-files', '-more') } }, { dryRun: true, group }) : client.patch(oldObject, { spec: mergePatch(oldObject.spec, object.spec) }, { dryRun: true, group }));
  const denial = manifests.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.namespace === SERVER_NAMESPACE && metadata.name === 'default-deny')!;
  const ofGateway = manifests.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.namespace === 'mcp-gateway')!;
  await attempt('takes the policy away that denies everything', client.remove(denial, { dryRun: true, group }));
  await attempt('reads policies of the gateway', client.read(ofGateway, { group }));
  await attempt('changes what a Deployment runs', client.patch(deployment, { spec: { paused: true } }, { dryRun: true, group }));
  await attempt('reads a Secret', client.read({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'any', namespace: SERVER_NAMESPACE } }, { group }));
  await attempt('reads another Deployment', client.read({ ...deployment, metadata: { ...deployment.metadata, name: 'other' } }, { group }));
  return attempts;
}

/** JSON merge patch (RFC 7396) that makes one of the other. */
function mergePatch(from: unknown, to: unknown): unknown {
  const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isRecord(from) || !isRecord(to)) return to;
  const gone = Object.keys(from).filter((key) => !(key in to)).map((key) => [key, null]);
  return Object.fromEntries([...gone, ...Object.entries(to).map(([key, value]) => [key, mergePatch(from[key], value)])]);
}

/** The wall that a refusal names. */
function refusal({ status, message }: ApiAnswer): { readonly refusedBy?: string } {
  if (status < 400) return {};
  const policy = /ValidatingAdmissionPolicy '([^']+)'/.exec(message)?.[1];
  if (policy !== undefined) return { refusedBy: `policy ${policy}` };
  if (/ cannot \w+ resource /.test(message)) return { refusedBy: 'roles' };
  if (message.includes('PodSecurity')) return { refusedBy: 'Pod Security' };
  if (message.includes('exceeded quota')) return { refusedBy: 'ResourceQuota' };
  if (/maximum .* per Container/.test(message)) return { refusedBy: 'LimitRange' };
  return { refusedBy: `the API server: ${message.slice(0, 120)}` };
}
