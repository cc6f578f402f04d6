import { isJsonObject, type JsonObject, type JsonValue } from '../../protocol';
import type { Action } from '../action';
import type { Executor } from '../executor';
import type { KubernetesWorkload } from '../incident';
import { ResponseRefused } from '../record';

/** The API of Kubernetes, as its role there lets the response use it. */
export interface KubernetesApi {
  /** @returns `undefined` where there is no such thing */
  get(cluster: string, path: string): Promise<JsonObject | undefined>;
  /** Server-side apply, as a field manager of its own. */
  apply(cluster: string, path: string, object: JsonObject): Promise<void>;
  /** JSON merge patch. @throws KubernetesConflict where its resourceVersion is not the newest any more */
  patch(cluster: string, path: string, patch: JsonObject): Promise<void>;
  /** What is not there is deleted already. */
  delete(cluster: string, path: string): Promise<void>;
}

export class KubernetesConflict extends Error {
  constructor() {
    super('somebody else changed it at the same time');
    this.name = 'KubernetesConflict';
  }
}

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Expression[];
}

const MAX_TRIES = 10;
/** What policies that cut pods off are called before the Deployment's name. Roles and admission know it (`lib/cluster/manifests/responder-role.ts`). */
export const ISOLATION_PREFIX = 'mcp-incident-isolation-';
/** Label of policies without which pods would be ended, and what was in their memory lost. */
const WHEN_ISOLATED = 'mcp-zero-trust/when-isolated';

/**
 * Cuts the pods of a Deployment off. NetworkPolicies only ever permit, so a policy that permits nothing takes nothing away:
 * every policy of the namespace that permits something is told not to select these pods any more, and one that permits nothing is put over
 * them. Pods go on running, to be looked at, and so the kubelet may ask on; other pods of the namespace keep what they have.
 *
 * Control: IR-2, SOC-3, MUL-5.
 */
export function createKubernetesIsolation(api: KubernetesApi): Executor<Extract<Action, { kind: 'isolate_workload' }>> {
  /** The policies of the namespace that permit something, but for those that stay. */
  async function policiesOf({ cluster, namespace }: KubernetesWorkload): Promise<readonly JsonObject[]> {
    const list = await api.get(cluster, policiesIn(namespace));
    const items = Array.isArray(list?.items) ? list.items.filter(isJsonObject) : [];
    return items.filter((one) => permitsSomething(one) && !stays(one));
  }

  /** Puts the expression into the policies' selectors, or takes it out, again where somebody else writes at the same time. */
  async function exempt(workload: KubernetesWorkload, expression: Expression, isExempt: boolean): Promise<void> {
    for (const { metadata } of await policiesOf(workload)) {
      const path = `${policiesIn(workload.namespace)}/${String((metadata as JsonObject).name)}`;
      for (let tries = 1; ; tries += 1) {
        const policy = await api.get(workload.cluster, path);
        if (policy === undefined) break;
        const selector = selectorOf(policy);
        const others = (selector.matchExpressions ?? []).filter((one) => !isSame(one, expression));
        const isAlready = others.length !== (selector.matchExpressions ?? []).length;
        if (isAlready === isExempt) break;
        try {
          const matchExpressions = isExempt ? [...others, expression] : others;
          const patch = { metadata: { resourceVersion: metadataOf(policy).resourceVersion }, spec: { podSelector: { matchExpressions: matchExpressions.length === 0 ? null : matchExpressions } } };
          await api.patch(workload.cluster, path, patch as unknown as JsonObject);
          break;
        } catch (error) {
          if (!(error instanceof KubernetesConflict) || tries === MAX_TRIES) throw error;
        }
      }
    }
  }

  return {
    async observe({ workload }) {
      const target = kubernetes(workload);
      await labelOf(api, target);
      const contained = (await api.get(target.cluster, `${policiesIn(target.namespace)}/${isolationOf(target)}`)) !== undefined;
      return { is: contained ? 'it is cut off by a NetworkPolicy' : 'its NetworkPolicies are in force', contained, value: {} };
    },
    async apply({ workload }) {
      const target = kubernetes(workload);
      const [key, value] = await labelOf(api, target);
      await api.apply(target.cluster, `${policiesIn(target.namespace)}/${isolationOf(target)}`, {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: isolationOf(target), namespace: target.namespace, labels: { 'app.kubernetes.io/managed-by': 'mcp-zero-trust-response' } },
        spec: { podSelector: { matchLabels: { [key]: value } }, policyTypes: ['Ingress', 'Egress'] },
      });
      await exempt(target, { key, operator: 'NotIn', values: [value] }, true);
      return 'its pods are cut off by a NetworkPolicy';
    },
    async undo({ workload }, before) {
      const target = kubernetes(workload);
      const [key, value] = await labelOf(api, target);
      await exempt(target, { key, operator: 'NotIn', values: [value] }, false);
      await api.delete(target.cluster, `${policiesIn(target.namespace)}/${isolationOf(target)}`);
      return before.is;
    },
  };
}

/** Scales a Deployment to zero, and back to what it was. */
export function createKubernetesStop(api: KubernetesApi): Executor<Extract<Action, { kind: 'stop_workload' }>> {
  const replicasOf = async (target: KubernetesWorkload) => Number(((await deploymentOf(api, target)).spec as JsonObject | undefined)?.replicas ?? 1);
  return {
    async observe({ workload }) {
      const replicas = await replicasOf(kubernetes(workload));
      return { is: pods(replicas), contained: replicas === 0, value: { replicas } };
    },
    async apply({ workload }) {
      const target = kubernetes(workload);
      await api.patch(target.cluster, `${pathOf(target)}/scale`, { spec: { replicas: 0 } });
      return pods(0);
    },
    async undo({ workload }, { value, is }) {
      const target = kubernetes(workload);
      const replicas = await replicasOf(target);
      if (replicas !== 0) return `it was left as it is: ${pods(replicas)}`;
      await api.patch(target.cluster, `${pathOf(target)}/scale`, { spec: { replicas: value.replicas ?? 1 } });
      return is;
    },
  };
}

/** What of pods the response does not copy, for whoever reads the evidence later. */
const PODS_KEEP = [
  'memory of the pods: nothing here copies it; pods that are cut off go on running, and have it until they are stopped',
  'files that pods wrote: they are on the disks of the nodes, if they are not in memory',
];

/** What a Deployment runs, for the evidence, and what cannot be had. */
export async function describeKubernetesWorkload(api: KubernetesApi, target: KubernetesWorkload): Promise<JsonValue> {
  const [deployment, pods, policies] = await Promise.all([
    deploymentOf(api, target),
    api.get(target.cluster, `/api/v1/namespaces/${target.namespace}/pods`),
    api.get(target.cluster, policiesIn(target.namespace)),
  ]);
  return { deployment, pods: pods ?? null, networkPolicies: policies ?? null, notAvailable: [...PODS_KEEP] };
}

function isolationOf({ deployment }: KubernetesWorkload): string {
  return `${ISOLATION_PREFIX}${deployment}`;
}

function permitsSomething({ spec }: JsonObject): boolean {
  const { ingress = [], egress = [] } = isJsonObject(spec) ? spec : {};
  return [ingress, egress].some((rules) => Array.isArray(rules) && rules.length > 0);
}

function stays(policy: JsonObject): boolean {
  const { labels } = metadataOf(policy);
  return isJsonObject(labels) && labels[WHEN_ISOLATED] === 'stays';
}

function policiesIn(namespace: string): string {
  return `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
}

function pathOf({ namespace, deployment }: KubernetesWorkload): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`;
}

async function deploymentOf(api: KubernetesApi, target: KubernetesWorkload): Promise<JsonObject> {
  const found = await api.get(target.cluster, pathOf(target));
  if (found === undefined) throw new ResponseRefused(`there is no Deployment ${target.namespace}/${target.deployment} in ${target.cluster}`);
  return found;
}

/** One label by which the Deployment knows its pods, and that tells them apart from others of the namespace. */
async function labelOf(api: KubernetesApi, target: KubernetesWorkload): Promise<readonly [string, string]> {
  const spec = (await deploymentOf(api, target)).spec as { readonly selector?: Selector } | undefined;
  const labels = Object.entries(spec?.selector?.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const label = labels.find(([, value]) => value === target.deployment) ?? labels[0];
  if (label === undefined) throw new ResponseRefused(`the Deployment ${target.deployment} selects its pods by no label`);
  return label;
}

function selectorOf({ spec }: JsonObject): Selector {
  return ((spec as JsonObject | undefined)?.podSelector ?? {}) as unknown as Selector;
}

function metadataOf({ metadata }: JsonObject): JsonObject {
  return isJsonObject(metadata) ? metadata : {};
}

function isSame(one: Expression, other: Expression): boolean {
  return one.key === other.key && one.operator === other.operator && JSON.stringify(one.values) === JSON.stringify(other.values);
}

function kubernetes(workload: Extract<Action, { kind: 'isolate_workload' }>['workload']): KubernetesWorkload {
  if (workload.platform !== 'kubernetes') throw new ResponseRefused('this function works with Deployments of Kubernetes alone');
  return workload;
}

function pods(count: number): string {
  return `it runs ${count === 1 ? '1 pod' : `${count} pods`}`;
}
