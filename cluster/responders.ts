import type { KubernetesObject } from '../lib/cluster/manifests';
import { referenceManifests } from './reference';
import { changed } from './weakenings';

/** What the response to incidents might write with its role in the cluster, and must not. */
export interface ResponderExcess {
  readonly name: string;
  readonly object: KubernetesObject;
  /** How it was. @default - it was not there */
  readonly oldObject?: KubernetesObject;
}

const EXPRESSIONS = [{ key: 'app.kubernetes.io/name', operator: 'NotIn', values: ['files'] }];

/** What it does when it cuts a server off: the policy `from-gateway` before, and that policy with the one that cuts off after. */
export function isolationOf(namespace: string, deployment: string, manifests: readonly KubernetesObject[]): readonly [KubernetesObject, { readonly policy: KubernetesObject; readonly exempted: KubernetesObject }] {
  const before = policyOf(manifests, namespace, 'from-gateway');
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: `mcp-incident-isolation-${deployment}`, namespace }, spec: { podSelector: { matchLabels: { 'app.kubernetes.io/name': deployment } }, policyTypes: ['Ingress', 'Egress'] } };
  return [before, { policy, exempted: changed(before, [['spec.podSelector.matchExpressions', EXPRESSIONS]]) }];
}

const manifests = referenceManifests('ambient');
const [allowance, { policy: isolation }] = isolationOf('mcp-files', 'files', manifests);
const denial = policyOf(manifests, 'mcp-files', 'default-deny');
const rules = [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'mcp-web' } } }], ports: [{ port: 8080 }] }];

export const RESPONDER_EXCESSES: readonly ResponderExcess[] = [
  { name: 'a policy that lets another server in', object: changed(isolation, [['spec.ingress', rules]]) },
  { name: 'a policy about one direction', object: changed(isolation, [['spec.policyTypes', ['Ingress']]]) },
  { name: 'a policy of another name', object: changed(isolation, [['metadata.name', 'another']]) },
  { name: 'other pods off the policy that denies everything', object: changed(denial, [['spec.podSelector.matchExpressions', EXPRESSIONS]]), oldObject: denial },
  { name: 'what a policy permits', object: changed(allowance, [['spec.ingress', rules]]), oldObject: allowance },
  { name: 'a direction that a policy is about', object: changed(allowance, [['spec.policyTypes', ['Egress']]]), oldObject: allowance },
  { name: 'labels by which a policy selects pods', object: changed(allowance, [['spec.podSelector.matchLabels', {}]]), oldObject: allowance },
  { name: 'its own policy into one that permits', object: changed(isolation, [['spec.egress', [{ to: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: [{ port: 443 }] }]]]), oldObject: isolation },
];

function policyOf(manifests: readonly KubernetesObject[], namespace: string, name: string): KubernetesObject {
  return manifests.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.namespace === namespace && metadata.name === name)!;
}
