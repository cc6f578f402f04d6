import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImageSignatures, MandatoryAccessControl, Sandbox, SeccompProfile, SecretStore } from '../../../lib/cluster/manifests';
import { GATEWAY, IMAGE, all, cluster, one, podOf, server, type Manifest } from './cluster';

const manifests = cluster();
const pods: [string, Manifest][] = [['the gateway', podOf(manifests, 'mcp-gateway')], ['a server', podOf(manifests, 'mcp-crm')]];

describe.each(pods)('the pod of %s', (_, pod) => {
  const { spec } = pod;

  it('CON-1 has a read-only root file system, and no volume of the node', () => {
    for (const container of spec.containers) expect(container.securityContext.readOnlyRootFilesystem).toBe(true);
    expect(spec.volumes ?? []).toEqual([]);
  });

  it('CON-2 has no capabilities, gains none, and is not root', () => {
    for (const { securityContext } of spec.containers) {
      expect(securityContext).toMatchObject({ capabilities: { drop: ['ALL'] }, allowPrivilegeEscalation: false, privileged: false, runAsNonRoot: true });
      expect(securityContext.capabilities.add).toBeUndefined();
    }
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, supplementalGroupsPolicy: 'Strict' });
    expect([spec.hostNetwork, spec.hostPID, spec.hostIPC, spec.shareProcessNamespace]).toEqual([false, false, false, false]);
  });

  it('CON-3 has limits of cpu, memory and storage, which are what it requests', () => {
    for (const { resources } of spec.containers) {
      expect(Object.keys(resources.limits).sort()).toEqual(['cpu', 'ephemeral-storage', 'memory']);
      expect(resources.requests).toEqual(resources.limits);
    }
  });

  it('CON-4 has the seccomp and AppArmor profiles of its runtime', () => {
    expect(spec.securityContext).toMatchObject({ seccompProfile: { type: 'RuntimeDefault' }, appArmorProfile: { type: 'RuntimeDefault' } });
  });

  it('MUL-5 has no token of the cluster, and is told of no other service', () => {
    expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
  });

  it('SC-1 has images by digest only', () => {
    for (const { image } of spec.containers) expect(image).toMatch(/@sha256:[0-9a-f]{64}$/);
  });

  it('TBL-1 is spread over nodes and zones', () => {
    expect(spec.topologySpreadConstraints.map(({ topologyKey, whenUnsatisfiable }: Manifest) => [topologyKey, whenUnsatisfiable])).toEqual([
      ['kubernetes.io/hostname', 'DoNotSchedule'],
      ['topology.kubernetes.io/zone', 'ScheduleAnyway'],
    ]);
  });
});

describe('a server', () => {
  it('MUL-1 is hardened as every other is, by the same function', () => {
    const [one, other] = ['mcp-crm', 'mcp-files'].map((namespace) => podOf(cluster({ servers: [server(), server({ name: 'files' })] }), namespace).spec);
    expect(one.securityContext).toEqual(other.securityContext);
    expect(one.containers.map(({ securityContext }: Manifest) => securityContext)).toEqual(other.containers.map(({ securityContext }: Manifest) => securityContext));
  });

  it.each(['registry.example.com/crm:1.2.3', 'registry.example.com/crm', 'registry.example.com/crm@sha256:abc', `crm@md5:${'a'.repeat(64)}`])('SC-1 with the image %s is refused', (image) => {
    expect(() => cluster({ servers: [server({ image })] })).toThrow(/^the image of the server "crm" is "[^"]*", expected one by digest/);
  });

  it('CON-2 that runs as root is refused', () => {
    expect(() => cluster({ servers: [server({ user: 0 })] })).toThrow('the user of the server "crm" is 0, expected a number other than root (0)');
  });

  it('CON-1 writes to declared folders only, CON-3 and only so much', () => {
    const { spec } = podOf(cluster({ servers: [server({ writablePaths: [{ path: '/tmp' }, { path: '/data/cache', sizeMiB: 200 }] })] }), 'mcp-crm');
    expect(spec.volumes).toEqual([{ name: 'writable-1', emptyDir: { sizeLimit: '64Mi' } }, { name: 'writable-2', emptyDir: { sizeLimit: '200Mi' } }]);
    expect(spec.containers[0].volumeMounts).toEqual([{ name: 'writable-1', mountPath: '/tmp' }, { name: 'writable-2', mountPath: '/data/cache' }]);
    expect(spec.containers[0].resources.limits['ephemeral-storage']).toBe('392Mi');
    expect(spec.containers[1].volumeMounts).toBeUndefined();
  });

  it.each(['/', 'tmp', '/proc/self', '/sys', '/dev/shm', '/run/secrets/mcp', '/tmp/../etc'])('CON-1 cannot write to %s', (path) => {
    expect(() => cluster({ servers: [server({ writablePaths: [{ path }] })] })).toThrow(/^a writable path of the server "crm" is/);
  });

  it('CON-0 TB-2 that executes code runs under gVisor, whose RuntimeClass is written once', () => {
    const sandboxed = cluster({ servers: [server({ executesCode: true }), server({ name: 'shell', executesCode: true }), server({ name: 'plain' })] });
    expect(podOf(sandboxed, 'mcp-crm').spec.runtimeClassName).toBe('gvisor');
    expect(podOf(sandboxed, 'mcp-plain').spec.runtimeClassName).toBeUndefined();
    expect(all(sandboxed, 'RuntimeClass')).toEqual([{ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'gvisor' }, handler: 'runsc' }]);
  });

  it('CON-0 runs in the sandbox that it is given', () => {
    const sandboxed = cluster({ servers: [server({ executesCode: true, sandbox: Sandbox.KATA }), server({ name: 'own', sandbox: Sandbox.ofRuntimeClass('nitro') })] });
    expect(podOf(sandboxed, 'mcp-crm').spec.runtimeClassName).toBe('kata');
    expect(podOf(sandboxed, 'mcp-own').spec.runtimeClassName).toBe('nitro');
    expect(all(sandboxed, 'RuntimeClass').map(({ metadata }) => metadata.name)).toEqual(['kata']);
  });

  it('CON-3 sends and receives only so much, where the network plugin enforces that', () => {
    const { annotations } = podOf(cluster({ servers: [server({ resources: { bandwidthMbit: 20 } })] }), 'mcp-crm').metadata;
    expect(annotations).toEqual({ 'kubernetes.io/ingress-bandwidth': '20M', 'kubernetes.io/egress-bandwidth': '20M' });
  });

  it('CON-4 has a seccomp profile of its own where it has one', () => {
    const { spec } = podOf(cluster({ servers: [server({ seccompProfile: SeccompProfile.localhost('profiles/crm.json') })] }), 'mcp-crm');
    expect(spec.securityContext.seccompProfile).toEqual({ type: 'Localhost', localhostProfile: 'profiles/crm.json' });
    expect(podOf(cluster({ servers: [server({ seccompProfile: SeccompProfile.MCP_SERVER })] }), 'mcp-crm').spec.securityContext.seccompProfile.localhostProfile).toBe('profiles/mcp-server.json');
    expect(() => SeccompProfile.localhost('../crm.json')).toThrow(/^the seccomp profile is at "..\/crm.json"/);
  });

  it('CON-4 the profile of the package allows what it lists, and lists nothing that leads to the kernel, to other processes or to other namespaces', () => {
    const { defaultAction, syscalls } = JSON.parse(readFileSync(join(__dirname, '..', '..', '..', 'seccomp', 'mcp-server.json'), 'utf8'));
    expect(defaultAction).toBe('SCMP_ACT_ERRNO');
    const whole = syscalls.filter(({ action, args }: Manifest) => action === 'SCMP_ACT_ALLOW' && args === undefined).flatMap(({ names }: Manifest) => names);
    const refused = 'unshare setns mount umount2 pivot_root chroot ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp keyctl add_key request_key bpf perf_event_open io_uring_setup userfaultfd memfd_create execveat open_by_handle_at name_to_handle_at init_module finit_module delete_module kexec_load reboot syslog setuid setgid setgroups chown fchownat mknod mknodat shmget msgget semget socket clone clone3 ioctl personality quotactl swapon acct';
    expect(whole.filter((name: string) => refused.split(' ').includes(name))).toEqual([]);
  });

  it('CON-4 on nodes with SELinux asks for no AppArmor, which they would refuse', () => {
    const { spec } = podOf(cluster({ accessControl: MandatoryAccessControl.SELINUX }), 'mcp-crm');
    expect(spec.securityContext.appArmorProfile).toBeUndefined();
  });

  it('TBL-1 is asked with an MCP request whether it answers, by a container of the gateway image and without a token', () => {
    const [own, probe] = podOf(cluster({ servers: [server({ port: 9000, path: '/v1/mcp' })] }), 'mcp-crm').spec.containers;
    expect(probe).toMatchObject({ name: 'probe', image: GATEWAY.image, args: ['--disable-proto=delete', 'probe.js'], readinessProbe: { httpGet: { path: '/readyz', port: 8081 } } });
    expect(probe.env).toEqual([{ name: 'MCP_PROBE_PORT', value: '8081' }, { name: 'MCP_PROBE_URL', value: 'http://127.0.0.1:9000/v1/mcp' }]);
    expect(own).toMatchObject({ name: 'server', livenessProbe: { httpGet: { path: '/livez', port: 8081 } }, startupProbe: { httpGet: { path: '/readyz', port: 8081 } } });
  });

  it.each([
    ['name', { name: 'Crm' }, 'the name of a server is "Crm"'],
    ['name', { name: 'gateway' }, 'a server cannot have the name "gateway": the gateway has it'],
    ['port', { port: 80 }, 'the port of the server "crm" is 80'],
    ['port', { port: 8081 }, 'the port of the server "crm" is 8081'],
    ['path', { path: 'mcp' }, 'the path of the server "crm" is "mcp"'],
    ['share of memory', { resources: { memoryMiB: 0.5 } }, 'the memoryMiB of the server "crm" is 0.5, expected a whole number above 0'],
    ['scaling', { scaling: { minReplicas: 0 } }, 'the minReplicas of the server "crm" is 0'],
    ['scaling', { scaling: { minReplicas: 4, maxReplicas: 3 } }, 'the maxReplicas of the server "crm" is 3'],
  ])('with a wrong %s is refused in one sentence', (_what, options, message) => {
    expect(() => cluster({ servers: [server(options)] })).toThrow(message);
  });

  it('has a name of its own', () => {
    expect(() => cluster({ servers: [server(), server()] })).toThrow('there are two servers with the name "crm"');
  });
});

describe('secrets', () => {
  const secrets = [{ name: 'token', reference: 'mcp/crm', pathVariable: 'TOKEN_FILE' }];

  it('MUL-3 come from AWS Secrets Manager as files, and nothing of them is in the cluster', () => {
    const manifests = cluster({ secretStore: SecretStore.awsSecretsManager(), servers: [server({ secrets, podIdentity: true })] });
    const { spec } = podOf(manifests, 'mcp-crm');
    expect(spec.volumes).toEqual([{ name: 'secrets', csi: { driver: 'secrets-store.csi.k8s.io', readOnly: true, volumeAttributes: { secretProviderClass: 'crm' } } }]);
    expect(spec.containers[0].volumeMounts).toEqual([{ name: 'secrets', mountPath: '/run/secrets/mcp', readOnly: true }]);
    expect(spec.containers[0].env).toEqual([{ name: 'TOKEN_FILE', value: '/run/secrets/mcp/token' }]);
    const { provider, parameters } = one(manifests, 'SecretProviderClass', 'mcp-crm').spec;
    expect([provider, parameters.usePodIdentity, JSON.parse(parameters.objects)]).toEqual(['aws', 'true', [{ objectName: 'mcp/crm', objectType: 'secretsmanager', objectAlias: 'token' }]]);
    expect(all(manifests, 'Secret')).toEqual([]);
  });

  it('MUL-3 come from External Secrets as files', () => {
    const manifests = cluster({ secretStore: SecretStore.externalSecrets('vault'), servers: [server({ secrets })] });
    expect(podOf(manifests, 'mcp-crm').spec.volumes).toEqual([{ name: 'secrets', secret: { secretName: 'crm', defaultMode: 0o440 } }]);
    expect(one(manifests, 'ExternalSecret', 'mcp-crm').spec).toMatchObject({ secretStoreRef: { kind: 'ClusterSecretStore', name: 'vault' }, data: [{ secretKey: 'token', remoteRef: { key: 'mcp/crm' } }] });
  });

  it('MUL-3 of one server are in no other pod, nor in the probe', () => {
    const manifests = cluster({ secretStore: SecretStore.externalSecrets('vault'), servers: [server({ secrets }), server({ name: 'other' })] });
    expect(podOf(manifests, 'mcp-other').spec.volumes).toBeUndefined();
    expect(podOf(manifests, 'mcp-crm').spec.containers[1].volumeMounts).toBeUndefined();
  });

  it.each(['API_KEY', 'DB_PASSWORD', 'GITHUB_TOKEN', 'clientSecret', 'AWS_SECRET_ACCESS_KEY'])('MUL-3 are no environment variables: %s is refused, and its value not repeated', (name) => {
    expect(() => cluster({ servers: [server({ environment: { [name]: 'hunter2' } })] })).toThrow(`the server "crm" has the environment variable ${name}, which is named like a secret: declare it under secrets`);
  });

  it('MUL-3 a variable may say where a secret is', () => {
    expect(() => cluster({ servers: [server({ environment: { TOKEN_FILE: '/x', DB_SECRET_ARN: 'arn', TOKEN_URL: 'https://x' } })] })).not.toThrow();
  });

  it('MUL-3 without a store, or without a role to read it with, are refused', () => {
    expect(() => cluster({ servers: [server({ secrets })] })).toThrow('the server "crm" has secrets, and there is no secretStore that they could come from');
    expect(() => cluster({ secretStore: SecretStore.awsSecretsManager(), servers: [server({ secrets })] })).toThrow('the server "crm" has secrets of AWS Secrets Manager and no role to read them with');
  });

  it('MUL-3 have names that are files', () => {
    const refused = (name: string) => () => cluster({ secretStore: SecretStore.externalSecrets('vault'), servers: [server({ secrets: [{ name, reference: 'x' }] })] });
    expect(refused('../etc/passwd')).toThrow('a secret of the server "crm" has the name "../etc/passwd"');
    expect(refused('..')).toThrow('a secret of the server "crm"');
  });
});

it('SC-1 images have to be signed where a key says by whom', () => {

  const manifests = cluster({ imageSignatures: ImageSignatures.keyless('https://token.actions.githubusercontent.com', 'https://github.com/example/mcp/.github/workflows/build.yml@refs/heads/main') });
  expect(one(manifests, 'ClusterImagePolicy').spec).toMatchObject({
    mode: 'enforce',
    images: [{ glob: `${GATEWAY.image.replace(/@.*/, '')}@*` }, { glob: `${IMAGE.replace(/@.*/, '')}@*` }],
    authorities: [{ keyless: { identities: [{ issuer: 'https://token.actions.githubusercontent.com' }] } }],
  });
  for (const { metadata } of all(manifests, 'Namespace')) expect(metadata.labels['policy.sigstore.dev/include']).toBe('true');
  expect(() => ImageSignatures.key('secret')).toThrow('the key of image signatures is not a public key');
});
