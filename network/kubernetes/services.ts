import type { Publication } from '../model';
import { protocolNumber, TCP } from '../model/protocol';
import type { Manifest } from './manifest';
import type { PodGroup } from './pods';
import { selects, type Labels } from './selector';

interface ServiceSpec {
  readonly type?: string;
  readonly selector?: Labels;
  readonly externalIPs?: readonly string[];
  readonly externalTrafficPolicy?: string;
  readonly ports?: readonly { readonly port?: number; readonly targetPort?: number | string; readonly protocol?: string }[];
}

/** Annotations that keep a load balancer of a cloud from the internet. */
const INTERNAL: readonly (readonly [string, string])[] = [
  ['service.beta.kubernetes.io/aws-load-balancer-scheme', 'internal'],
  ['service.beta.kubernetes.io/aws-load-balancer-internal', 'true'],
  ['networking.gke.io/load-balancer-type', 'Internal'],
  ['service.beta.kubernetes.io/azure-load-balancer-internal', 'true'],
];

/** Ports of a pod that are reached from outside of the cluster, over a Service or a port of its node. */
export function publications(pod: PodGroup, manifests: readonly Manifest[]): readonly Publication[] {
  const { ports, labels } = pod;
  if (ports === 'any' || labels === 'any') return [];
  const hosted = ports.filter(({ hostPort }) => hostPort !== undefined).map(({ protocol, port }): Publication => ({ protocol, port, translated: false }));
  const services = manifests.filter(({ kind, apiVersion, metadata }) => kind === 'Service' && apiVersion === 'v1' && (metadata?.namespace ?? 'default') === pod.namespace);
  return [...hosted, ...services.flatMap((service) => (leavesCluster(service) && selectsByLabels((service.spec ?? {}) as ServiceSpec, labels) ? portsOf((service.spec ?? {}) as ServiceSpec, pod) : []))];
}

function leavesCluster({ spec, metadata }: Manifest): boolean {
  const { type, externalIPs = [] } = (spec ?? {}) as ServiceSpec;
  if (type === 'NodePort' || externalIPs.length > 0) return true;
  return type === 'LoadBalancer' && !INTERNAL.some(([name, value]) => metadata?.annotations?.[name] === value);
}

/** A Service without a selector has endpoints that somebody else writes. */
function selectsByLabels({ selector }: ServiceSpec, labels: Labels): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && selects(wanted.map(([key, value]) => ({ key, operator: 'In', values: [value] })), labels);
}

function portsOf({ ports = [], externalTrafficPolicy }: ServiceSpec, pod: PodGroup): readonly Publication[] {
  // Only where a node keeps what arrives for its own pods does the sender keep its address.
  const translated = externalTrafficPolicy !== 'Local';
  return ports.flatMap(({ port, targetPort = port, protocol }) => {
    const number = protocolNumber(protocol ?? 'TCP');
    const over = number === 'any' ? TCP : number;
    if (typeof targetPort !== 'string') return [{ protocol: over, port: Number(targetPort), translated }];
    return pod.ports === 'any' ? [] : pod.ports.filter((own) => own.name === targetPort && own.protocol === over).map((own) => ({ protocol: over, port: own.port, translated }));
  });
}
