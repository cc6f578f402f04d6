import { DomainPolicies, SecretStore, ServiceMesh, type EgressRule } from '../../../lib/cluster/manifests';
import { GATEWAY, all, cluster, one, server, type Manifest } from './cluster';

const AUTHORITY = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const NO_MESH = ServiceMesh.none({ serverAuthority: AUTHORITY });

/** Each allowance of a namespace in one line: `in|out <pods> <peer> <ports>`. */
function allowances(manifests: Manifest[], namespace: string): string[] {
  return all(manifests, 'NetworkPolicy', namespace).flatMap(({ spec }) => [
    ...(spec.ingress ?? []).flatMap((rule: Manifest) => rule.from.map((peer: Manifest) => `in ${podsOf(spec.podSelector)} from ${peerOf(peer)} ${portsOf(rule)}`)),
    ...(spec.egress ?? []).flatMap((rule: Manifest) => rule.to.map((peer: Manifest) => `out ${podsOf(spec.podSelector)} to ${peerOf(peer)} ${portsOf(rule)}`)),
  ]).sort();
}

const podsOf = ({ matchLabels = {} }: Manifest) => matchLabels['app.kubernetes.io/name'] ?? matchLabels['k8s-app'] ?? matchLabels.app ?? (JSON.stringify(matchLabels) === '{}' ? '*' : JSON.stringify(matchLabels));
const peerOf = ({ ipBlock, namespaceSelector, podSelector = {} }: Manifest) => ipBlock?.cidr ?? `${namespaceSelector.matchLabels['kubernetes.io/metadata.name']}/${podsOf(podSelector)}`;
const portsOf = ({ ports }: Manifest) => ports.map(({ protocol, port }: Manifest) => `${protocol}:${port}`).join(',');

describe('MUL-5 NET-1 NetworkPolicies', () => {
  it('close every namespace, both ways, to all pods', () => {
    for (const namespace of ['mcp-gateway', 'mcp-crm']) expect(one(cluster(), 'NetworkPolicy', namespace, 'default-deny').spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  });

  it('let the gateway reach a server, and a server that declared nothing not even DNS', () => {
    const manifests = cluster({ mesh: NO_MESH });
    expect(allowances(manifests, 'mcp-crm')).toEqual(['in crm from mcp-gateway/gateway TCP:8080']);
    expect(allowances(manifests, 'mcp-gateway')).toEqual([
      'in gateway from 10.1.0.0/16 TCP:8443',
      'out gateway to kube-system/kube-dns UDP:53,TCP:53',
      'out gateway to mcp-crm/crm TCP:8080',
    ]);
  });

  it('GW-4 let the gateway, and no server, send spans to pods that were named, and nobody otherwise', () => {
    const telemetry = { namespace: 'observability', service: 'collector', podLabels: { app: 'otel' } };
    const settingsOf = (manifests: Manifest[]) => one(manifests, 'ConfigMap', 'mcp-gateway', 'gateway').data;
    const plain = cluster({ mesh: NO_MESH, gateway: { ...GATEWAY, telemetry } });
    expect(allowances(plain, 'mcp-gateway').filter((line) => line.includes('observability'))).toEqual(['out gateway to observability/otel TCP:4318']);
    expect(settingsOf(plain)).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.observability.svc.cluster.local:4318', OTEL_SERVICE_NAME: 'mcp-gateway' });
    const meshed = cluster({ gateway: { ...GATEWAY, telemetry } });
    expect(allowances(meshed, 'mcp-gateway').filter((line) => line.includes('observability'))).toEqual(['out gateway to observability/otel TCP:15008']);
    expect(settingsOf(meshed).OTEL_EXPORTER_OTLP_ENDPOINT).toBe('http://collector.observability.svc.cluster.local:4318');
    expect(allowances(meshed, 'mcp-crm').join()).not.toContain('observability');
    expect(JSON.stringify(cluster())).not.toMatch(/OTEL_|to-telemetry/);
  });

  it('GW-4 refuse a receiver that is none, or two', () => {
    const refused = (telemetry: object, environment = {}) => () => cluster({ gateway: { ...GATEWAY, telemetry: { namespace: 'observability', service: 'collector', ...telemetry }, environment: { ...GATEWAY.environment, ...environment } } });
    expect(refused({ service: 'collector.example.com' })).toThrow('the service of telemetry is "collector.example.com", expected a name in Kubernetes');
    expect(refused({ port: 0 })).toThrow('the port of telemetry is 0');
    expect(refused({}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://elsewhere' })).toThrow('telemetry names a receiver too');
  });

  it('let no server reach another', () => {
    const manifests = cluster({ mesh: NO_MESH, servers: [server(), server({ name: 'files' })] });
    expect(allowances(manifests, 'mcp-files').join()).not.toContain('mcp-crm');
    expect(allowances(manifests, 'mcp-crm').join()).not.toContain('mcp-files');
  });

  it('let a server reach what it declared, on those ports', () => {
    const manifests = cluster({ mesh: NO_MESH, servers: [server({ egress: [{ cidrs: ['10.9.0.0/24', '2001:db8::/64'], ports: [5432, 6432] }, { cidrs: ['192.0.2.7/32'] }] })] });
    expect(allowances(manifests, 'mcp-crm')).toEqual([
      'in crm from mcp-gateway/gateway TCP:8080',
      'out crm to 10.9.0.0/24 TCP:5432,TCP:6432',
      'out crm to 192.0.2.7/32 TCP:443',
      'out crm to 2001:db8::/64 TCP:5432,TCP:6432',
      'out crm to kube-system/kube-dns UDP:53,TCP:53',
    ]);
  });

  it('in an ambient mesh know only its encrypted port, and the address that the kubelet has there', () => {
    const manifests = cluster({ gateway: { ...GATEWAY, sources: [{ namespace: 'ingress', podLabels: { app: 'proxy' } }] } });
    expect(allowances(manifests, 'mcp-crm')).toEqual([
      'in crm from 169.254.7.127/32 TCP:8081',
      'in crm from fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128 TCP:8081',
      'in crm from mcp-gateway/gateway TCP:15008',
    ]);
    expect(allowances(manifests, 'mcp-gateway')).toContain('in gateway from ingress/proxy TCP:15008');
    expect(allowances(manifests, 'mcp-gateway')).toContain('out gateway to mcp-crm/crm TCP:15008');
  });

  it('with sidecars let each pod reach the control plane of the mesh', () => {
    const manifests = cluster({ mesh: ServiceMesh.istioSidecar({ proxyImage: `istio/proxyv2@sha256:${'b'.repeat(64)}` }) });
    expect(allowances(manifests, 'mcp-crm')).toContain('out crm to istio-system/istiod TCP:15012');
    expect(allowances(manifests, 'mcp-crm')).toContain('in crm from mcp-gateway/gateway TCP:8080');
  });

  it('with a waypoint let the gateway reach that, and that the servers', () => {
    const manifests = cluster({ mesh: ServiceMesh.istioAmbient({ waypoint: { name: 'mcp', namespace: 'waypoints' } }) });
    expect(allowances(manifests, 'mcp-crm').join()).not.toContain('mcp-gateway');
    expect(allowances(manifests, 'mcp-crm')).toContain('in crm from waypoints/{"gateway.networking.k8s.io/gateway-name":"mcp"} TCP:15008');
    expect(allowances(manifests, 'mcp-gateway')).toContain('out gateway to waypoints/{"gateway.networking.k8s.io/gateway-name":"mcp"} TCP:15008');
    expect(one(manifests, 'Service', 'mcp-crm').metadata.labels).toMatchObject({ 'istio.io/use-waypoint': 'mcp', 'istio.io/use-waypoint-namespace': 'waypoints' });
  });

  it('let pods with a role reach the agent that gives it to them, and nobody else', () => {
    const manifests = cluster({ mesh: NO_MESH, gateway: { ...GATEWAY, podIdentity: true } });
    expect(allowances(manifests, 'mcp-gateway')).toContain('out gateway to 169.254.170.23/32 TCP:80');
    expect(allowances(manifests, 'mcp-crm').join()).not.toContain('169.254');
  });

  it('know DNS by address where it is not in pods', () => {
    const servers = [server({ egress: [{ cidrs: ['192.0.2.7/32'] }] })];
    expect(allowances(cluster({ mesh: NO_MESH, servers, dnsCidrs: ['169.254.20.10/32'] }), 'mcp-crm')).toContain('out crm to 169.254.20.10/32 UDP:53,TCP:53');
  });

  it.each<[EgressRule, string]>([
    [{ cidrs: ['0.0.0.0/0'] }, 'which is every address'],
    [{ cidrs: ['::/0'] }, 'which is every address'],
    [{ cidrs: ['0.0.0.0/1', '128.0.0.0/1'] }, 'which is every address or a great part of them'],
    [{ cidrs: ['169.254.0.0/16'] }, 'which holds the address of a service that hands out credentials'],
    [{ cidrs: ['169.0.0.0/8'] }, 'which holds the address of a service that hands out credentials'],
    [{ cidrs: ['fd00:ec2::/32'] }, 'which holds the address of a service that hands out credentials'],
    [{ cidrs: ['10.0.0.1'] }, 'expected CIDR notation'],
    [{ cidrs: ['10.0.0.0/33'] }, 'expected CIDR notation'],
    [{ cidrs: ['api.example.com/32'] }, 'expected CIDR notation'],
    [{}, 'has neither cidrs nor domains'],
    [{ cidrs: ['10.0.0.0/8'], ports: [] }, 'has no ports'],
    [{ cidrs: ['10.0.0.0/8'], ports: [0] }, 'has the port 0'],
    [{ domains: ['api.example.com'] }, 'which no NetworkPolicy can enforce: give cidrs, or say with domainPolicies what enforces names'],
  ])('refuse egress to %j', (rule, message) => {
    expect(() => cluster({ servers: [server({ egress: [rule] })] })).toThrow(message);
  });

  it.each([
    [[], 'the gateway has no sources'],
    [[{ cidr: '0.0.0.0/0' }], 'which is every address'],
    [[{}], 'must have either a namespace'],
    [[{ namespace: 'a', cidr: '10.0.0.0/8' }], 'must have either a namespace'],
    [[{ namespace: 'A b' }], 'expected the name of a namespace'],
  ])('refuse a gateway with the sources %j', (sources, message) => {
    expect(() => cluster({ gateway: { ...GATEWAY, sources } })).toThrow(message);
  });
});

describe('NET-1 egress by name', () => {
  const servers = [server({ egress: [{ domains: ['api.example.com'], ports: [443, 8443] }] })];

  it('by Cilium names what may be looked up too, and no other rule opens DNS', () => {
    const manifests = cluster({ servers, mesh: NO_MESH, domainPolicies: DomainPolicies.CILIUM });
    const [dns, egress] = one(manifests, 'CiliumNetworkPolicy', 'mcp-crm').spec.egress;
    expect(dns.toPorts[0].rules.dns).toEqual([{ matchName: 'api.example.com' }, { matchPattern: '*.*.svc.cluster.local' }]);
    expect(egress).toEqual({ toFQDNs: [{ matchName: 'api.example.com' }], toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }, { port: '8443', protocol: 'TCP' }] }] });
    expect(allowances(manifests, 'mcp-crm')).toEqual(['in crm from mcp-gateway/gateway TCP:8080']);
    expect(allowances(manifests, 'mcp-gateway').join()).toContain('kube-dns');
  });

  it('by EKS Auto Mode is a policy of its own', () => {
    const manifests = cluster({ servers, domainPolicies: DomainPolicies.EKS_AUTO_MODE, dnsCidrs: ['10.100.0.10/32'] });
    expect(one(manifests, 'ApplicationNetworkPolicy', 'mcp-crm')).toMatchObject({
      apiVersion: 'networking.k8s.aws/v1alpha1',
      spec: { policyTypes: ['Egress'], egress: [{ to: [{ domainNames: ['api.example.com'] }], ports: [{ protocol: 'TCP', port: 443 }, { protocol: 'TCP', port: 8443 }] }] },
    });
  });

  it.each(['*.example.com', 'example', 'API.example.com', 'a..b', '10.0.0.1', 'api.example.com.'])('does not know the name %s', (domain) => {
    expect(() => cluster({ servers: [server({ egress: [{ domains: [domain] }] })], domainPolicies: DomainPolicies.CILIUM })).toThrow('expected an exact domain name in lower case');
  });
});

describe('NET-2 the mesh', () => {
  const manifests = cluster({ servers: [server(), server({ name: 'files' })] });

  it('takes no connection without mutual TLS', () => {
    for (const namespace of ['mcp-gateway', 'mcp-crm', 'mcp-files']) {
      expect(one(manifests, 'PeerAuthentication', namespace, 'strict').spec).toEqual({ mtls: { mode: 'STRICT' } });
      expect(one(manifests, 'Namespace', undefined, namespace).metadata.labels['istio.io/dataplane-mode']).toBe('ambient');
    }
  });

  it('lets nobody do anything, and then the gateway, known by its identity, call each server', () => {
    expect(one(manifests, 'AuthorizationPolicy', 'mcp-crm', 'default-deny').spec).toEqual({});
    expect(one(manifests, 'AuthorizationPolicy', 'mcp-crm', 'from-gateway').spec).toEqual({
      selector: { matchLabels: { 'app.kubernetes.io/name': 'crm', 'mcp-zero-trust/role': 'server' } },
      action: 'ALLOW',
      rules: [{ from: [{ source: { principals: ['cluster.local/ns/mcp-gateway/sa/gateway'] } }], to: [{ operation: { ports: ['8080'] } }] }],
    });
    expect(all(manifests, 'AuthorizationPolicy', 'mcp-crm')).toHaveLength(2);
  });

  it('with a waypoint knows methods and paths', () => {
    const spec = one(cluster({ mesh: ServiceMesh.istioAmbient({ waypoint: { name: 'mcp', namespace: 'waypoints' }, trustDomain: 'prod' }) }), 'AuthorizationPolicy', 'mcp-crm', 'from-gateway').spec;
    expect(spec).toEqual({
      targetRefs: [{ kind: 'Service', group: '', name: 'crm' }],
      action: 'ALLOW',
      rules: [{ from: [{ source: { principals: ['prod/ns/mcp-gateway/sa/gateway'] } }], to: [{ operation: { ports: ['8080'], methods: ['POST', 'GET', 'DELETE'], paths: ['/mcp'] } }] }],
    });
  });

  it('lets only declared sources call the gateway; those that are in no mesh speak its own TLS', () => {
    const gateway = { ...GATEWAY, sources: [{ namespace: 'agents' }, { cidr: '10.1.0.0/16' }] };
    const both = cluster({ gateway });
    expect(one(both, 'AuthorizationPolicy', 'mcp-gateway', 'from-sources').spec.rules).toEqual([
      { from: [{ source: { namespaces: ['agents'] } }, { source: { ipBlocks: ['10.1.0.0/16'] } }], to: [{ operation: { ports: ['8443'] } }] },
    ]);
    expect(one(both, 'PeerAuthentication', 'mcp-gateway', 'own-tls').spec.portLevelMtls).toEqual({ 8443: { mode: 'PERMISSIVE' } });
    expect(all(cluster({ gateway: { ...GATEWAY, sources: [{ namespace: 'agents' }] } }), 'PeerAuthentication', 'mcp-gateway')).toHaveLength(1);
  });

  it('MUL-9 without a mesh, the gateway calls servers by TLS and trusts their authority', () => {
    const plain = cluster({ mesh: NO_MESH });
    expect(all(plain, 'PeerAuthentication').concat(all(plain, 'AuthorizationPolicy'))).toEqual([]);
    const { MCP_SERVERS, NODE_EXTRA_CA_CERTS } = one(plain, 'ConfigMap', 'mcp-gateway', 'gateway').data;
    expect(JSON.parse(MCP_SERVERS)).toEqual([{ name: 'crm', url: 'https://crm.mcp-crm.svc.cluster.local:8080/mcp' }]);
    expect(NODE_EXTRA_CA_CERTS).toBe('/etc/mcp-zero-trust/authority.pem');
    expect(one(plain, 'ConfigMap', 'mcp-gateway', 'server-authority').data).toEqual({ 'authority.pem': AUTHORITY });
  });

  it('with sidecars names the image that the injector adds, by digest', () => {
    const proxyImage = `istio/proxyv2@sha256:${'b'.repeat(64)}`;
    const { template } = one(cluster({ mesh: ServiceMesh.istioSidecar({ proxyImage }), secretStore: SecretStore.awsSecretsManager() }), 'Deployment', 'mcp-crm').spec;
    expect(template.metadata.annotations['sidecar.istio.io/proxyImage']).toBe(proxyImage);
    expect(() => ServiceMesh.istioSidecar({ proxyImage: 'istio/proxyv2:1.27' })).toThrow('expected one by digest');
  });
});
