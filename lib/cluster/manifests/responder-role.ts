import type { KubernetesObject } from './manifests';

/** What policies that cut pods off are called before the Deployment's name (`lambda/response/executors/kubernetes.ts`). */
export const ISOLATION_PREFIX = 'mcp-incident-isolation-';
/** Label of NetworkPolicies that go on when pods are cut off: without them pods would be ended, with what is in their memory. */
export const STAYS_WHEN_ISOLATED = { 'mcp-zero-trust/when-isolated': 'stays' };

const NAME = 'mcp-incident-response';
const API = 'rbac.authorization.k8s.io';

/**
 * What the response to incidents may do with one Deployment: see what runs, cut it off, scale it. Nothing in Kubernetes' roles says what may be
 * written into a NetworkPolicy; the admission policy for responders does.
 *
 * Control: IR-2, MUL-5.
 *
 * @param group by which the cluster knows the responders
 */
export function responderRole(group: string, namespace: string, deployment: string, labels?: { [name: string]: string }): KubernetesObject[] {
  const metadata = { name: NAME, namespace, labels };
  const policies = { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'] };
  return [
    {
      apiVersion: `${API}/v1`,
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: ['apps'], resources: ['deployments'], resourceNames: [deployment], verbs: ['get'] },
        { apiGroups: ['apps'], resources: ['deployments/scale'], resourceNames: [deployment], verbs: ['patch'] },
        { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
        { ...policies, verbs: ['get', 'list', 'create', 'patch'] },
        { ...policies, resourceNames: [`${ISOLATION_PREFIX}${deployment}`], verbs: ['delete'] },
      ],
    },
    {
      apiVersion: `${API}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: API, kind: 'Role', name: NAME },
      subjects: [{ apiGroup: API, kind: 'Group', name: group }],
    },
  ];
}
