import { DescribeServicesCommand, DescribeTaskDefinitionCommand, UpdateServiceCommand, type DeploymentConfiguration, type ECSClient, type NetworkConfiguration, type Service } from '@aws-sdk/client-ecs';
import type { JsonObject, JsonValue } from '../../protocol';
import type { Action } from '../action';
import type { Executor } from '../executor';
import type { EcsWorkload } from '../incident';
import { ResponseRefused } from '../record';
import { runningTasks } from './aws-evidence/places';

export interface EcsOptions {
  readonly client: ECSClient;
  /** The security group that lets nothing in or out. */
  readonly isolationGroup: string;
}

interface Isolation {
  readonly network: NetworkConfiguration;
  readonly deployment: DeploymentConfiguration;
}

/**
 * ECS keeps old tasks until new ones are healthy, and goes back by itself where they never are: neither must happen to tasks that
 * are being cut off.
 */
const AT_ONCE: DeploymentConfiguration = { minimumHealthyPercent: 0, maximumPercent: 100, deploymentCircuitBreaker: { enable: false, rollback: false } };

/**
 * Cuts a service of ECS off: its tasks are replaced by tasks in a security group that lets nothing in or out. The security groups
 * of tasks on Fargate cannot be changed while they run, so what was in their memory is gone; `preserve_evidence` comes before.
 *
 * Control: IR-2, SOC-3.
 */
export function createEcsIsolation({ client, isolationGroup }: EcsOptions): Executor<Extract<Action, { kind: 'isolate_workload' }>> {
  const isIsolated = ({ networkConfiguration }: Service) => {
    const groups = networkConfiguration?.awsvpcConfiguration?.securityGroups ?? [];
    return groups.length === 1 && groups[0] === isolationGroup;
  };

  return {
    async observe({ workload }) {
      const service = await describe(client, ecs(workload));
      const { networkConfiguration, deploymentConfiguration } = service;
      if (networkConfiguration?.awsvpcConfiguration === undefined) throw new ResponseRefused('the service is in no VPC network of its own, so its security groups cannot be changed');
      const groups = networkConfiguration.awsvpcConfiguration.securityGroups ?? [];
      const value: Isolation = { network: networkConfiguration, deployment: deploymentConfiguration ?? {} };
      return { is: `its security groups are ${groups.join(', ')}`, contained: isIsolated(service), value: plain(value) };
    },
    async apply({ workload }, before) {
      const service = ecs(workload);
      if (!isIsolated(await describe(client, service))) {
        const { awsvpcConfiguration } = (before.value as unknown as Isolation).network;
        const networkConfiguration = { awsvpcConfiguration: { ...awsvpcConfiguration!, securityGroups: [isolationGroup] } };
        await client.send(new UpdateServiceCommand({ ...service, networkConfiguration, deploymentConfiguration: { ...(before.value as unknown as Isolation).deployment, ...AT_ONCE }, forceNewDeployment: true }));
      }
      return `its tasks are replaced by tasks in ${isolationGroup}, which reach nothing`;
    },
    async undo({ workload }, before) {
      const service = ecs(workload);
      if (!isIsolated(await describe(client, service))) return 'it was left as it is: somebody else changed its security groups';
      const { network, deployment } = before.value as unknown as Isolation;
      await client.send(new UpdateServiceCommand({ ...service, networkConfiguration: network, deploymentConfiguration: deployment, forceNewDeployment: true }));
      return before.is;
    },
  };
}

/** Scales a service of ECS to zero, and back to what it was. */
export function createEcsStop(client: ECSClient): Executor<Extract<Action, { kind: 'stop_workload' }>> {
  return {
    async observe({ workload }) {
      const { desiredCount = 0 } = await describe(client, ecs(workload));
      return { is: tasks(desiredCount), contained: desiredCount === 0, value: { desiredCount } };
    },
    async apply({ workload }) {
      await client.send(new UpdateServiceCommand({ ...ecs(workload), desiredCount: 0 }));
      return tasks(0);
    },
    async undo({ workload }, { value, is }) {
      const { desiredCount = 0 } = await describe(client, ecs(workload));
      if (desiredCount !== 0) return `it was left as it is: ${tasks(desiredCount)}`;
      await client.send(new UpdateServiceCommand({ ...ecs(workload), desiredCount: value.desiredCount as number }));
      return is;
    },
  };
}

/** What of a service on AWS Fargate nobody can copy, for whoever reads the evidence later. */
const FARGATE_KEEPS = [
  'memory of the tasks: AWS Fargate has no way to copy it, and cutting the service off replaces the tasks',
  'disks of the tasks: their ephemeral storage is in no account of yours, and a volume that a task mounts is for its owner to copy',
  'what runs in the containers: ECS Exec is off, so nobody can look inside',
];

/** What a service runs, for the evidence: its configuration, its task definition and its tasks, and what cannot be had. */
export async function describeEcsWorkload(client: ECSClient, workload: EcsWorkload): Promise<JsonValue> {
  const { cluster, service } = workload;
  const described = await describe(client, { cluster, service });
  const [{ taskDefinition }, tasks] = await Promise.all([client.send(new DescribeTaskDefinitionCommand({ taskDefinition: described.taskDefinition! })), runningTasks(client, workload)]);
  return plain({ service: described, taskDefinition, tasks, notAvailable: FARGATE_KEEPS });
}

async function describe(client: ECSClient, { cluster, service }: { readonly cluster: string; readonly service: string }): Promise<Service> {
  const { services = [] } = await client.send(new DescribeServicesCommand({ cluster, services: [service] }));
  const [found] = services;
  if (found === undefined || found.status === 'INACTIVE') throw new ResponseRefused(`there is no ECS service ${cluster}/${service}`);
  return found;
}

function ecs(workload: Extract<Action, { kind: 'isolate_workload' }>['workload']): { readonly cluster: string; readonly service: string } {
  if (workload.platform !== 'ecs') throw new ResponseRefused('this function works with services of ECS alone');
  return { cluster: workload.cluster, service: workload.service };
}

function tasks(count: number): string {
  return `it runs ${count === 1 ? '1 task' : `${count} tasks`}`;
}

function plain(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
