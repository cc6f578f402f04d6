import { SecretStore, ServiceMesh, gatewayNamespace, renderManifests, serverNamespace } from '../../../lib/cluster/manifests';
import { readContainerSettings } from '../../../lambda/container/settings';
import { GATEWAY, IMAGE, all, cluster, one, podOf, server, type Manifest } from './cluster';

describe('a namespace', () => {
  const manifests = cluster({ servers: [server(), server({ name: 'files' })] });

  it('MUL-2 is made for each server and for the gateway, and holds everything of it', () => {
    expect(all(manifests, 'Namespace').map(({ metadata }) => metadata.name)).toEqual(['mcp-crm', 'mcp-files', 'mcp-gateway']);
    for (const kind of ['Deployment', 'Service', 'ServiceAccount', 'ResourceQuota', 'LimitRange', 'HorizontalPodAutoscaler', 'PodDisruptionBudget']) {
      expect(all(manifests, kind).map(({ metadata }) => metadata.namespace)).toEqual(['mcp-crm', 'mcp-files', 'mcp-gateway']);
    }
  });

  it('CON-2 enforces the strictest of the Pod Security Standards', () => {
    for (const { metadata } of all(manifests, 'Namespace')) {
      expect(metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/enforce-version': 'latest' });
    }
  });

  it('MUL-4 CON-3 may use what its most pods and one more use, and no volumes, load balancers or ports of nodes', () => {
    // 6 pods and one more, each of a server and its probe: 250m + 20m, 256Mi + 96Mi, 128Mi + 16Mi.
    expect(one(manifests, 'ResourceQuota', 'mcp-crm').spec.hard).toEqual({
      'requests.cpu': '1890m', 'limits.cpu': '1890m',
      'requests.memory': '2464Mi', 'limits.memory': '2464Mi',
      'requests.ephemeral-storage': '1008Mi', 'limits.ephemeral-storage': '1008Mi',
      pods: 7, persistentvolumeclaims: 0, 'services.loadbalancers': 0, 'services.nodeports': 0,
    });
  });

  it('CON-3 lets no container be larger than the server, and gives limits to one without', () => {
    expect(one(manifests, 'LimitRange', 'mcp-crm').spec.limits).toEqual([expect.objectContaining({ type: 'Container', max: { cpu: '250m', memory: '256Mi', 'ephemeral-storage': '128Mi' }, default: { cpu: '20m', memory: '96Mi', 'ephemeral-storage': '16Mi' } })]);
  });

  it('MUL-4 has room for sidecars where there are some', () => {
    const withSidecars = cluster({ mesh: ServiceMesh.istioSidecar({ proxyImage: IMAGE }) });
    expect(one(withSidecars, 'ResourceQuota', 'mcp-crm').spec.hard['limits.cpu']).toBe(`${7 * (250 + 20 + 100)}m`);
  });

  it('MUL-7 has a prefix, so that two sets of manifests share nothing', () => {
    const test = cluster({ namespacePrefix: 'test-' });
    const live = cluster();
    const places = (manifests: Manifest[]) => manifests.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    expect(places(test).filter((place) => places(live).includes(place))).toEqual([]);
    expect([gatewayNamespace('test-'), serverNamespace('crm', 'test-'), serverNamespace('crm')]).toEqual(['test-gateway', 'test-crm', 'mcp-crm']);
    expect(() => cluster({ namespacePrefix: 'Test_' })).toThrow('the prefix of namespaces is "Test_"');
  });
});

describe('TBL-1 pods', () => {
  const manifests = cluster({ servers: [server({ scaling: { minReplicas: 3, maxReplicas: 9, cpuUtilization: 50 } })] });

  it('are as many as the load asks for, counted by the server and not by what stands beside it', () => {
    expect(one(manifests, 'HorizontalPodAutoscaler', 'mcp-crm').spec).toMatchObject({
      minReplicas: 3, maxReplicas: 9,
      metrics: [{ type: 'ContainerResource', containerResource: { name: 'cpu', container: 'server', target: { averageUtilization: 50 } } }],
    });
    expect(one(manifests, 'Deployment', 'mcp-crm').spec.replicas).toBeUndefined();
  });

  it('are replaced and taken away one by one', () => {
    expect(one(manifests, 'Deployment', 'mcp-crm').spec.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
    expect(one(manifests, 'PodDisruptionBudget', 'mcp-crm').spec).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
  });

  it('are what their Service and Deployment select', () => {
    for (const namespace of ['mcp-crm', 'mcp-gateway']) {
      const { labels } = podOf(manifests, namespace).metadata;
      for (const selector of [one(manifests, 'Service', namespace).spec.selector, one(manifests, 'Deployment', namespace).spec.selector.matchLabels, one(manifests, 'PodDisruptionBudget', namespace).spec.selector.matchLabels]) {
        expect(labels).toMatchObject(selector);
      }
    }
  });
});

describe('the gateway', () => {
  const manifests = cluster({ servers: [server({ gatewaySettings: { normalize: false } })] });
  const { data } = one(manifests, 'ConfigMap', 'mcp-gateway');

  it('is told what its container reads, and nothing secret', () => {
    const settings = readContainerSettings(data);
    expect(settings).toMatchObject({ port: 8443, transport: 'tls', proxies: 1, gateway: { publicUrl: 'https://mcp.example.com', policyStoreId: 'PS1', decisionMode: 'in-process', maxBodyBytes: 65536 } });
    expect(settings.gateway.servers).toEqual([{ name: 'crm', url: 'http://crm.mcp-crm.svc.cluster.local:8080/mcp', unsafeAllowPlainHttp: true, normalize: false }]);
  });

  it('has time to end: longer than it serves on and drains', () => {
    const { spec } = podOf(manifests, 'mcp-gateway');
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(data.MCP_LEAVE_SECONDS) + Number(data.MCP_DRAIN_SECONDS));
  });

  it('TBL-1 is asked by its own health endpoints, over its own TLS', () => {
    const [container] = podOf(manifests, 'mcp-gateway').spec.containers;
    expect(container.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 8443, scheme: 'HTTPS' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 8443, scheme: 'HTTPS' });
  });

  it('is rolled when its settings change', () => {
    const settingsOf = (list: Manifest[]) => one(list, 'Deployment', 'mcp-gateway').spec.template.metadata.annotations['mcp-zero-trust/settings'];
    expect(settingsOf(cluster())).toBe(settingsOf(cluster()));
    expect(settingsOf(cluster({ servers: [server({ path: '/other' })] }))).not.toBe(settingsOf(cluster()));
  });

  it.each(['MCP_ISSUERS', 'MCP_POLICY_STORE_ID', 'MCP_KEY_SECRET_ARN'])('without %s is refused', (name) => {
    expect(() => cluster({ gateway: { ...GATEWAY, environment: { ...GATEWAY.environment, [name]: '' } } })).toThrow(`the environment of the gateway lacks ${name}`);
  });

  it('MUL-3 has its key, and its credentials for servers, as files of the secret store; the servers do not', () => {
    const environment = { MCP_ISSUERS: '[]', MCP_POLICY_STORE_ID: 'PS1' };
    const given = cluster({ secretStore: SecretStore.externalSecrets('vault'), gateway: { ...GATEWAY, keySecret: 'mcp/key', environment }, servers: [server({ headersSecret: 'mcp/crm-headers' })] });
    const { gateway } = readContainerSettings(one(given, 'ConfigMap', 'mcp-gateway').data);
    expect([gateway.keySecretArn, gateway.servers[0]!.headersSecretArn]).toEqual(['file:///run/secrets/mcp/key', 'file:///run/secrets/mcp/headers-crm']);
    expect(one(given, 'ExternalSecret').spec.data).toEqual([{ secretKey: 'key', remoteRef: { key: 'mcp/key' } }, { secretKey: 'headers-crm', remoteRef: { key: 'mcp/crm-headers' } }]);
    expect(podOf(given, 'mcp-gateway').spec.containers[0].volumeMounts).toEqual([{ name: 'secrets', mountPath: '/run/secrets/mcp', readOnly: true }]);
    expect(podOf(given, 'mcp-crm').spec.volumes).toBeUndefined();
    expect(() => cluster({ gateway: { ...GATEWAY, environment } })).toThrow('the environment of the gateway lacks MCP_KEY_SECRET_ARN, and there is no keySecret either');
    expect(() => cluster({ gateway: { ...GATEWAY, keySecret: 'mcp/key', environment } })).toThrow('the gateway has secrets, and there is no secretStore');
  });

  it('is not told twice what follows from the rest', () => {
    expect(() => cluster({ gateway: { ...GATEWAY, environment: { ...GATEWAY.environment, MCP_PORT: '1' } } })).toThrow('the environment of the gateway has MCP_PORT, which follows from the other settings');
  });
});

describe('the order', () => {
  it('is walls before what they are around, and the same each time', () => {
    const kinds = cluster({ servers: [server({ executesCode: true })] }).map(({ kind }) => kind);
    const at = (kind: string) => [kinds.indexOf(kind), kinds.lastIndexOf(kind)] as const;
    for (const [earlier, later] of [['Namespace', 'ValidatingAdmissionPolicy'], ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'], ['ValidatingAdmissionPolicyBinding', 'NetworkPolicy'], ['NetworkPolicy', 'ServiceAccount'], ['ConfigMap', 'Deployment'], ['AuthorizationPolicy', 'Service'], ['Service', 'Deployment']] as const) {
      expect(at(earlier)[1]).toBeLessThan(at(later)[0]);
    }
    const props = { gateway: GATEWAY, servers: [server(), server({ name: 'files' })] };
    expect(JSON.stringify(renderManifests(props))).toBe(JSON.stringify(renderManifests(structuredClone(props))));
  });

  it('names each object once', () => {
    const names = cluster({ servers: [server(), server({ name: 'files' })] }).map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });
});
