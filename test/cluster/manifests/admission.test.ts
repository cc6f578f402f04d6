import { MandatoryAccessControl, SecretStore, ServiceMesh } from '../../../lib/cluster/manifests';
import { refusals } from './admission';
import { GATEWAY, IMAGE, all, clone, cluster, one, podOf, server, type Manifest } from './cluster';

const manifests = cluster({
  servers: [server({ writablePaths: [{ path: '/tmp' }], podIdentity: true, secrets: [{ name: 'token', reference: 'mcp/crm' }] }), server({ name: 'shell', executesCode: true })],
  secretStore: SecretStore.awsSecretsManager(),
});

/** A good pod, made worse. */
function pod(weaken: (pod: Manifest) => void, namespace = 'mcp-crm', from = manifests): Manifest {
  const made = podOf(from, namespace);
  weaken(made);
  return made;
}

const create = (object: Manifest, from = manifests, resource = 'pods') => refusals(from, { operation: 'CREATE', resource, object });
const first = ({ spec }: Manifest) => spec.containers[0];

describe('admission', () => {
  it.each([
    ['in an ambient mesh', {}],
    ['with sidecars', { mesh: ServiceMesh.istioSidecar({ proxyImage: IMAGE }) }],
    ['without a mesh', { mesh: ServiceMesh.none({ serverAuthority: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' }) }],
    ['on SELinux', { accessControl: MandatoryAccessControl.SELINUX }],
    ['with Secrets of External Secrets', { secretStore: SecretStore.externalSecrets('vault'), servers: [server({ secrets: [{ name: 'a', reference: 'b' }] })] }],
  ])('lets the pods of these manifests in, %s', (_, options) => {
    const given = cluster(options);
    for (const namespace of ['mcp-gateway', 'mcp-crm']) expect(create(podOf(given, namespace), given)).toEqual([]);
    for (const kind of ['Service', 'NetworkPolicy', 'Namespace']) {
      for (const object of all(given, kind)) expect(create(object, given, { Service: 'services', NetworkPolicy: 'networkpolicies', Namespace: 'namespaces' }[kind])).toEqual([]);
    }
  });

  it('lets in what runs elsewhere', () => {
    expect(create(pod((it) => (it.metadata.namespace = 'other', it.spec = { containers: [{ name: 'x', image: 'x' }] })))).toEqual([]);
  });

  it.each<[string, string, (pod: Manifest) => void]>([
    ['SC-1', 'an image by tag', (it) => (first(it).image = 'registry.example.com/crm:1.2')],
    ['SC-1', 'an image by half a digest', (it) => (first(it).image = 'registry.example.com/crm@sha256:abc')],
    ['SC-1', 'an init container by tag', (it) => (it.spec.initContainers = [{ ...first(it), image: 'busybox:latest' }])],
    ['CON-1', 'a writable root', (it) => (first(it).securityContext.readOnlyRootFilesystem = false)],
    ['CON-1', 'a root of which nothing is said', (it) => delete first(it).securityContext.readOnlyRootFilesystem],
    ['CON-1', 'a folder of its node', (it) => it.spec.volumes.push({ name: 'host', hostPath: { path: '/' } })],
    ['CON-1', 'a volume that stays', (it) => it.spec.volumes.push({ name: 'data', persistentVolumeClaim: { claimName: 'x' } })],
    ['CON-2', 'a capability', (it) => (first(it).securityContext.capabilities.add = ['NET_ADMIN'])],
    ['CON-2', 'capabilities that are not dropped', (it) => (first(it).securityContext.capabilities.drop = ['NET_RAW'])],
    ['CON-2', 'no security context', (it) => delete first(it).securityContext],
    ['CON-2', 'privileges to gain', (it) => (first(it).securityContext.allowPrivilegeEscalation = true)],
    ['CON-2', 'privileges', (it) => (first(it).securityContext.privileged = true)],
    ['CON-2', 'root', (it) => (first(it).securityContext.runAsUser = 0)],
    ['CON-2', 'root for all', (it) => (it.spec.securityContext.runAsUser = 0)],
    ['CON-2', "root's group", (it) => (it.spec.securityContext.runAsGroup = 0)],
    ['CON-2', 'perhaps root', (it) => (first(it).securityContext.runAsNonRoot = false)],
    ['CON-2', 'the network of its node', (it) => (it.spec.hostNetwork = true)],
    ['CON-2', 'the processes of its node', (it) => (it.spec.hostPID = true)],
    ['CON-2', 'a port of its node', (it) => (first(it).ports = [{ containerPort: 8080, hostPort: 80 }])],
    ['CON-2', 'processes that see each other', (it) => (it.spec.shareProcessNamespace = true)],
    ['CON-2', 'kernel parameters', (it) => (it.spec.securityContext.sysctls = [{ name: 'net.ipv4.ip_forward', value: '1' }])],
    ['CON-2', 'the whole of /proc', (it) => (first(it).securityContext.procMount = 'Unmasked')],
    ['CON-3', 'no limits', (it) => delete first(it).resources.limits],
    ['CON-3', 'no limit of storage', (it) => delete first(it).resources.limits['ephemeral-storage']],
    ['CON-3', 'a temporary folder without a limit', (it) => (it.spec.volumes[0].emptyDir = {})],
    ['CON-4', 'no seccomp profile', (it) => delete it.spec.securityContext.seccompProfile],
    ['CON-4', 'a container that turns seccomp off', (it) => (first(it).securityContext.seccompProfile = { type: 'Unconfined' })],
    ['CON-4', 'no AppArmor profile', (it) => delete it.spec.securityContext.appArmorProfile],
    ['CON-4', 'a container that turns AppArmor off', (it) => (first(it).securityContext.appArmorProfile = { type: 'Unconfined' })],
    ['CON-2', 'a token of the cluster', (it) => (it.spec.automountServiceAccountToken = true)],
    ['CON-2', 'a token of which nothing is said', (it) => delete it.spec.automountServiceAccountToken],
    ['CON-2', 'a token of the cluster by hand', (it) => it.spec.volumes.push({ name: 't', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } })],
    ['CON-2', "a token of the cluster by its audience's name", (it) => it.spec.volumes.push({ name: 't', projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'https://kubernetes.default.svc' } }] } })],
    ['NET-2', 'no identity of its own', (it) => (it.spec.serviceAccountName = 'default')],
    ['NET-2', 'no wish to be in the mesh', (it) => (it.metadata.labels['istio.io/dataplane-mode'] = 'none')],
    ['MUL-3', 'a secret in its environment', (it) => (first(it).env = [{ name: 'X', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }])],
    ['MUL-3', 'secrets in its environment', (it) => (first(it).envFrom = [{ secretRef: { name: 's' } }])],
    ['MUL-3', 'a Secret as a volume, where secrets do not come so', (it) => it.spec.volumes.push({ name: 's', secret: { secretName: 's' } })],
    ['CON-1', 'a container for debugging', (it) => (it.spec.ephemeralContainers = [{ ...first(it), name: 'debug' }])],
  ])('%s refuses a pod with %s, and says why', (control, _what, weaken) => {
    const said = create(pod(weaken));
    expect(said.length).toBeGreaterThan(0);
    for (const message of said) expect(message).not.toContain('(');
    expect(said.join()).toContain(control);
  });

  it.each<[string, (pod: Manifest) => void]>([
    ['the role of EKS Pod Identity', (it) => it.spec.volumes.push({ name: 'eks-pod-identity-token', projected: { sources: [{ serviceAccountToken: { audience: 'pods.eks.amazonaws.com', path: 'eks-pod-identity-token' } }] } })],
    ['a profile of its own', (it) => (it.spec.securityContext.seccompProfile = { type: 'Localhost', localhostProfile: 'x.json' })],
    ['no volumes', (it) => delete it.spec.volumes],
  ])('lets in a pod with %s', (_what, change) => {
    expect(create(pod(change))).toEqual([]);
  });

  it('CON-0 refuses pods of a server that executes code outside of its sandbox, and only those', () => {
    expect(create(podOf(manifests, 'mcp-shell'))).toEqual([]);
    expect(create(pod((it) => delete it.spec.runtimeClassName, 'mcp-shell'))).toEqual(['CON-0: pods that execute code run in the RuntimeClass gvisor']);
    expect(create(pod((it) => (it.spec.runtimeClassName = 'kata'), 'mcp-shell'))).toHaveLength(1);
    expect(create(podOf(manifests, 'mcp-crm'))).toEqual([]);
  });

  it('CON-1 refuses a debugging container in a pod that runs', () => {
    const object = pod((it) => (it.spec.ephemeralContainers = [{ name: 'debug', image: IMAGE }]));
    expect(refusals(manifests, { operation: 'UPDATE', resource: 'pods/ephemeralcontainers', object })).toEqual(['CON-1: no container is added to a running pod']);
  });

  it('NET-2 with sidecars refuses to go without one, or past it', () => {
    const sidecars = cluster({ mesh: ServiceMesh.istioSidecar({ proxyImage: IMAGE }) });
    for (const weaken of [
      (it: Manifest) => (it.metadata.labels['sidecar.istio.io/inject'] = 'false'),
      (it: Manifest) => (it.metadata.annotations['sidecar.istio.io/inject'] = 'false'),
      (it: Manifest) => (it.metadata.annotations['traffic.sidecar.istio.io/excludeOutboundIPRanges'] = '0.0.0.0/0'),
    ]) expect(create(pod(weaken, 'mcp-crm', sidecars), sidecars)).toEqual(['NET-2: no pod leaves the mesh, or takes some of its ports out of it']);
  });

  it('NET-2 lets in what the injector of sidecars adds', () => {
    const sidecars = cluster({ mesh: ServiceMesh.istioSidecar({ proxyImage: IMAGE }) });
    const injected = pod((it) => {
      const proxy = {
        image: IMAGE,
        resources: { limits: { cpu: '100m', memory: '128Mi', 'ephemeral-storage': '64Mi' }, requests: { cpu: '100m', memory: '128Mi', 'ephemeral-storage': '64Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, privileged: false, readOnlyRootFilesystem: true, runAsGroup: 1337, runAsNonRoot: true, runAsUser: 1337 },
      };
      it.spec.initContainers = [{ ...proxy, name: 'istio-validation' }, { ...proxy, name: 'istio-proxy', restartPolicy: 'Always', env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }];
      it.spec.volumes = [
        { name: 'workload-socket', emptyDir: {} },
        { name: 'istio-envoy', emptyDir: { medium: 'Memory' } },
        { name: 'istio-data', emptyDir: {} },
        { name: 'istio-podinfo', downwardAPI: { items: [] } },
        { name: 'istio-token', projected: { sources: [{ serviceAccountToken: { audience: 'istio-ca', expirationSeconds: 43200, path: 'istio-token' } }] } },
        { name: 'istiod-ca-cert', configMap: { name: 'istio-ca-root-cert' } },
      ];
    }, 'mcp-crm', sidecars);
    expect(create(injected, sidecars)).toEqual([]);
    expect(create(injected)).not.toEqual([]);
  });

  it('CON-4 on SELinux refuses a label of its own choice', () => {
    const selinux = cluster({ accessControl: MandatoryAccessControl.SELINUX });
    expect(create(pod((it) => (it.spec.securityContext.seLinuxOptions = { type: 'spc_t' }), 'mcp-crm', selinux), selinux)).toHaveLength(1);
    expect(create(pod((it) => (first(it).securityContext.seLinuxOptions = { type: 'spc_t' }), 'mcp-crm', selinux), selinux)).toHaveLength(1);
  });

  it.each([
    ['a load balancer', { type: 'LoadBalancer' }],
    ['a port of nodes', { type: 'NodePort' }],
    ['a name elsewhere', { type: 'ExternalName', externalName: 'evil.example.com' }],
    ['an external address', { externalIPs: ['203.0.113.1'] }],
  ])('MUL-5 refuses a service with %s', (_what, spec) => {
    const service = clone(one(manifests, 'Service', 'mcp-crm'));
    expect(create({ ...service, spec: { ...service.spec, ...spec } }, manifests, 'services')).toEqual([expect.stringMatching(/^MUL-5, NET-1: /)]);
  });

  describe('of a gateway that a load balancer reaches through the nodes', () => {
    const entered = cluster({ gateway: { ...GATEWAY, nodePort: 30_443 } });
    const entrance = () => clone(all(entered, 'Service').find(({ metadata }) => metadata.name === 'entrance')!);
    const other = (change: (service: Manifest) => void) => {
      const service = entrance();
      change(service);
      return create(service, entered, 'services');
    };

    it('lets in that one service', () => {
      expect(entrance().spec).toMatchObject({ type: 'NodePort', externalTrafficPolicy: 'Local', ports: [{ nodePort: 30_443, targetPort: 8443 }] });
      expect(create(entrance(), entered, 'services')).toEqual([]);
      expect(one(entered, 'ResourceQuota', 'mcp-gateway').spec.hard['services.nodeports']).toBe(1);
    });

    it.each<[string, (service: Manifest) => void]>([
      ['of another name', (it) => (it.metadata.name = 'backdoor')],
      ['of a server', (it) => (it.metadata.namespace = 'mcp-crm')],
      ['on another port', (it) => (it.spec.ports[0].nodePort = 30_444)],
      ['with a port more', (it) => it.spec.ports.push({ port: 22, nodePort: 30_022 })],
      ['that is a load balancer', (it) => (it.spec.type = 'LoadBalancer')],
      ['with an external address', (it) => (it.spec.externalIPs = ['203.0.113.1'])],
    ])('MUL-5 refuses one %s', (_what, change) => {
      expect(other(change)).toEqual([expect.stringMatching(/^MUL-5, NET-1: /)]);
    });
  });

  it.each<[string, Manifest]>([
    ['from everywhere', { ingress: [{}] }],
    ['to everywhere', { egress: [{}] }],
    ['to every address', { egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 443 }] }] }],
    ['to half of all addresses', { egress: [{ to: [{ ipBlock: { cidr: '128.0.0.0/1' } }], ports: [{ port: 443 }] }] }],
    ['to every address of IPv6', { egress: [{ to: [{ ipBlock: { cidr: '::/0' } }], ports: [{ port: 443 }] }] }],
    ['from every namespace', { ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8080 }] }] }],
    ['on every port', { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/24' } }] }] }],
  ])('NET-1 refuses a NetworkPolicy that opens %s', (_what, rules) => {
    const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'x', namespace: 'mcp-crm' }, spec: { podSelector: {}, ...rules } };
    expect(create(policy, manifests, 'networkpolicies').length).toBeGreaterThan(0);
  });

  it('SOC-2 keeps the labels of namespaces', () => {
    const update = (name: string, change: (labels: Record<string, string>) => void) => {
      const object = clone(one(manifests, 'Namespace', undefined, name));
      change(object.metadata.labels);
      return refusals(manifests, { operation: 'UPDATE', resource: 'namespaces', object });
    };
    expect(update('mcp-crm', () => undefined)).toEqual([]);
    expect(update('mcp-crm', (labels) => (labels['pod-security.kubernetes.io/enforce'] = 'baseline'))).toHaveLength(1);
    expect(update('mcp-crm', (labels) => delete labels['istio.io/dataplane-mode'])).toHaveLength(1);
    expect(update('mcp-gateway', (labels) => (labels['pod-security.kubernetes.io/enforce-version'] = 'v1.20'))).toHaveLength(1);
  });

  it('is bound to namespaces by the label that nobody can take off', () => {
    for (const { spec } of all(manifests, 'ValidatingAdmissionPolicyBinding')) {
      for (const { key } of spec.matchResources?.namespaceSelector.matchExpressions ?? []) expect(key).toBe('kubernetes.io/metadata.name');
      expect(spec.validationActions).toEqual(['Deny', 'Audit']);
    }
  });

  it('has a gateway of its own to look after too', () => {
    expect(create(pod((it) => (first(it).image = `${GATEWAY.image}`.replace(/@.*/, ':latest')), 'mcp-gateway'))).toHaveLength(1);
  });
});
