import { k8s } from 'cdk8s-plus-33';
import { NAME_LABEL, PROBE_PORT, PROBE_RESOURCES, ROLE_LABEL, isServer, type Plan, type PlannedServer, type PlannedWorkload } from './plan';
import { MandatoryAccessControl } from './props';
import type { ContainerResources } from './workload-props';

/** Where secrets are in a pod. */
export const SECRETS_FOLDER = '/run/secrets/mcp';
export const SECRETS_VOLUME = 'secrets';

/** Labels of everything of a workload. */
export function labelsOf(workload: PlannedWorkload): { [name: string]: string } {
  return {
    [NAME_LABEL]: workload.name,
    'app.kubernetes.io/part-of': 'mcp-zero-trust',
    'app.kubernetes.io/managed-by': 'mcp-zero-trust',
    [ROLE_LABEL]: isServer(workload) ? 'server' : 'gateway',
  };
}

/** Labels that select a workload's pods; a Deployment's cannot be changed later. */
export function selectorOf(workload: PlannedWorkload): { [name: string]: string } {
  return { [NAME_LABEL]: workload.name, [ROLE_LABEL]: isServer(workload) ? 'server' : 'gateway' };
}

/**
 * What every pod has: not root, no capability, read-only root file system, the runtime's seccomp and AppArmor profiles, no token of the cluster's
 * API, no name of another service in its environment.
 *
 * Control: CON-1, CON-2, CON-3, CON-4.
 */
export function hardenedPod(plan: Plan, workload: PlannedWorkload, containers: k8s.Container[], volumes: k8s.Volume[]): k8s.PodSpec {
  const { seccompProfile } = workload.props;
  const spread = (topologyKey: string, whenUnsatisfiable: string): k8s.TopologySpreadConstraint => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable,
    labelSelector: { matchLabels: selectorOf(workload) },
    matchLabelKeys: ['pod-template-hash'],
  });
  return {
    serviceAccountName: workload.name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // Names here are complete: none is looked up below each search domain first.
    dnsConfig: { options: [{ name: 'ndots', value: '1' }] },
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    shareProcessNamespace: false,
    runtimeClassName: isServer(workload) ? workload.sandbox?.runtimeClassName : undefined,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: workload.user,
      runAsGroup: workload.user,
      fsGroup: workload.user,
      supplementalGroupsPolicy: 'Strict',
      seccompProfile: seccompProfile?._path === undefined ? { type: 'RuntimeDefault' } : { type: 'Localhost', localhostProfile: seccompProfile._path },
      appArmorProfile: plan.accessControl === MandatoryAccessControl.APP_ARMOR ? { type: 'RuntimeDefault' } : undefined,
    },
    topologySpreadConstraints: [spread('kubernetes.io/hostname', 'DoNotSchedule'), spread('topology.kubernetes.io/zone', 'ScheduleAnyway')],
    containers,
    volumes: volumes.length > 0 ? volumes : undefined,
  };
}

/** What a container may do, said again at the container: there it holds whatever the pod says. */
export const HARDENED_CONTAINER: k8s.SecurityContext = {
  allowPrivilegeEscalation: false,
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
};

/** Requests and limits, which are the same. */
export function requirementsOf(resources: Required<ContainerResources>): k8s.ResourceRequirements {
  const quantities = quantitiesOf(resources);
  return { requests: quantities, limits: quantities };
}

/** Resources by the names that Kubernetes has for them. */
export function quantitiesOf({ cpuMillis, memoryMiB, storageMiB }: Required<ContainerResources>): { [name: string]: k8s.Quantity } {
  return { cpu: k8s.Quantity.fromString(`${cpuMillis}m`), memory: k8s.Quantity.fromString(`${memoryMiB}Mi`), 'ephemeral-storage': k8s.Quantity.fromString(`${storageMiB}Mi`) };
}

/**
 * A container of the gateway's image that sends the server an MCP request and says whether it was answered: a kubelet can only send GET. It asks over
 * the pod's own loopback, without a token, and its port is open to the kubelet alone.
 */
export function probeContainer(plan: Plan, server: PlannedServer): k8s.Container {
  const scheme = plan.mesh._kind === 'none' ? 'https' : 'http';
  return {
    name: 'probe',
    image: plan.gateway.props.image,
    args: ['--disable-proto=delete', 'probe.js'],
    env: [
      { name: 'MCP_PROBE_PORT', value: `${PROBE_PORT}` },
      { name: 'MCP_PROBE_URL', value: `${scheme}://127.0.0.1:${server.port}${server.path}` },
    ],
    ports: [{ name: 'probe', containerPort: PROBE_PORT }],
    readinessProbe: probe('/readyz', PROBE_PORT, { periodSeconds: 10, failureThreshold: 2 }),
    resources: requirementsOf(PROBE_RESOURCES),
    securityContext: HARDENED_CONTAINER,
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
}

/** A question of the kubelet. */
export function probe(path: string, port: number, timing: { readonly periodSeconds: number; readonly failureThreshold: number }, scheme?: string): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromNumber(port), scheme }, timeoutSeconds: 5, ...timing };
}
