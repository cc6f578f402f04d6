import type { JsonValue } from '../../../protocol';
import type { EvidenceSource } from '../evidence';
import { filtersOf, idsIn, type AskAws } from './ask';
import type { WorkloadPlaces } from './places';

export interface NodeDisksOptions {
  readonly ask: AskAws;
  readonly places: WorkloadPlaces;
  /** For how long nobody can delete a copy, days. */
  readonly lockDays: number;
}

/** Tag of a copy; roles know it. */
export const INCIDENT_TAG = 'mcp-zero-trust:incident';

/**
 * Copies the disks of the nodes that pods of a compromised server run on, once for each incident, and locks the copies in compliance mode: what pods
 * write is there, and what other pods on these nodes write too. Tasks of AWS Fargate have no disk that can be copied.
 *
 * Control: IR-2, LOG-4.
 */
export function nodeDisks({ ask, places, lockDays }: NodeDisksOptions): EvidenceSource {
  async function copyOf(instance: string, incident: string): Promise<readonly string[]> {
    const made = idsIn(await ask.ec2('DescribeSnapshots', { 'Owner.1': 'self', ...filtersOf({ [`tag:${INCIDENT_TAG}`]: [incident], 'tag:mcp-zero-trust:node': [instance] }) }), 'snapshotId');
    if (made.length > 0) return made;
    return idsIn(await ask.ec2('CreateSnapshots', {
      'InstanceSpecification.InstanceId': instance,
      Description: `Evidence of ${incident}`,
      'TagSpecification.1.ResourceType': 'snapshot',
      'TagSpecification.1.Tag.1.Key': INCIDENT_TAG,
      'TagSpecification.1.Tag.1.Value': incident,
      'TagSpecification.1.Tag.2.Key': 'mcp-zero-trust:node',
      'TagSpecification.1.Tag.2.Value': instance,
    }), 'snapshotId');
  }

  /** A copy that is not locked is better than none that anybody is told of. */
  async function lock(SnapshotId: string): Promise<string> {
    try {
      await ask.ec2('LockSnapshot', { SnapshotId, LockMode: 'compliance', LockDuration: `${lockDays}` });
      return `for ${lockDays} days`;
    } catch (error) {
      return `not locked (${(error as Error).name})`;
    }
  }

  async function copy(instances: readonly string[], incident: string): Promise<JsonValue> {
    const nodes: JsonValue[] = [];
    for (const instance of instances) {
      const snapshots: JsonValue[] = [];
      for (const id of await copyOf(instance, incident)) snapshots.push({ id, lock: await lock(id) });
      nodes.push({ instance, snapshots });
    }
    return { nodes };
  }

  return ({ id, kind }, workloads) => (kind === 'server_compromise' ? workloads : []).flatMap((workload, index) => (workload.platform !== 'kubernetes' ? [] : [{
    name: `disks-${index + 1}.json`,
    read: async () => copy((await places.placesOf(workload)).instances, id),
  }]));
}
