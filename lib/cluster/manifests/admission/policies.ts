import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-33';
import { meshNamespaceLabels } from '../mesh';
import { POD_SECURITY_LABELS } from '../namespace';
import { ENTRANCE_NAME, NAMESPACE_LABEL, type Plan, type PlannedServer } from '../plan';
import { NETWORK_RULES, NETWORK_VARIABLES, RESPONDER_RULES, namespaceRules, sandboxRules, serviceRules } from './other-rules';
import { POD_VARIABLES, podRules } from './pod-rules';
import type { AdmissionRule, AdmissionVariable } from './rule';

interface AdmissionPolicy {
  readonly id: string;
  readonly resources: k8s.NamedRuleWithOperations[];
  readonly rules: readonly AdmissionRule[];
  readonly variables?: readonly AdmissionVariable[];
  /** Group of whoever asks. @default - everybody */
  readonly group?: string;
  /** Namespaces that it is about; without them it is about the names in `resources`. */
  readonly namespaces?: readonly string[];
}

/**
 * Policies that the API server itself enforces, without a webhook that could be away: pods, services, NetworkPolicies and namespaces that would
 * weaken what is written here are refused, whoever applies them. Namespaces are bound by the label that Kubernetes gives them, which nobody can take off.
 *
 * Control: CON-0, CON-1, CON-2, CON-3, CON-4, MUL-3, SC-1, SOC-2.
 */
export function addAdmissionPolicies(chart: Chart, plan: Plan): void {
  policiesOf(plan).forEach((policy) => addPolicy(chart, `${plan.prefix}${policy.id}`, policy));
}

function policiesOf(plan: Plan): readonly AdmissionPolicy[] {
  const workloads = [plan.gateway, ...plan.servers];
  const namespaces = workloads.map(({ namespace }) => namespace);
  const runtimeClassOf = ({ sandbox }: PlannedServer) => sandbox?.runtimeClassName;
  const runtimeClasses = [...new Set(plan.servers.flatMap((server) => runtimeClassOf(server) ?? []))];
  return [
    {
      id: 'pods',
      resources: [resource('', 'pods', ['CREATE', 'UPDATE']), resource('', 'pods/ephemeralcontainers', ['UPDATE'])],
      variables: POD_VARIABLES,
      rules: podRules({ accessControl: plan.accessControl, mesh: plan.mesh._kind, secretVolumes: plan.props.secretStore?._kind === 'external-secrets' }),
      namespaces,
    },
    ...runtimeClasses.map((runtimeClassName) => ({
      id: `sandbox-${runtimeClassName}`,
      resources: [resource('', 'pods', ['CREATE', 'UPDATE'])],
      rules: sandboxRules(runtimeClassName),
      namespaces: plan.servers.filter((server) => runtimeClassOf(server) === runtimeClassName).map(({ namespace }) => namespace),
    })),
    { id: 'services', resources: [resource('', 'services', ['CREATE', 'UPDATE'])], rules: serviceRules(entranceOf(plan)), namespaces },
    ...respondersOf(plan),
    { id: 'network-policies', resources: [resource('networking.k8s.io', 'networkpolicies', ['CREATE', 'UPDATE'])], variables: NETWORK_VARIABLES, rules: NETWORK_RULES, namespaces },
    {
      id: 'namespaces',
      resources: [{ ...resource('', 'namespaces', ['CREATE', 'UPDATE']), scope: 'Cluster', resourceNames: [...namespaces] }],
      rules: namespaceRules({ ...POD_SECURITY_LABELS, ...meshNamespaceLabels(plan) }),
    },
  ];
}

function respondersOf({ props: { responders: group }, servers }: Plan): readonly AdmissionPolicy[] {
  if (group === undefined) return [];
  return [{ id: 'responders', group, resources: [resource('networking.k8s.io', 'networkpolicies', ['CREATE', 'UPDATE'])], rules: RESPONDER_RULES, namespaces: servers.map(({ namespace }) => namespace) }];
}

function entranceOf({ gateway: { namespace, props } }: Plan) {
  return props.nodePort === undefined ? undefined : { namespace, name: ENTRANCE_NAME, nodePort: props.nodePort };
}

function addPolicy(chart: Chart, name: string, { resources, rules, variables, group, namespaces }: AdmissionPolicy): void {
  const labels = { 'app.kubernetes.io/part-of': 'mcp-zero-trust', 'app.kubernetes.io/managed-by': 'mcp-zero-trust' };
  new k8s.KubeValidatingAdmissionPolicy(chart, `admission-${name}`, {
    metadata: { name, labels },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: { resourceRules: resources },
      matchConditions: group === undefined ? undefined : [{ name: 'group', expression: `request.userInfo.?groups.orValue([]).exists(g, g == '${group}')` }],
      variables: variables?.map(({ name, expression }) => ({ name, expression })),
      validations: rules.map(({ expression, controls, message }) => ({ expression, message: `${controls.join(', ')}: ${message}`, reason: 'Forbidden' })),
    },
  });
  new k8s.KubeValidatingAdmissionPolicyBinding(chart, `admission-${name}-binding`, {
    metadata: { name, labels },
    spec: {
      policyName: name,
      validationActions: ['Deny', 'Audit'],
      matchResources: namespaces && { namespaceSelector: { matchExpressions: [{ key: NAMESPACE_LABEL, operator: 'In', values: [...namespaces] }] } },
    },
  });
}

function resource(group: string, name: string, operations: readonly string[]): k8s.NamedRuleWithOperations {
  return { apiGroups: [group], apiVersions: ['v1'], resources: [name], operations: [...operations] };
}
