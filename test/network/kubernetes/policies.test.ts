import { readCluster, TemplateError } from '../../../network';
import { breaks, cellOf } from '../load';
import { deployment, matrixOfManifests, namespace, policy, service } from './load';

const SERVER = deployment('a', 'server', { app: 'server' }, [{ name: 'mcp', containerPort: 8080 }, { name: 'metrics', containerPort: 9090 }]);
const CLIENT = deployment('b', 'client', { app: 'client' });
const OTHER = deployment('b', 'other', { app: 'other' });
const ALL = [namespace('a', { team: 'red' }), namespace('b', { team: 'blue' }), SERVER, CLIENT, OTHER];
const CLOSED = policy('a', 'closed', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
const ingress = (...rules: readonly unknown[]) => policy('a', 'in', { podSelector: {}, ingress: rules });
const egress = (...rules: readonly unknown[]) => policy('a', 'out', { podSelector: {}, policyTypes: ['Egress'], egress: rules });
const cell = (manifests: readonly any[], from: string, to: string) => {
  const { verdict, allows } = cellOf(matrixOfManifests([...ALL, ...manifests]), from, to);
  return { verdict, allows };
};
const CLOSED_CELL = { verdict: 'closed', allows: [] };

describe('NET-2 which direction a policy is about', () => {
  it('everything is open where no policy selects a pod', () => {
    expect(cell([], 'a/server', 'b/client')).toEqual({ verdict: 'open', allows: ['tcp all ports', 'udp all ports', 'icmp', 'icmpv6'] });
    expect(cell([], 'a/server', 'internet:tcp').verdict).toBe('open');
    expect(cell([], 'a/server', 'metadata').verdict).toBe('open');
    expect(cell([], 'pods of another namespace', 'a/server').verdict).toBe('open');
  });

  it('a policy without types is about ingress, and about egress only where it has a rule for it', () => {
    const none = policy('a', 'x', { podSelector: {} });
    expect(cell([none], 'b/client', 'a/server')).toEqual(CLOSED_CELL);
    expect(cell([none], 'a/server', 'b/client').verdict).toBe('open');
    const empty = policy('a', 'x', { podSelector: {}, egress: [] });
    expect(cell([empty], 'a/server', 'b/client').verdict).toBe('open');
    const one = policy('a', 'x', { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }] });
    expect(cell([one], 'a/server', 'b/client')).toEqual(CLOSED_CELL);
    expect(cell([one], 'b/client', 'a/server')).toEqual(CLOSED_CELL);
  });

  it('an empty rule is open to everybody, and no rule to nobody', () => {
    expect(cell([CLOSED, ingress({})], 'b/client', 'a/server').verdict).toBe('open');
    expect(cell([CLOSED, ingress()], 'b/client', 'a/server')).toEqual(CLOSED_CELL);
  });

  it('policies of a pod are added up', () => {
    const manifests = [CLOSED, ingress({ from: [{ namespaceSelector: {} }], ports: [{ port: 8080 }] }), policy('a', 'more', { podSelector: { matchLabels: { app: 'server' } }, ingress: [{ ports: [{ port: 9090, protocol: 'UDP' }] }] })];
    expect(cell(manifests, 'b/client', 'a/server')).toEqual({ verdict: 'limited', allows: ['tcp 8080', 'udp 9090'] });
  });

  it('a pod that a policy does not select stays open: the stand-in for any other pod of the namespace shows it', () => {
    const only = policy('a', 'only', { podSelector: { matchLabels: { app: 'server' } }, policyTypes: ['Ingress', 'Egress'] });
    expect(cell([only], 'a/server', 'internet:tcp')).toEqual(CLOSED_CELL);
    expect(cell([only], 'a/(another pod)', 'internet:tcp').verdict).toBe('open');
  });

  it('a policy is about its own namespace', () => {
    expect(cell([CLOSED], 'b/client', 'b/other').verdict).toBe('open');
  });
});

describe('NET-2 whom a rule means', () => {
  it('podSelector alone means pods of the namespace of the policy', () => {
    const rule = ingress({ from: [{ podSelector: { matchLabels: { app: 'client' } } }] });
    expect(cell([CLOSED, rule], 'b/client', 'a/server')).toEqual(CLOSED_CELL);
    expect(cell([CLOSED, rule, egress({}), deployment('a', 'near', { app: 'client' })], 'a/near', 'a/server').verdict).toBe('open');
  });

  it('namespaceSelector and podSelector in one peer both have to hold; in two peers, one of them', () => {
    const namespaceSelector = { matchLabels: { team: 'blue' } };
    const podSelector = { matchLabels: { app: 'client' } };
    const both = [CLOSED, ingress({ from: [{ namespaceSelector, podSelector }] })];
    expect(cell(both, 'b/client', 'a/server').verdict).toBe('open');
    expect(cell(both, 'b/other', 'a/server')).toEqual(CLOSED_CELL);
    const either = [CLOSED, ingress({ from: [{ namespaceSelector }, { podSelector }] })];
    expect(cell(either, 'b/other', 'a/server').verdict).toBe('open');
  });

  it('a namespace has its name as a label, and nobody else can have it', () => {
    const rule = (name: string) => [CLOSED, ingress({ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } }] })];
    expect(cell(rule('b'), 'b/client', 'a/server').verdict).toBe('open');
    expect(cell(rule('b'), 'pods of another namespace', 'a/server')).toEqual(CLOSED_CELL);
    expect(cell(rule('monitoring'), 'pods of monitoring', 'a/server').verdict).toBe('open');
  });

  it('a label of namespaces can be on another one', () => {
    expect(cell([CLOSED, ingress({ from: [{ namespaceSelector: { matchLabels: { team: 'green' } } }] })], 'pods of team=green', 'a/server').verdict).toBe('open');
  });

  it('a selector of pods in every namespace is open to whoever labels a pod of its own so', () => {
    const rule = [CLOSED, ingress({ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'client' } } }] })];
    expect(cell(rule, 'b/other', 'a/server')).toEqual(CLOSED_CELL);
    expect(cell(rule, 'pods of another namespace', 'a/server').verdict).toBe('open');
  });

  it.each([
    [{ key: 'app', operator: 'In', values: ['x', 'client'] }, true],
    [{ key: 'app', operator: 'NotIn', values: ['x', 'client'] }, false],
    [{ key: 'none', operator: 'NotIn', values: ['x'] }, true],
    [{ key: 'app', operator: 'Exists' }, true],
    [{ key: 'none', operator: 'Exists' }, false],
    [{ key: 'app', operator: 'DoesNotExist' }, false],
  ])('expression %j: %s', (expression, open) => {
    const rule = ingress({ from: [{ namespaceSelector: {}, podSelector: { matchExpressions: [expression] } }] });
    expect(cell([CLOSED, rule], 'b/client', 'a/server').verdict).toBe(open ? 'open' : 'closed');
  });

  it('a block of addresses means the internet, and pods as far as one could have such an address', () => {
    const rule = egress({ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'] } }], ports: [{ port: 443 }] });
    expect(cell([CLOSED, rule], 'a/server', 'internet:tcp')).toEqual({ verdict: 'open', allows: ['tcp 443'] });
    expect(cell([CLOSED, rule], 'a/server', 'b/client')).toEqual(CLOSED_CELL);
    expect(cell([CLOSED, rule], 'a/server', 'metadata')).toEqual(CLOSED_CELL);
    const hole = egress({ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['172.16.0.0/12'] } }], ports: [{ port: 443 }] });
    expect(cell([CLOSED, hole], 'a/server', 'b/client')).toEqual({ verdict: 'limited', allows: ['tcp 443'] });
    expect(cell([CLOSED, hole], 'a/server', 'metadata').verdict).toBe('open');
  });

  it('a small block is a declared address; a large one is the internet', () => {
    const to = (cidr: string) => [CLOSED, egress({ to: [{ ipBlock: { cidr } }], ports: [{ port: 443 }] })];
    expect(cell(to('203.0.113.0/24'), 'a/server', 'declared')).toEqual({ verdict: 'limited', allows: ['203.0.113.0/24: tcp 443'] });
    expect(cell(to('203.0.113.0/24'), 'a/server', 'internet:tcp')).toEqual(CLOSED_CELL);
    expect(cell(to('128.0.0.0/1'), 'a/server', 'internet:tcp').verdict).toBe('open');
    expect(cell(to('2600::/12'), 'a/server', 'internet:ipv6').verdict).toBe('open');
  });
});

describe('NET-2 ports', () => {
  const from = [{ namespaceSelector: {} }];
  it.each([
    [[{ port: 8080 }], ['tcp 8080']],
    [[{ port: 8080, endPort: 8090 }], ['tcp 8080-8090']],
    [[{ protocol: 'UDP' }], ['udp all ports']],
    [[{ protocol: 'SCTP', port: 5000 }], ['sctp 5000']],
    [[{ port: 'mcp' }], ['tcp 8080']],
    [[{ port: 'mcp', protocol: 'UDP' }], []],
    [[{ port: 'nothing' }], []],
  ])('%j allows %j', (ports, allows) => {
    expect(cell([CLOSED, ingress({ from, ports })], 'b/client', 'a/server').allows).toEqual(allows);
  });

  it('the name of a port in egress is looked up in each pod that is connected to', () => {
    const web = deployment('b', 'web', { app: 'web' }, [{ name: 'http', containerPort: 3000 }]);
    const api = deployment('b', 'api', { app: 'api' }, [{ name: 'http', containerPort: 4000 }]);
    const manifests = [CLOSED, egress({ to: [{ namespaceSelector: {} }], ports: [{ port: 'http' }] }), web, api];
    expect(cell(manifests, 'a/server', 'b/web').allows).toEqual(['tcp 3000']);
    expect(cell(manifests, 'a/server', 'b/api').allows).toEqual(['tcp 4000']);
    expect(cell(manifests, 'a/server', 'b/client')).toEqual(CLOSED_CELL);
  });
});

describe('NET-2 what is around the pods', () => {
  const dns = { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }], ports: [{ port: 53, protocol: 'UDP' }] };

  it('who may ask CoreDNS may ask it for any name', () => {
    const matrix = matrixOfManifests([...ALL, CLOSED, egress(dns)]);
    expect(cellOf(matrix, 'a/server', 'dns')).toMatchObject({ verdict: 'open', allows: ['udp 53'] });
    expect(cellOf(matrix, 'a/server', 'dns').path.at(-1)).toContain('any name');
    expect(breaks(matrix, 'a/server -> dns')).toBe(true);
    expect(cell([CLOSED], 'a/server', 'dns')).toEqual(CLOSED_CELL);
  });

  it('a pod reaches its own node, whatever policies say', () => {
    expect(cell([CLOSED], 'a/server', 'node').verdict).toBe('limited');
  });

  it('a pod in the network of its node has no policies', () => {
    const near = deployment('a', 'near', { app: 'near' }, [], { hostNetwork: true });
    expect(cell([CLOSED, near], 'a/near', 'internet:tcp').verdict).toBe('open');
  });

  it.each([
    ['ClusterIP', {}, {}, 'closed'],
    ['NodePort', {}, {}, 'limited'],
    ['LoadBalancer', {}, {}, 'limited'],
    ['LoadBalancer', {}, { 'service.beta.kubernetes.io/aws-load-balancer-scheme': 'internal' }, 'closed'],
    ['ClusterIP', { externalIPs: ['198.51.100.1'] }, {}, 'limited'],
  ])('a Service of the type %s %j %j: %s', (type, more, annotations, verdict) => {
    const published = service('a', 'server', { type, selector: { app: 'server' }, ports: [{ port: 443, targetPort: 'mcp' }], ...more }, annotations as Record<string, string>);
    const found = cell([published], 'internet', 'a/server');
    expect(found).toEqual({ verdict, allows: verdict === 'closed' ? [] : ['tcp 8080'] });
  });

  it('a Service that translates addresses gets in where nodes may, and one that keeps them does not', () => {
    const nodes = ingress({ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] });
    const published = (externalTrafficPolicy: string) => service('a', 'server', { type: 'LoadBalancer', externalTrafficPolicy, selector: { app: 'server' }, ports: [{ port: 8080 }] });
    expect(cell([CLOSED, nodes, published('Cluster')], 'internet', 'a/server').verdict).toBe('limited');
    expect(cell([CLOSED, nodes, published('Local')], 'internet', 'a/server')).toEqual(CLOSED_CELL);
  });

  it('a port of the node leads to its pod', () => {
    const near = deployment('b', 'near', { app: 'near' }, [{ containerPort: 9000, hostPort: 80 }]);
    expect(cell([near], 'internet', 'b/near')).toEqual({ verdict: 'limited', allows: ['tcp 9000'] });
  });

  it.each([
    ['policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy', undefined],
    ['cilium.io/v2', 'CiliumNetworkPolicy', 'a'],
    ['projectcalico.org/v3', 'GlobalNetworkPolicy', undefined],
    ['networking.k8s.aws/v1alpha1', 'ApplicationNetworkPolicy', 'a'],
  ])('%s %s is not modelled, and counts as open', (apiVersion, kind, inNamespace) => {
    const matrix = matrixOfManifests([...ALL, CLOSED, { apiVersion, kind, metadata: { name: 'x', ...(inNamespace !== undefined && { namespace: inNamespace }) } }]);
    expect(matrix.unknowns).toHaveLength(1);
    expect(cellOf(matrix, 'a/server', 'internet:tcp').verdict).toBe('unknown');
  });
});

describe('NET-2 a manifest that no API server accepts is refused, and not guessed at', () => {
  it.each([
    [{ podSelector: {}, policyTypes: ['ingress'] }, /policy type ingress/],
    [{ podSelector: {}, ingress: [{ from: [{}] }] }, /names nobody/],
    [{ podSelector: {}, ingress: [null] }, /no object/],
    [{ podSelector: {}, ingress: { from: [] } }, /no list/],
    [{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/33' } }] }] }, /no CIDR block/],
    [{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['x'] } }] }] }, /no CIDR block/],
    [{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }] }, /one or the other/],
    [{ podSelector: {}, ingress: [{ ports: [{ protocol: 'ICMP' }] }] }, /protocol ICMP/],
    [{ podSelector: {}, ingress: [{ ports: [{ port: 0 }] }] }, /ports 0/],
    [{ podSelector: {}, ingress: [{ ports: [{ port: 90, endPort: 80 }] }] }, /ports 90 to 80/],
    [{ podSelector: {}, ingress: [{ ports: [{ port: 'mcp', endPort: 80 }] }] }, /endPort/],
    [{ podSelector: {}, ingress: [{ ports: [{ endPort: 80 }] }] }, /endPort without port/],
    [{ podSelector: { matchExpressions: [{ key: 'a', operator: 'Equals', values: ['b'] }] } }, /operator Equals/],
    [{ podSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } }, /with 0 values/],
    [{ podSelector: { app: 'x' } }, /holds app/],
  ])('%j', (spec, message) => {
    expect(() => readCluster([policy('a', 'x', spec)])).toThrow(TemplateError);
    expect(() => readCluster([policy('a', 'x', spec)])).toThrow(message);
  });
});
