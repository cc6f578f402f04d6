import type { Probe } from './attempts';
import type { Destination } from './destination';
import { resolves, type Endpoint, type Network } from './model';
import { trace } from './trace';

/** What becomes of one attempt. */
export interface Answer {
  readonly delivered: boolean;
  readonly certain: boolean;
  readonly path: readonly string[];
  /** The port that the sender has to choose. @default - any */
  readonly sourcePort?: number;
}

/** Follows an attempt to a destination, through whatever decides on it. */
export function decidesOn(network: Network, to: Destination, probe: Probe): Answer {
  if (probe.kind === 'dns') {
    if (!probe.vpc) return { delivered: true, certain: true, path: ['the resolver of whoever runs it'] };
    if (!probe.vpc.dnsSupport) return { delivered: false, certain: true, path: ['the VPC has no resolver'] };
    const { answered, why } = resolves(probe.vpc.dnsFirewall, probe.name, probe.queryType);
    return { delivered: answered, certain: true, path: [`resolver of ${probe.vpc.name}`, why] };
  }
  const found = trace(network, probe.attempt);
  const answer: Answer = { delivered: found.delivered, certain: found.certain, path: found.path, ...(found.sourcePort !== undefined && { sourcePort: found.sourcePort }) };
  if (to.kind.kind === 'resolver' && found.delivered) return { ...answer, path: [...answer.path, `${to.kind.party.name}, which asks for any name`] };
  if (to.kind.kind !== 'endpoint' || !found.delivered) return answer;
  return to.kind.foreign ? throughPolicy(answer, to.kind.endpoint, found.endpoint) : answer;
}

/** Whether a request for somebody else's resource gets through the endpoint that it reached, or around it. */
function throughPolicy(answer: Answer, endpoint: Endpoint, taken: string | undefined): Answer {
  if (endpoint.kind === 'gateway' && taken !== endpoint.id) return { ...answer, path: [...answer.path, `and not through ${endpoint.name}`] };
  return { ...answer, delivered: endpoint.policy.foreign, path: [...answer.path, endpoint.policy.why] };
}
