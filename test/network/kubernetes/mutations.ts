import type { Manifest } from '../../../network';
import { deployment, namespace, policy, service } from './load';

/** A weakening of the manifests, as a careless change would make it. */
export interface Mutation {
  readonly name: string;
  apply(manifests: any[]): void;
  /** What is already weak. */
  readonly given?: (manifests: any[]) => void;
}

const NAME = 'kubernetes.io/metadata.name';
const find = (manifests: any[], kind: string, inNamespace: string | undefined, name: string) => {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.namespace === inNamespace && manifest.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${inNamespace}/${name}`);
  return found;
};
const spec = (manifests: any[], inNamespace: string, name: string) => find(manifests, 'NetworkPolicy', inNamespace, name).spec;
const drop = (manifests: any[], inNamespace: string, name: string) => void manifests.splice(manifests.indexOf(find(manifests, 'NetworkPolicy', inNamespace, name)), 1);
const add = (manifests: any[], inNamespace: string, given: any) => void manifests.push(policy(inNamespace, 'extra', given));
const template = (manifests: any[], name: string) => find(manifests, 'Deployment', `mcp-${name}`, name).spec.template;
/** The gateway's own walls hold where those of a server fall. */
const openGateway = (manifests: any[]) => add(manifests, 'mcp-gateway', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: {} }] }] });
const ALL = { podSelector: {} };

/** Weakenings of the reference manifests without a mesh: servers `files`, `web` and `code`, each in a namespace of its own. */
export const MUTATIONS: readonly Mutation[] = [
  { name: 'no default deny', apply: (m) => drop(m, 'mcp-files', 'default-deny') },
  { name: 'default deny of ingress only', apply: (m) => void (spec(m, 'mcp-files', 'default-deny').policyTypes = ['Ingress']) },
  { name: 'default deny of egress only', apply: (m) => void (spec(m, 'mcp-files', 'default-deny').policyTypes = ['Egress']) },
  { name: 'default deny without types', apply: (m) => void delete spec(m, 'mcp-files', 'default-deny').policyTypes },
  { name: 'default deny of the server\'s pods only', apply: (m) => void (spec(m, 'mcp-files', 'default-deny').podSelector = { matchLabels: { 'app.kubernetes.io/name': 'files' } }) },
  { name: 'default deny in another namespace', apply: (m) => void (find(m, 'NetworkPolicy', 'mcp-files', 'default-deny').metadata.namespace = 'default') },
  { name: 'default deny with an empty rule', apply: (m) => void (spec(m, 'mcp-files', 'default-deny').egress = [{}]) },
  { name: 'all egress', apply: (m) => add(m, 'mcp-files', { ...ALL, policyTypes: ['Egress'], egress: [{}] }) },
  { name: 'all egress on 443', apply: (m) => add(m, 'mcp-files', { ...ALL, policyTypes: ['Egress'], egress: [{ ports: [{ port: 443 }] }] }) },
  { name: 'all ingress', apply: (m) => add(m, 'mcp-files', { ...ALL, ingress: [{}] }) },
  { name: 'ingress on one more port', apply: (m) => void spec(m, 'mcp-files', 'from-gateway').ingress[0].ports.push({ port: 9229 }), given: openGateway },
  { name: 'ingress on a range of ports', apply: (m) => void (spec(m, 'mcp-files', 'from-gateway').ingress[0].ports[0].endPort = 65535), given: openGateway },
  { name: 'ingress on every port', apply: (m) => void delete spec(m, 'mcp-files', 'from-gateway').ingress[0].ports, given: openGateway },
  { name: 'ingress from anybody', apply: (m) => void delete spec(m, 'mcp-files', 'from-gateway').ingress[0].from },
  { name: 'ingress from every pod of the gateway\'s namespace', apply: (m) => void delete spec(m, 'mcp-files', 'from-gateway').ingress[0].from[0].podSelector, given: openGateway },
  { name: 'ingress from pods that call themselves the gateway, in every namespace', apply: (m) => void (spec(m, 'mcp-files', 'from-gateway').ingress[0].from[0].namespaceSelector = {}) },
  { name: 'ingress from namespaces by a label that anybody\'s can have', apply: (m) => void (spec(m, 'mcp-files', 'from-gateway').ingress[0].from[0].namespaceSelector = { matchLabels: { 'mcp-zero-trust/role': 'gateway' } }) },
  { name: 'ingress from all namespaces but one', apply: (m) => void (spec(m, 'mcp-files', 'from-gateway').ingress[0].from[0].namespaceSelector = { matchExpressions: [{ key: NAME, operator: 'NotIn', values: ['default'] }] }) },
  { name: 'selectors in two peers in place of one', apply: (m) => { const rule = spec(m, 'mcp-files', 'from-gateway').ingress[0]; const { namespaceSelector } = rule.from[0]; rule.from = [{ namespaceSelector }, { podSelector: {} }, { namespaceSelector: {} }]; } },
  { name: 'ingress from the network of the nodes', apply: (m) => void spec(m, 'mcp-files', 'from-gateway').ingress[0].from.push({ ipBlock: { cidr: '10.0.0.0/8' } }) },
  { name: 'ingress from monitoring', apply: (m) => void spec(m, 'mcp-files', 'from-gateway').ingress[0].from.push({ namespaceSelector: { matchLabels: { [NAME]: 'monitoring' } } }) },
  { name: 'two servers that may talk', apply: (m) => (add(m, 'mcp-web', { ...ALL, policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: { matchLabels: { [NAME]: 'mcp-files' } } }] }] }), void spec(m, 'mcp-files', 'from-gateway').ingress[0].from.push({ namespaceSelector: { matchLabels: { [NAME]: 'mcp-web' } } })) },
  { name: 'both servers in one namespace that trusts itself', apply: (m) => { find(m, 'Deployment', 'mcp-web', 'web').metadata.namespace = 'mcp-files'; add(m, 'mcp-files', { ...ALL, policyTypes: ['Ingress', 'Egress'], ingress: [{ from: [{ podSelector: {} }] }], egress: [{ to: [{ podSelector: {} }] }] }); } },
  { name: 'a server may call the gateway', apply: (m) => (add(m, 'mcp-web', { ...ALL, policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: { matchLabels: { [NAME]: 'mcp-gateway' } } }] }] }), add(m, 'mcp-gateway', { ...ALL, ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'mcp-zero-trust/role': 'server' } } }] }] })) },
  { name: 'a larger declared block', apply: (m) => void (spec(m, 'mcp-web', 'egress-1').egress[0].to[0].ipBlock.cidr = '203.0.0.0/8') },
  { name: 'one more declared block', apply: (m) => void spec(m, 'mcp-web', 'egress-1').egress[0].to.push({ ipBlock: { cidr: '198.51.100.0/24' } }) },
  { name: 'the declared block for every port', apply: (m) => void delete spec(m, 'mcp-web', 'egress-1').egress[0].ports },
  { name: 'the declared block for every pod', apply: (m) => void (spec(m, 'mcp-web', 'egress-1').podSelector = {}) },
  { name: 'the internet in two halves', apply: (m) => void (spec(m, 'mcp-web', 'egress-1').egress[0].to = [{ ipBlock: { cidr: '0.0.0.0/1' } }, { ipBlock: { cidr: '128.0.0.0/1' } }]) },
  { name: 'the internet without private addresses', apply: (m) => add(m, 'mcp-web', { ...ALL, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'] } }] }] }) },
  { name: 'the internet over IPv6', apply: (m) => add(m, 'mcp-web', { ...ALL, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '2000::/3' } }] }] }) },
  { name: 'link-local addresses', apply: (m) => add(m, 'mcp-web', { ...ALL, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '169.254.0.0/16' } }], ports: [{ port: 80 }] }] }) },
  { name: 'the metadata service over IPv6', apply: (m) => add(m, 'mcp-web', { ...ALL, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: 'fd00:ec2::254/128' } }] }] }) },
  { name: 'the agent of Pod Identity for a server without a role', apply: (m) => add(m, 'mcp-files', { ...ALL, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '169.254.170.23/32' } }], ports: [{ port: 80 }] }] }) },
  { name: 'addresses of nodes and the API server', apply: (m) => add(m, 'mcp-files', { ...ALL, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 6443 }] }] }) },
  { name: 'DNS of anybody', apply: (m) => void delete spec(m, 'mcp-web', 'to-dns').egress[0].to },
  { name: 'all of kube-system', apply: (m) => (delete spec(m, 'mcp-web', 'to-dns').egress[0].to[0].podSelector, delete spec(m, 'mcp-web', 'to-dns').egress[0].ports) },
  { name: 'every namespace in place of kube-system', apply: (m) => void (spec(m, 'mcp-web', 'to-dns').egress[0].to[0].namespaceSelector = {}) },
  { name: 'SCTP to anybody', apply: (m) => add(m, 'mcp-files', { ...ALL, policyTypes: ['Egress'], egress: [{ ports: [{ protocol: 'SCTP' }] }] }) },
  { name: 'a port by a name that another pod gives itself', apply: (m) => (add(m, 'mcp-web', { ...ALL, policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: {} }], ports: [{ port: 'postgres' }] }] })) },
  { name: 'the pods have the network of their node', apply: (m) => void (template(m, 'files').spec.hostNetwork = true) },
  { name: 'a port of the node', apply: (m) => ((template(m, 'files').spec.containers[0].ports[0].hostPort = 8080), add(m, 'mcp-files', { ...ALL, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 8080 }] }] })) },
  { name: 'a Service of the type LoadBalancer, and ingress from everywhere', apply: (m) => ((find(m, 'Service', 'mcp-files', 'files').spec.type = 'LoadBalancer'), add(m, 'mcp-files', { ...ALL, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] })) },
  { name: 'a Service of the type NodePort, and ingress from the nodes', apply: (m) => void m.push(service('mcp-files', 'extra', { type: 'NodePort', selector: { 'app.kubernetes.io/name': 'files' }, ports: [{ port: 8080 }] }), policy('mcp-files', 'extra', { ...ALL, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] })) },
  { name: 'other labels on the pods of a policy, in a namespace without default deny', apply: (m) => (drop(m, 'mcp-files', 'default-deny'), void (template(m, 'files').metadata.labels = { app: 'files' })) },
  { name: 'a server with the labels of the gateway, in its namespace', apply: (m) => void m.push(deployment('mcp-gateway', 'rogue', { 'app.kubernetes.io/name': 'gateway', 'mcp-zero-trust/role': 'gateway' })) },
  { name: 'one more workload without policies', apply: (m) => void m.push(namespace('mcp-new'), deployment('mcp-new', 'new', { 'mcp-zero-trust/role': 'server' })) },
  { name: 'a policy of another kind that may allow more', apply: (m) => void m.push({ apiVersion: 'policy.networking.k8s.io/v1alpha1', kind: 'AdminNetworkPolicy', metadata: { name: 'extra' }, spec: {} } as Manifest) },
];
