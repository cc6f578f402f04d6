/**
 * The level "restricted" of the Pod Security Standards, check by check (https://kubernetes.io/docs/concepts/security/pod-security-standards/), for
 * pods of Linux. Where a version of Kubernetes lets a check go for pods with a user namespace of their own, it is kept.
 *
 * Control: CON-1, CON-2, CON-4.
 */
export interface Violation {
  /** The name that the admission plugin gives the check. */
  readonly check: string;
  readonly where: string;
}

export interface PodSpec {
  readonly securityContext?: SecurityContext;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
}

interface Container {
  readonly name?: string;
  readonly securityContext?: SecurityContext;
  readonly ports?: readonly { readonly hostPort?: number }[];
  readonly [handler: string]: unknown;
}

interface SecurityContext {
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly procMount?: string;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly seccompProfile?: { readonly type?: string };
  readonly appArmorProfile?: { readonly type?: string };
  readonly seLinuxOptions?: { readonly type?: string; readonly user?: string; readonly role?: string };
  readonly windowsOptions?: { readonly hostProcess?: boolean };
  readonly sysctls?: readonly { readonly name: string }[];
}

const VOLUMES = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'];
const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];
const SYSCTLS = ['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_unprivileged_port_start', 'net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_local_reserved_ports', 'net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];
const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

/** What the standard finds wrong with a pod; nothing where it is admitted. */
export function violationsOf(spec: PodSpec, annotations: Readonly<Record<string, string>> = {}): readonly Violation[] {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  return [...podViolations(spec, annotations), ...containers.flatMap((container) => containerViolations(container, spec.securityContext ?? {}))];
}

function podViolations({ hostNetwork, hostPID, hostIPC, volumes = [], securityContext = {} }: PodSpec, annotations: Readonly<Record<string, string>>): readonly Violation[] {
  const where = 'pod';
  const kinds = (volume: Readonly<Record<string, unknown>>) => Object.keys(volume).filter((key) => key !== 'name');
  return [
    ...found('hostNamespaces', where, hostNetwork === true || hostPID === true || hostIPC === true),
    ...found('hostPathVolumes', where, volumes.some((volume) => kinds(volume).includes('hostPath'))),
    ...found('restrictedVolumes', where, volumes.some((volume) => !kinds(volume).every((kind) => VOLUMES.includes(kind)))),
    ...found('sysctls', where, (securityContext.sysctls ?? []).some(({ name }) => !SYSCTLS.includes(name))),
    ...found('runAsUser', where, securityContext.runAsUser === 0),
    ...found('appArmorProfile', where, Object.entries(annotations).some(([key, value]) => key.startsWith(APPARMOR_ANNOTATION) && value !== '' && value !== 'runtime/default' && !value.startsWith('localhost/'))),
    ...shared(where, securityContext),
  ];
}

function containerViolations(container: Container, pod: SecurityContext): readonly Violation[] {
  const { name = '?', securityContext = {}, ports = [] } = container;
  const where = `container ${name}`;
  const { add = [], drop = [] } = securityContext.capabilities ?? {};
  const seccomp = securityContext.seccompProfile?.type ?? pod.seccompProfile?.type;
  return [
    ...found('privileged', where, securityContext.privileged === true),
    ...found('hostPorts', where, ports.some(({ hostPort = 0 }) => hostPort !== 0)),
    ...found('hostProbesAndHostLifecycle', where, hostsOf(container).some((host) => host !== '')),
    ...found('procMount', where, (securityContext.procMount ?? 'Default') !== 'Default'),
    ...found('allowPrivilegeEscalation', where, securityContext.allowPrivilegeEscalation !== false),
    ...found('capabilities', where, !drop.includes('ALL') || add.some((capability) => capability !== 'NET_BIND_SERVICE')),
    ...found('runAsNonRoot', where, (securityContext.runAsNonRoot ?? pod.runAsNonRoot) !== true),
    ...found('runAsUser', where, securityContext.runAsUser === 0),
    ...found('seccompProfile', where, seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost'),
    ...shared(where, securityContext),
  ];
}

/** What pod and container can both say. */
function shared(where: string, { appArmorProfile, seLinuxOptions, windowsOptions, seccompProfile }: SecurityContext): readonly Violation[] {
  return [
    ...found('appArmorProfile', where, appArmorProfile?.type === 'Unconfined'),
    ...found('seLinuxOptions', where, seLinuxOptions !== undefined && (!SELINUX_TYPES.includes(seLinuxOptions.type ?? '') || (seLinuxOptions.user ?? '') !== '' || (seLinuxOptions.role ?? '') !== '')),
    ...found('windowsHostProcess', where, windowsOptions?.hostProcess === true),
    ...(where === 'pod' ? found('seccompProfile', where, seccompProfile?.type === 'Unconfined') : []),
  ];
}

/** Hosts that probes and hooks of the kubelet are sent to in place of the pod. */
function hostsOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): readonly string[] {
  const hooks = lifecycle as { readonly postStart?: unknown; readonly preStop?: unknown } | undefined;
  return [livenessProbe, readinessProbe, startupProbe, hooks?.postStart, hooks?.preStop].flatMap((handler) => {
    const { httpGet, tcpSocket } = (handler ?? {}) as { readonly httpGet?: { readonly host?: string }; readonly tcpSocket?: { readonly host?: string } };
    return [httpGet?.host ?? '', tcpSocket?.host ?? ''];
  });
}

function found(check: string, where: string, violated: boolean): readonly Violation[] {
  return violated ? [{ check, where }] : [];
}
