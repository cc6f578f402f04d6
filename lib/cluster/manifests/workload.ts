import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-33';
import { meshPodAnnotations, meshServiceLabels } from './mesh';
import { type Plan, type PlannedWorkload } from './plan';
import { hardenedPod, labelsOf, selectorOf } from './pod';

export interface PodParts {
  readonly containers: k8s.Container[];
  readonly volumes: k8s.Volume[];
  readonly annotations?: { [name: string]: string };
  readonly terminationGracePeriodSeconds: number;
}

/**
 * Pods that are replaced one by one, spread, counted by load, and never all taken away at once.
 *
 * Control: TBL-1.
 */
export function addWorkload(chart: Chart, plan: Plan, workload: PlannedWorkload, pod: PodParts): void {
  const { name, namespace, port, scaling } = workload;
  const metadata: k8s.ObjectMeta = { name, namespace, labels: labelsOf(workload) };
  const selector = { matchLabels: selectorOf(workload) };
  new k8s.KubeServiceAccount(chart, `account-${name}`, { metadata: { ...metadata, annotations: workload.props.serviceAccountAnnotations }, automountServiceAccountToken: false });
  new k8s.KubeService(chart, `service-${name}`, {
    metadata: { ...metadata, labels: { ...metadata.labels, ...meshServiceLabels(plan, workload) } },
    spec: { type: 'ClusterIP', selector: selectorOf(workload), ports: [{ name: 'mcp', port, targetPort: k8s.IntOrString.fromNumber(port), protocol: 'TCP', appProtocol: appProtocol(plan, workload) }] },
  });
  new k8s.KubeDeployment(chart, `deployment-${name}`, {
    metadata,
    spec: {
      selector,
      revisionHistoryLimit: 3,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: k8s.IntOrString.fromNumber(0), maxSurge: k8s.IntOrString.fromNumber(1) } },
      template: {
        metadata: { labels: labelsOf(workload), annotations: { ...meshPodAnnotations(plan), ...bandwidthOf(workload), ...pod.annotations } },
        spec: { ...hardenedPod(plan, workload, pod.containers, pod.volumes), terminationGracePeriodSeconds: pod.terminationGracePeriodSeconds },
      },
    },
  });
  new k8s.KubeHorizontalPodAutoscalerV2(chart, `autoscaler-${name}`, {
    metadata,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: scaling.minReplicas,
      maxReplicas: scaling.maxReplicas,
      metrics: [{ type: 'ContainerResource', containerResource: { name: 'cpu', container: pod.containers[0]!.name, target: { type: 'Utilization', averageUtilization: scaling.cpuUtilization } } }],
    },
  });
  new k8s.KubePodDisruptionBudget(chart, `budget-${name}`, { metadata, spec: { maxUnavailable: k8s.IntOrString.fromNumber(1), selector, unhealthyPodEvictionPolicy: 'AlwaysAllow' } });
}

function bandwidthOf({ props: { resources: { bandwidthMbit } = {} } }: PlannedWorkload): { [name: string]: string } {
  return bandwidthMbit === undefined ? {} : { 'kubernetes.io/ingress-bandwidth': `${bandwidthMbit}M`, 'kubernetes.io/egress-bandwidth': `${bandwidthMbit}M` };
}

/** A mesh has to be told what it carries. */
function appProtocol(plan: Plan, workload: PlannedWorkload): string {
  return workload === plan.gateway || plan.mesh._kind === 'none' ? 'https' : 'http';
}
