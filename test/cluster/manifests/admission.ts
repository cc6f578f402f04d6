import { Environment } from '@marcbachmann/cel-js';
import { all, type Manifest } from './cluster';

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  /** Plural, with the subresource: `pods`, `pods/ephemeralcontainers`. */
  readonly resource: string;
  readonly object: Manifest;
}

/** What the API server would say to a request: the messages of the policies that refuse it, none when it is admitted. */
export function refusals(manifests: Manifest[], { operation, resource, object }: AdmissionRequest): string[] {
  const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0] : '';
  return all(manifests, 'ValidatingAdmissionPolicy').flatMap(({ metadata, spec }) => {
    const binding = all(manifests, 'ValidatingAdmissionPolicyBinding').find((candidate) => candidate.spec.policyName === metadata.name);
    const matches = spec.matchConstraints.resourceRules.some(
      (rule: Manifest) => rule.apiGroups.includes(group) && rule.resources.includes(resource) && rule.operations.includes(operation) && (rule.resourceNames?.includes(object.metadata.name) ?? true),
    );
    if (!matches || !binding?.spec.validationActions.includes('Deny') || !isBound(binding, object)) return [];
    return evaluate(spec, object);
  });
}

function isBound({ spec: { matchResources } }: Manifest, { metadata }: Manifest): boolean {
  const labels: Record<string, string> = { 'kubernetes.io/metadata.name': metadata.namespace };
  return (matchResources?.namespaceSelector.matchExpressions ?? []).every(({ key, operator, values }: Manifest) => operator === 'In' && values.includes(labels[key]));
}

/** An expression that fails refuses too: the failure policy is Fail. */
function evaluate({ failurePolicy, variables: given = [], validations }: Manifest, object: Manifest): string[] {
  if (failurePolicy !== 'Fail') throw new Error('a policy that is not closed when it fails');
  const environment = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true, homogeneousAggregateLiterals: false });
  const variables: Record<string, unknown> = {};
  for (const { name, expression } of given) variables[name] = environment.evaluate(expression, { object, variables });
  return validations.flatMap(({ expression, message }: Manifest) => {
    try {
      return environment.evaluate(expression, { object, variables }) === true ? [] : [message];
    } catch (error) {
      return [`${message} (${(error as Error).message})`];
    }
  });
}
