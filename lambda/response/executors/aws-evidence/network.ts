import type { JsonValue } from '../../../protocol';
import type { EvidenceSource } from '../evidence';
import { filtersOf, idsIn, type AskAws } from './ask';
import type { WorkloadPlaces } from './places';

/** The network interfaces of tasks, or of the nodes of pods, and the security groups around them, as they were: isolation replaces the ones and changes the others. */
export function networkAround(ask: AskAws, { placesOf }: WorkloadPlaces): EvidenceSource {
  return (_, workloads) => workloads.map((workload, index) => ({
    name: `network-${index + 1}.json`,
    async read(): Promise<JsonValue> {
      const { interfaces, instances } = await placesOf(workload);
      if (interfaces.length + instances.length === 0) return { interfaces: null, securityGroups: null };
      const filters: Record<string, readonly string[]> = interfaces.length > 0 ? { 'network-interface-id': interfaces } : { 'attachment.instance-id': instances };
      const found = await ask.ec2('DescribeNetworkInterfaces', filtersOf(filters));
      const groups = idsIn(found, 'groupId');
      return { interfaces: found, securityGroups: groups.length === 0 ? null : await ask.ec2('DescribeSecurityGroups', filtersOf({ 'group-id': groups })) };
    },
  }));
}
