import { App, Chart } from 'cdk8s';
import { addAdmissionPolicies } from './admission';
import { addDomainPolicy } from './domain-policies';
import { addGateway } from './gateway';
import { addImageSignatures } from './signature-policy';
import { addMeshPolicies } from './mesh';
import { addNamespace } from './namespace';
import { addNetworkPolicies } from './network-policies';
import { planOf } from './plan';
import type { KubernetesObject } from './manifests';
import type { ClusterManifestsProps } from './props';
import { addResponders } from './responders';
import { addRuntimeClasses } from './runtime-classes';
import { addSecretSource } from './secrets';
import { addServer } from './server';

/** What has to be there before what: walls before what they are around. */
const ORDER = ['Namespace', 'RuntimeClass', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'ClusterImagePolicy', 'NetworkPolicy', 'CiliumNetworkPolicy', 'ApplicationNetworkPolicy'];
const LAST = ['Service', 'Deployment', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'];

/** The work of `renderManifests`, with cdk8s. */
export function render(props: ClusterManifestsProps): KubernetesObject[] {
  const plan = planOf(props);
  const chart = new Chart(new App(), 'cluster', { disableResourceNameHashes: true });
  for (const workload of [plan.gateway, ...plan.servers]) {
    addNamespace(chart, plan, workload);
    addNetworkPolicies(chart, plan, workload);
    addDomainPolicy(chart, plan, workload);
    addMeshPolicies(chart, plan, workload);
    addSecretSource(chart, plan, workload);
  }
  addRuntimeClasses(chart, plan);
  addAdmissionPolicies(chart, plan);
  addImageSignatures(chart, plan);
  addResponders(chart, plan);
  addGateway(chart, plan);
  for (const server of plan.servers) addServer(chart, plan, server);
  return (chart.toJson() as KubernetesObject[]).sort(byOrder);
}

function byOrder(left: KubernetesObject, right: KubernetesObject): number {
  return rank(left.kind) - rank(right.kind) || compare(left.metadata.namespace ?? '', right.metadata.namespace ?? '') || compare(left.kind, right.kind) || compare(left.metadata.name, right.metadata.name);
}

function rank(kind: string): number {
  const last = LAST.indexOf(kind);
  const early = ORDER.indexOf(kind);
  return early >= 0 ? early : ORDER.length + 1 + last;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
