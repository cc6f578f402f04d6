import { ISOLATION_PREFIX } from '../responder-role';
import type { AdmissionRule, AdmissionVariable } from './rule';

/** What the namespaces themselves must stay. */
export function namespaceRules(labels: { readonly [name: string]: string }): readonly AdmissionRule[] {
  return [{
    name: 'namespace-labels',
    controls: ['CON-2', 'NET-2'],
    expression: Object.entries(labels).map(([name, value]) => `object.metadata.?labels[?'${name}'].orValue('') == '${value}'`).join(' && '),
    message: `the namespace keeps its labels: ${Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(', ')}`,
  }];
}

/** What runs in the sandbox's namespaces runs in the sandbox. */
export function sandboxRules(runtimeClassName: string): readonly AdmissionRule[] {
  return [{
    name: 'sandbox',
    controls: ['CON-0'],
    expression: `object.spec.?runtimeClassName.orValue('') == '${runtimeClassName}'`,
    message: `pods that execute code run in the RuntimeClass ${runtimeClassName}`,
  }];
}

/**
 * Services stay inside of the cluster.
 *
 * @param entrance the one that does not, where a load balancer reaches the gateway through the nodes
 */
export function serviceRules(entrance?: { readonly namespace: string; readonly name: string; readonly nodePort: number }): readonly AdmissionRule[] {
  const inside = "object.spec.?type.orValue('ClusterIP') == 'ClusterIP'";
  const isEntrance = entrance && `(object.metadata.namespace == '${entrance.namespace}' && object.metadata.name == '${entrance.name}' && object.spec.type == 'NodePort' && object.spec.ports.all(p, p.?nodePort.orValue(0) == ${entrance.nodePort}))`;
  return [{
    name: 'no-exposed-service',
    controls: ['MUL-5', 'NET-1'],
    expression: `${isEntrance === undefined ? inside : `(${inside} || ${isEntrance})`} && object.spec.?externalIPs.orValue([]).size() == 0`,
    message: `services are reached inside of the cluster only: the type ClusterIP, without externalIPs${entrance === undefined ? '' : `, but for ${entrance.namespace}/${entrance.name}`}`,
  }];
}

export const NETWORK_VARIABLES: readonly AdmissionVariable[] = [
  { name: 'ingress', expression: 'object.spec.?ingress.orValue([])' },
  { name: 'egress', expression: 'object.spec.?egress.orValue([])' },
  { name: 'peers', expression: 'variables.ingress.map(r, r.?from.orValue([])) + variables.egress.map(r, r.?to.orValue([]))' },
];

export const NETWORK_RULES: readonly AdmissionRule[] = [
  {
    name: 'no-open-rule',
    controls: ['NET-1', 'MUL-5'],
    expression: 'variables.peers.all(p, p.size() > 0) && variables.ingress.all(r, r.?ports.orValue([]).size() > 0) && variables.egress.all(r, r.?ports.orValue([]).size() > 0)',
    message: 'every rule of a NetworkPolicy names whom it is about, and ports',
  },
  {
    name: 'no-open-peer',
    controls: ['NET-1', 'MUL-5'],
    expression:
      "variables.peers.all(list, list.all(p, (!has(p.ipBlock) || !p.ipBlock.cidr.matches('/[0-7]$'))" +
      ' && (!has(p.namespaceSelector) || p.namespaceSelector.?matchLabels.orValue({}).size() > 0)))',
    message: 'no rule of a NetworkPolicy is about all addresses, a great part of them, or all namespaces',
  },
];

const OWN = `object.metadata.name.startsWith('${ISOLATION_PREFIX}')`;
const RULES_OF = (object: string) => `${object}.spec.?ingress.orValue([]).size() + ${object}.spec.?egress.orValue([]).size()`;
const SAME = (path: string, absent: string) => `object.spec.${path}.orValue(${absent}) == oldObject.spec.${path}.orValue(${absent})`;

/**
 * What the responders may write into a NetworkPolicy, which their roles cannot say: policies of their own, that permit nothing; and of others which
 * pods they are about, where they permit something. A policy that denies everything cannot be taken off pods, so nothing here opens anything.
 */
export const RESPONDER_RULES: readonly AdmissionRule[] = [
  {
    name: 'responders-cut-off',
    controls: ['IR-2', 'MUL-5'],
    expression: `!${OWN} || (${RULES_OF('object')} == 0 && ['Ingress', 'Egress'].all(t, t in object.spec.?policyTypes.orValue([])))`,
    message: 'the response to incidents writes NetworkPolicies that permit nothing',
  },
  {
    name: 'responders-exempt',
    controls: ['IR-2', 'MUL-5'],
    expression:
      `${OWN} || (request.operation == 'UPDATE' && ${RULES_OF('oldObject')} > 0 && ${SAME('?ingress', '[]')} && ${SAME('?egress', '[]')} && ${SAME('?policyTypes', '[]')} && ${SAME('?podSelector.?matchLabels', '{}')})`,
    message: 'the response to incidents changes of other NetworkPolicies which pods they are about, and nothing of those that deny everything',
  },
];
