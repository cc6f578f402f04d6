import { ApiObject, type Chart } from 'cdk8s';
import { GATEWAY_PORT, isServer, type Plan, type PlannedGateway, type PlannedServer, type PlannedWorkload } from './plan';
import { labelsOf, selectorOf } from './pod';
import type { ContainerResources } from './workload-props';

/** What the proxy of a sidecar may use. */
export const SIDECAR_RESOURCES: Required<ContainerResources> = { cpuMillis: 100, memoryMiB: 128, storageMiB: 64 };

/** Labels that put the pods of a namespace into the mesh. */
export function meshNamespaceLabels({ mesh }: Plan): { [name: string]: string } {
  if (mesh._kind === 'none') return {};
  return mesh._kind === 'ambient' ? { 'istio.io/dataplane-mode': 'ambient' } : { 'istio-injection': 'enabled' };
}

/** Labels that lead the requests to a service through a waypoint. */
export function meshServiceLabels({ mesh }: Plan, workload: PlannedWorkload): { [name: string]: string } {
  if (mesh._waypoint === undefined || !isServer(workload)) return {};
  return { 'istio.io/use-waypoint': mesh._waypoint.name, 'istio.io/use-waypoint-namespace': mesh._waypoint.namespace };
}

/** What the injector of sidecars is told: an image that admission lets in, and how much it may use. */
export function meshPodAnnotations({ mesh }: Plan): { [name: string]: string } {
  if (mesh._proxyImage === undefined) return {};
  const { cpuMillis, memoryMiB } = SIDECAR_RESOURCES;
  return {
    'sidecar.istio.io/proxyImage': mesh._proxyImage,
    'sidecar.istio.io/proxyCPU': `${cpuMillis}m`,
    'sidecar.istio.io/proxyCPULimit': `${cpuMillis}m`,
    'sidecar.istio.io/proxyMemory': `${memoryMiB}Mi`,
    'sidecar.istio.io/proxyMemoryLimit': `${memoryMiB}Mi`,
  };
}

/**
 * Strict mutual TLS, and who may do what by workload identity: nobody, then the gateway to each server, and the declared sources to the gateway.
 *
 * Control: NET-2, NET-4, MUL-9.
 */
export function addMeshPolicies(chart: Chart, plan: Plan, workload: PlannedWorkload): void {
  if (plan.mesh._kind === 'none') return;
  const { name, namespace } = workload;
  const labels = labelsOf(workload);
  const add = (kind: string, apiVersion: string, id: string, spec: object) => void new ApiObject(chart, `${kind}-${name}-${id}`, { apiVersion, kind, metadata: { name: id, namespace, labels }, spec });
  const authorize = (id: string, spec: object) => add('AuthorizationPolicy', 'security.istio.io/v1', id, spec);
  const selector = { matchLabels: selectorOf(workload) };

  add('PeerAuthentication', 'security.istio.io/v1', 'strict', { mtls: { mode: 'STRICT' } });
  // An empty policy allows nothing.
  authorize('default-deny', {});
  if (isServer(workload)) {
    addServerAuthorization(authorize, plan, workload, selector);
    return;
  }
  if (hasAddresses(workload)) add('PeerAuthentication', 'security.istio.io/v1', 'own-tls', { selector, mtls: { mode: 'STRICT' }, portLevelMtls: { [GATEWAY_PORT]: { mode: 'PERMISSIVE' } } });
  authorize('from-sources', { selector, action: 'ALLOW', rules: [{ from: workload.props.sources.map(sourceOf), to: [{ operation: { ports: [`${GATEWAY_PORT}`] } }] }] });
}

function addServerAuthorization(authorize: (id: string, spec: object) => void, { mesh, gateway }: Plan, server: PlannedServer, selector: object): void {
  const principal = (namespace: string, account: string) => `${mesh._trustDomain}/ns/${namespace}/sa/${account}`;
  const fromGateway = [{ source: { principals: [principal(gateway.namespace, gateway.name)] } }];
  const requests = { methods: ['POST', 'GET', 'DELETE'], paths: [server.path] };
  const ports = [`${server.port}`];
  if (mesh._waypoint === undefined) {
    // ztunnel knows identities and ports; what it does not know would be refused.
    authorize('from-gateway', { selector, action: 'ALLOW', rules: [{ from: fromGateway, to: [{ operation: mesh._kind === 'ambient' ? { ports } : { ports, ...requests } }] }] });
    return;
  }
  authorize('from-waypoint', { selector, action: 'ALLOW', rules: [{ from: [{ source: { principals: [principal(mesh._waypoint.namespace, mesh._waypoint.name)] } }], to: [{ operation: { ports } }] }] });
  authorize('from-gateway', { targetRefs: [{ kind: 'Service', group: '', name: server.name }], action: 'ALLOW', rules: [{ from: fromGateway, to: [{ operation: { ports, ...requests } }] }] });
}

/** Clients that are in no mesh, such as load balancers, come by addresses; the gateway's own TLS is what they speak. */
function hasAddresses({ props }: PlannedGateway): boolean {
  return props.sources.some(({ cidr }) => cidr !== undefined);
}

function sourceOf({ namespace, cidr }: PlannedGateway['props']['sources'][number]): object {
  return { source: namespace === undefined ? { ipBlocks: [cidr] } : { namespaces: [namespace] } };
}
