import { DescribeTasksCommand, ListTasksCommand, type ECSClient, type Task } from '@aws-sdk/client-ecs';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../protocol';
import type { EcsWorkload, KubernetesWorkload, WorkloadSubject } from '../../incident';
import type { KubernetesApi } from '../kubernetes';
import { filtersOf, idsIn, type AskAws } from './ask';

/** Where a workload runs, as EC2 knows it. */
export interface Places {
  /** Ids of the network interfaces of tasks. */
  readonly interfaces: readonly string[];
  /** Ids of the nodes of pods. */
  readonly instances: readonly string[];
}

export interface WorkloadPlaces {
  placesOf(workload: WorkloadSubject): Promise<Places>;
  /** Ids of the tasks of a service. */
  tasksOf(workload: WorkloadSubject): Promise<readonly string[]>;
}

/** Tag of the nodes of a cluster, which EKS gives them; roles know it. */
const CLUSTER_TAG = 'eks:cluster-name';

/** Finds tasks and nodes. */
export function createPlaces(ask: AskAws, ecs: ECSClient, kubernetes: Pick<KubernetesApi, 'get'> | undefined): WorkloadPlaces {
  async function interfacesOf(workload: EcsWorkload): Promise<readonly string[]> {
    const details = (await runningTasks(ecs, workload)).flatMap(({ attachments = [] }) => attachments.flatMap((attachment) => attachment.details ?? []));
    return details.flatMap(({ name, value }) => (name === 'networkInterfaceId' && value !== undefined ? [value] : []));
  }

  async function nodesOf({ cluster, namespace }: KubernetesWorkload): Promise<readonly string[]> {
    const pods = await kubernetes?.get(cluster, `/api/v1/namespaces/${namespace}/pods`);
    const hosts = [...new Set((Array.isArray(pods?.items) ? pods.items : []).flatMap(hostOf))];
    if (hosts.length === 0) return [];
    return idsIn(await ask.ec2('DescribeInstances', filtersOf({ 'private-ip-address': hosts, [`tag:${CLUSTER_TAG}`]: [cluster] })), 'instanceId');
  }

  return {
    placesOf: async (workload) => (workload.platform === 'ecs' ? { interfaces: await interfacesOf(workload), instances: [] } : { interfaces: [], instances: await nodesOf(workload) }),
    tasksOf: async (workload) => (workload.platform === 'ecs' ? (await runningTasks(ecs, workload)).flatMap(({ taskArn }) => (taskArn === undefined ? [] : [taskArn.split('/').at(-1)!])) : []),
  };
}

/** The tasks of a service, as ECS describes them. */
export async function runningTasks(ecs: ECSClient, { cluster, service }: EcsWorkload): Promise<readonly Task[]> {
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster, serviceName: service }));
  return taskArns.length === 0 ? [] : ((await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }))).tasks ?? []);
}

function hostOf(pod: JsonValue): readonly string[] {
  const { hostIP } = isJsonObject(pod) && isJsonObject(pod.status) ? (pod.status as JsonObject) : {};
  return typeof hostIP === 'string' ? [hostIP] : [];
}
