import { podsOf } from '../../cluster/pods';
import { violationsOf } from '../../cluster/pod-security';
import { referenceManifests } from '../../cluster/reference';
import { changed, POD_WEAKENINGS, type Change } from '../../cluster/weakenings';

const good = podsOf(referenceManifests('ambient')).find(({ metadata }) => metadata.namespace === 'mcp-files')!;
const checks = (changes: readonly Change[]) => {
  const { spec, metadata } = changed(good, changes);
  return [...new Set(violationsOf(spec, metadata.annotations).map(({ check }) => check))];
};
const CONTAINER = 'spec.containers.0.';

describe('Pod Security "restricted"', () => {
  it.each(['ambient', 'none'] as const)('CON-1 CON-2 CON-4 finds nothing wrong with the pods of the manifests (mesh: %s)', (mesh) => {
    const pods = podsOf(referenceManifests(mesh));
    expect(pods).toHaveLength(4);
    for (const { spec, metadata } of pods) expect(violationsOf(spec, metadata.annotations)).toEqual([]);
  });

  it.each(POD_WEAKENINGS.map((weakening) => [weakening.control, weakening.name, weakening] as const))('%s knows, or leaves to the admission policies: %s', (_control, _name, { changes, podSecurity }) => {
    expect(checks(changes).length > 0).toBe(podSecurity ?? false);
  });

  // A bad pod for each check, and the nearest one that is good.
  it.each<[string, readonly Change[], readonly Change[]]>([
    ['privileged', [[`${CONTAINER}securityContext.privileged`, true]], [[`${CONTAINER}securityContext.privileged`, false]]],
    ['hostNamespaces', [['spec.hostPID', true]], [['spec.hostPID', false]]],
    ['hostPathVolumes', [['spec.volumes.-', { name: 'x', hostPath: { path: '/tmp' } }]], [['spec.volumes.-', { name: 'x', emptyDir: {} }]]],
    ['restrictedVolumes', [['spec.volumes.-', { name: 'x', iscsi: {} }]], [['spec.volumes.-', { name: 'x', ephemeral: {} }]]],
    ['hostPorts', [[`${CONTAINER}ports`, [{ containerPort: 80, hostPort: 80 }]]], [[`${CONTAINER}ports`, [{ containerPort: 80, hostPort: 0 }]]]],
    ['hostProbesAndHostLifecycle', [[`${CONTAINER}livenessProbe`, { httpGet: { host: '169.254.169.254', port: 80 } }]], [[`${CONTAINER}livenessProbe`, { httpGet: { port: 80 } }]]],
    ['procMount', [[`${CONTAINER}securityContext.procMount`, 'Unmasked']], [[`${CONTAINER}securityContext.procMount`, 'Default']]],
    ['sysctls', [['spec.securityContext.sysctls', [{ name: 'kernel.sem', value: '1' }]]], [['spec.securityContext.sysctls', [{ name: 'net.ipv4.tcp_syncookies', value: '1' }]]]],
    ['appArmorProfile', [[`${CONTAINER}securityContext.appArmorProfile`, { type: 'Unconfined' }]], [[`${CONTAINER}securityContext.appArmorProfile`, { type: 'Localhost', localhostProfile: 'x' }]]],
    ['appArmorProfile', [['metadata.annotations', { 'container.apparmor.security.beta.kubernetes.io/server': 'unconfined' }]], [['metadata.annotations', { 'container.apparmor.security.beta.kubernetes.io/server': 'localhost/x' }]]],
    ['seLinuxOptions', [['spec.securityContext.seLinuxOptions', { type: 'spc_t' }]], [['spec.securityContext.seLinuxOptions', { type: 'container_t', level: 's0' }]]],
    ['seLinuxOptions', [[`${CONTAINER}securityContext.seLinuxOptions`, { user: 'system_u' }]], [[`${CONTAINER}securityContext.seLinuxOptions`, {}]]],
    ['windowsHostProcess', [['spec.securityContext.windowsOptions', { hostProcess: true }]], [['spec.securityContext.windowsOptions', { hostProcess: false }]]],
    ['allowPrivilegeEscalation', [[`${CONTAINER}securityContext.allowPrivilegeEscalation`, undefined]], [[`${CONTAINER}securityContext.allowPrivilegeEscalation`, false]]],
    ['capabilities', [[`${CONTAINER}securityContext.capabilities`, { drop: ['NET_RAW'] }]], [[`${CONTAINER}securityContext.capabilities`, { drop: ['ALL'], add: ['NET_BIND_SERVICE'] }]]],
    ['runAsNonRoot', [[`${CONTAINER}securityContext.runAsNonRoot`, false]], [[`${CONTAINER}securityContext.runAsNonRoot`, undefined]]],
    ['runAsUser', [['spec.securityContext.runAsUser', 0]], [['spec.securityContext.runAsUser', 1]]],
    ['seccompProfile', [[`${CONTAINER}securityContext.seccompProfile`, { type: 'Unconfined' }]], [[`${CONTAINER}securityContext.seccompProfile`, { type: 'Localhost', localhostProfile: 'x' }]]],
  ])('check %s: %j is refused, and %j is not', (check, bad, near) => {
    expect(checks(bad)).toContain(check);
    expect(checks(near)).toEqual([]);
  });

  it('looks at containers that start first, and at those that are added for debugging', () => {
    const container = { name: 'x', image: 'x' };
    for (const list of ['initContainers', 'ephemeralContainers']) expect(checks([[`spec.${list}`, [container]]])).toEqual(['allowPrivilegeEscalation', 'capabilities']);
  });
});
