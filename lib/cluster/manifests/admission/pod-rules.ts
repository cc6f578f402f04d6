import { MandatoryAccessControl } from '../props';
import type { AdmissionRule, AdmissionVariable } from './rule';

/** What the rules for pods depend on. */
export interface PodRuleOptions {
  readonly accessControl: MandatoryAccessControl;
  readonly mesh: 'ambient' | 'sidecar' | 'none';
  /** Whether a volume may be a Secret: External Secrets writes such. */
  readonly secretVolumes: boolean;
}

/** Variables of `podRules`. */
export const POD_VARIABLES: readonly AdmissionVariable[] = [
  { name: 'containers', expression: 'object.spec.containers + object.spec.?initContainers.orValue([])' },
  { name: 'volumes', expression: 'object.spec.?volumes.orValue([])' },
  { name: 'seccomp', expression: "object.spec.?securityContext.?seccompProfile.?type.orValue('')" },
  { name: 'appArmor', expression: "object.spec.?securityContext.?appArmorProfile.?type.orValue('')" },
  { name: 'nonRoot', expression: 'object.spec.?securityContext.?runAsNonRoot.orValue(false)' },
  { name: 'labels', expression: 'object.metadata.?labels.orValue({})' },
  { name: 'annotations', expression: 'object.metadata.?annotations.orValue({})' },
];

/** Audiences of projected tokens that are not the cluster's API: Istio's authority, and AWS by Pod Identity or by web identity. */
const TOKEN_AUDIENCES = ['istio-ca', 'pods.eks.amazonaws.com', 'sts.amazonaws.com'];

/** Temporary folders that Istio's injector adds, without a size: what is in them counts as the pod's storage all the same. */
const SIDECAR_VOLUMES = ['workload-socket', 'credential-socket', 'workload-certs', 'istio-envoy', 'istio-data'];

/** What every pod in the namespaces of servers and gateway must be. */
export function podRules(options: PodRuleOptions): readonly AdmissionRule[] {
  return [...HARDENING, accessControlRule(options), volumeRule(options), ...meshRules(options)];
}

const HARDENING: readonly AdmissionRule[] = [
  {
    name: 'image-by-digest',
    controls: ['SC-1'],
    expression: "variables.containers.all(c, c.image.matches('^[^@]+@sha256:[0-9a-f]{64}$'))",
    message: 'every image is named by its digest, not by a tag that can be moved',
  },
  {
    name: 'read-only-root',
    controls: ['CON-1'],
    expression: 'variables.containers.all(c, c.?securityContext.?readOnlyRootFilesystem.orValue(false))',
    message: 'every container has a read-only root file system',
  },
  {
    name: 'no-capabilities',
    controls: ['CON-2'],
    expression: "variables.containers.all(c, 'ALL' in c.?securityContext.?capabilities.?drop.orValue([]) && c.?securityContext.?capabilities.?add.orValue([]).size() == 0)",
    message: 'every container drops all capabilities and adds none',
  },
  {
    name: 'no-escalation',
    controls: ['CON-2'],
    expression: 'variables.containers.all(c, !c.?securityContext.?allowPrivilegeEscalation.orValue(true) && !c.?securityContext.?privileged.orValue(false))',
    message: 'no container is privileged or may gain privileges',
  },
  {
    name: 'not-root',
    controls: ['CON-2'],
    expression:
      'variables.containers.all(c, c.?securityContext.?runAsNonRoot.orValue(variables.nonRoot) && c.?securityContext.?runAsUser.orValue(65532) != 0)' +
      ' && object.spec.?securityContext.?runAsUser.orValue(65532) != 0 && object.spec.?securityContext.?runAsGroup.orValue(65532) != 0',
    message: 'no container runs as root',
  },
  {
    name: 'resource-limits',
    controls: ['CON-3', 'MUL-4'],
    expression: "variables.containers.all(c, ['cpu', 'memory', 'ephemeral-storage'].all(r, r in c.?resources.?limits.orValue({}) && r in c.?resources.?requests.orValue({})))",
    message: 'every container has requests and limits of cpu, memory and ephemeral-storage',
  },
  {
    name: 'seccomp',
    controls: ['CON-4'],
    expression: "variables.containers.all(c, c.?securityContext.?seccompProfile.?type.orValue(variables.seccomp) in ['RuntimeDefault', 'Localhost'])",
    message: "every container has the runtime's seccomp profile or one of its own",
  },
  {
    name: 'no-host',
    controls: ['CON-2', 'MUL-2'],
    expression:
      '!object.spec.?hostNetwork.orValue(false) && !object.spec.?hostPID.orValue(false) && !object.spec.?hostIPC.orValue(false) && !object.spec.?shareProcessNamespace.orValue(false)' +
      " && variables.containers.all(c, c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0) && c.?securityContext.?procMount.orValue('Default') == 'Default')" +
      ' && object.spec.?securityContext.?sysctls.orValue([]).size() == 0',
    message: 'no pod has a part of its node: network, processes, ports or kernel parameters',
  },
  {
    name: 'no-api-token',
    controls: ['CON-2', 'MUL-5'],
    expression:
      '!object.spec.?automountServiceAccountToken.orValue(true) && variables.volumes.all(v, v.?projected.?sources.orValue([]).all(s, !has(s.serviceAccountToken)' +
      ` || s.serviceAccountToken.?audience.orValue('') in [${TOKEN_AUDIENCES.map((audience) => `'${audience}'`).join(', ')}]))`,
    message: "no pod has a token of the cluster's API",
  },
  {
    name: 'own-identity',
    controls: ['NET-2'],
    expression: "!(object.spec.?serviceAccountName.orValue('') in ['', 'default'])",
    message: 'every pod has a service account of its own, by which others know it',
  },
  {
    name: 'no-secret-in-environment',
    controls: ['MUL-3'],
    expression: 'variables.containers.all(c, c.?env.orValue([]).all(e, !has(e.valueFrom) || !has(e.valueFrom.secretKeyRef)) && c.?envFrom.orValue([]).all(e, !has(e.secretRef)))',
    message: 'secrets are files, not environment variables',
  },
  {
    name: 'no-debug-container',
    controls: ['CON-1'],
    expression: 'object.spec.?ephemeralContainers.orValue([]).size() == 0',
    message: 'no container is added to a running pod',
  },
];

function accessControlRule({ accessControl }: PodRuleOptions): AdmissionRule {
  if (accessControl === MandatoryAccessControl.APP_ARMOR) {
    return {
      name: 'apparmor',
      controls: ['CON-4'],
      expression: "variables.containers.all(c, c.?securityContext.?appArmorProfile.?type.orValue(variables.appArmor) in ['RuntimeDefault', 'Localhost'])",
      message: "every container has the runtime's AppArmor profile or one of its own",
    };
  }
  return {
    name: 'selinux',
    controls: ['CON-4'],
    expression: '!object.spec.?securityContext.?seLinuxOptions.hasValue() && variables.containers.all(c, !c.?securityContext.?seLinuxOptions.hasValue())',
    message: 'no pod asks for an SELinux label other than the one that the runtime gives it',
  };
}

/** Kinds of volumes that hold nothing of the node, and no more than they may. */
function volumeRule({ secretVolumes, mesh }: PodRuleOptions): AdmissionRule {
  const sized = mesh === 'sidecar' ? `(has(v.emptyDir.sizeLimit) || v.name in [${SIDECAR_VOLUMES.map((name) => `'${name}'`).join(', ')}])` : 'has(v.emptyDir.sizeLimit)';
  const kinds = ['has(v.configMap)', 'has(v.projected)', 'has(v.downwardAPI)', `(has(v.emptyDir) && ${sized})`, "(has(v.csi) && v.csi.driver == 'secrets-store.csi.k8s.io')", ...(secretVolumes ? ['has(v.secret)'] : [])];
  return {
    name: 'volumes',
    controls: ['CON-1', 'CON-3', 'MUL-3'],
    expression: `variables.volumes.all(v, ${kinds.join(' || ')})`,
    message: `volumes are settings, temporary folders with a size limit and secrets ${secretVolumes ? 'of a Secret or ' : ''}of the Secrets Store CSI driver`,
  };
}

/** Ways out of the mesh that a pod can choose for itself. */
function meshRules({ mesh }: PodRuleOptions): readonly AdmissionRule[] {
  if (mesh === 'none') return [];
  const stays =
    mesh === 'ambient'
      ? "variables.labels[?'istio.io/dataplane-mode'].orValue('ambient') == 'ambient'"
      : "variables.labels[?'sidecar.istio.io/inject'].orValue('true') == 'true' && variables.annotations[?'sidecar.istio.io/inject'].orValue('true') == 'true'";
  return [{
    name: 'in-mesh',
    controls: ['NET-2'],
    expression: `${stays} && variables.annotations.all(a, !a.startsWith('traffic.sidecar.istio.io/') && !a.startsWith('ambient.istio.io/bypass'))`,
    message: 'no pod leaves the mesh, or takes some of its ports out of it',
  }];
}
