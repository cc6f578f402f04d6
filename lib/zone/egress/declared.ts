import { Annotations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { EgressOptions } from './egress-props';
import { assertDestinations } from './suricata-rules';
import type { EgressDestinations } from './suricata-rules';

/**
 * Where a workload may go by what was declared for it; what is named `unsafe` there is a warning on the scope.
 *
 * @throws Error when it names no port or no name, or one that is not what it should be
 */
export function declaredDestinations(scope: IConstruct, workloadName: string, { domains = [], ports, unsafeDomainsWithSubdomains: parentDomains = [], unsafePlainHttpPorts }: EgressOptions): EgressDestinations {
  const httpPorts = unsafePlainHttpPorts ?? [];
  const destinations = { domains, parentDomains, tlsPorts: ports ?? (unsafePlainHttpPorts ? [] : [443]), httpPorts };
  assertDestinations(workloadName, destinations);
  const warn = (id: string, text: string) => Annotations.of(scope).addWarningV2(`cdk-mcp-zero-trust:${id}-${workloadName}`, text);
  if (parentDomains.length > 0) warn('subdomainEgress', `${JSON.stringify(workloadName)} may reach every name below ${parentDomains.join(', ')}, and lookups of such names carry data out`);
  if (httpPorts.length > 0) warn('plainHttpEgress', `${JSON.stringify(workloadName)} may leave the zone without TLS, on port ${httpPorts.join(', ')}`);
  return destinations;
}
