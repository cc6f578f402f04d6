import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-33';
import { hasFilteredDns } from './domain-policies';
import { GATEWAY_PORT, HBONE_PORT, NAMESPACE_LABEL, PROBE_PORT, isServer, type Plan, type PlannedGateway, type PlannedServer, type PlannedWorkload } from './plan';
import { labelsOf, selectorOf } from './pod';
import { telemetryPort } from './telemetry';
import { STAYS_WHEN_ISOLATED } from './responder-role';

/** Where ztunnel's rules put questions of the kubelet: they come from this address in an ambient mesh, and the CNI cannot tell that they are the node's. */
const KUBELET_IN_AMBIENT = ['169.254.7.127/32', 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128'];
/** The agent of EKS Pod Identity on each node. */
const POD_IDENTITY_AGENT = ['169.254.170.23/32', 'fd00:ec2::23/128'];

/**
 * Nothing may connect to anything. Then, one by one: the gateway to each server, each server to what it declared, and to DNS who has something to look up.
 *
 * Control: NET-1, MUL-5.
 */
export function addNetworkPolicies(chart: Chart, plan: Plan, workload: PlannedWorkload): void {
  const { namespace, name, props } = workload;
  const add = (id: string, spec: k8s.NetworkPolicySpec, more: { [name: string]: string } = {}) =>
    void new k8s.KubeNetworkPolicy(chart, `network-${name}-${id}`, { metadata: { name: id, namespace, labels: { ...labelsOf(workload), ...more } }, spec });
  const podSelector = { matchLabels: selectorOf(workload) };
  const allowIn = (id: string, from: k8s.NetworkPolicyPeer[], ports: readonly number[], more?: { [name: string]: string }) => add(id, { podSelector, policyTypes: ['Ingress'], ingress: [{ from, ports: tcp(ports) }] }, more);
  const allowOut = (id: string, to: k8s.NetworkPolicyPeer[], ports: k8s.NetworkPolicyPort[]) => add(id, { podSelector, policyTypes: ['Egress'], egress: [{ to, ports }] });

  add('default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  if (looksUpNames(plan, workload) && !hasFilteredDns(plan, workload)) allowOut('to-dns', dnsPeers(plan), [port(53, 'UDP'), port(53, 'TCP')]);
  if (isServer(workload)) {
    allowIn('from-gateway', [callerOf(plan)], [arrivalPort(plan, workload.port)]);
  } else {
    addSources(allowIn, plan, workload);
    for (const server of plan.servers) allowOut(`to-${server.name}`, [calledBy(plan, server)], tcp([arrivalPort(plan, server.port)]));
    const { telemetry } = workload.props;
    if (telemetry) allowOut('to-telemetry', [peer(telemetry.namespace, telemetry.podLabels)], tcp([arrivalPort(plan, telemetryPort(telemetry))]));
  }
  if (plan.mesh._kind === 'ambient') allowIn('from-kubelet', KUBELET_IN_AMBIENT.map(block), [isServer(workload) ? PROBE_PORT : GATEWAY_PORT], isServer(workload) ? STAYS_WHEN_ISOLATED : {});
  if (plan.mesh._kind === 'sidecar') allowOut('to-istiod', [peer('istio-system', { app: 'istiod' })], tcp([15_012]));
  if (props.podIdentity) allowOut('to-pod-identity', POD_IDENTITY_AGENT.map(block), tcp([80]));
  (props.egress ?? []).forEach(({ cidrs = [], ports = [443] }, index) => {
    if (cidrs.length > 0) allowOut(`egress-${index + 1}`, cidrs.map(block), tcp(ports));
  });
}

/** A server that calls nobody gets no DNS: what it looks up could carry data out. The sidecar of a mesh finds its control plane by name. */
function looksUpNames({ mesh }: Plan, workload: PlannedWorkload): boolean {
  const { egress = [], podIdentity = false } = workload.props;
  return !isServer(workload) || egress.length > 0 || podIdentity || mesh._kind === 'sidecar';
}

function addSources(allowIn: (id: string, from: k8s.NetworkPolicyPeer[], ports: readonly number[]) => void, plan: Plan, { props }: PlannedGateway): void {
  const pods = props.sources.flatMap(({ namespace, podLabels }) => (namespace === undefined ? [] : [peer(namespace, podLabels)]));
  const addresses = props.sources.flatMap(({ cidr }) => (cidr === undefined ? [] : [block(cidr)]));
  if (pods.length > 0) allowIn('from-pods', pods, [plan.mesh._kind === 'ambient' ? HBONE_PORT : GATEWAY_PORT]);
  if (addresses.length > 0) allowIn('from-addresses', addresses, [GATEWAY_PORT]);
}

/** Who connects to servers: the gateway, or the waypoint that it goes through. */
function callerOf({ mesh, gateway }: Plan): k8s.NetworkPolicyPeer {
  return mesh._waypoint === undefined ? peer(gateway.namespace, selectorOf(gateway)) : peer(mesh._waypoint.namespace, waypointLabels(mesh._waypoint.name));
}

/** What the gateway connects to when it calls a server. */
function calledBy({ mesh }: Plan, server: PlannedServer): k8s.NetworkPolicyPeer {
  return mesh._waypoint === undefined ? peer(server.namespace, selectorOf(server)) : peer(mesh._waypoint.namespace, waypointLabels(mesh._waypoint.name));
}

function waypointLabels(name: string): { [name: string]: string } {
  return { 'gateway.networking.k8s.io/gateway-name': name };
}

/** In an ambient mesh every connection arrives on HBONE's port: what comes on the pod's own was not encrypted, and is dropped. */
function arrivalPort({ mesh }: Plan, own: number): number {
  return mesh._kind === 'ambient' ? HBONE_PORT : own;
}

function dnsPeers({ props }: Plan): k8s.NetworkPolicyPeer[] {
  return props.dnsCidrs?.map(block) ?? [peer('kube-system', { 'k8s-app': 'kube-dns' })];
}

function peer(namespace: string, podLabels?: { [name: string]: string }): k8s.NetworkPolicyPeer {
  return { namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: namespace } }, podSelector: podLabels && { matchLabels: podLabels } };
}

function block(cidr: string): k8s.NetworkPolicyPeer {
  return { ipBlock: { cidr } };
}

function tcp(ports: readonly number[]): k8s.NetworkPolicyPort[] {
  return ports.map((number) => port(number, 'TCP'));
}

function port(number: number, protocol: 'TCP' | 'UDP'): k8s.NetworkPolicyPort {
  return { protocol, port: k8s.IntOrString.fromNumber(number) };
}
