import { Environment } from '@marcbachmann/cel-js';
import { all, type Manifest } from './cluster';

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  /** Plural, with the subresource: `pods`, `pods/ephemeralcontainers`. */
  readonly resource: string;
  readonly object: Manifest;
  /** How it was before an update. */
  readonly oldObject?: Manifest;
  /** Of whoever asks. @default - none that matters */
  readonly groups?: readonly string[];
}

/** What the API server would say to a request: the messages of the policies that refuse it, none when it is admitted. */
export function refusals(manifests: Manifest[], { operation, resource, object, oldObject = null, groups = ['system:authenticated'] }: AdmissionRequest): string[] {
  const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0] : '';
  return all(manifests, 'ValidatingAdmissionPolicy').flatMap(({ metadata, spec }) => {
    const binding = all(manifests, 'ValidatingAdmissionPolicyBinding').find((candidate) => candidate.spec.policyName === metadata.name);
    const matches = spec.matchConstraints.resourceRules.some(
      (rule: Manifest) => rule.apiGroups.includes(group) && rule.resources.includes(resource) && rule.operations.includes(operation) && (rule.resourceNames?.includes(object.metadata.name) ?? true),
    );
    if (!matches || !binding?.spec.validationActions.includes('Deny') || !isBound(binding, object)) return [];
    return evaluate(spec, { object, oldObject, request: { operation, userInfo: { groups } } });
  });
}

function isBound({ spec: { matchResources } }: Manifest, { metadata }: Manifest): boolean {
  const labels: Record<string, string> = { 'kubernetes.io/metadata.name': metadata.namespace };
  return (matchResources?.namespaceSelector.matchExpressions ?? []).every(({ key, operator, values }: Manifest) => operator === 'In' && values.includes(labels[key]));
}

/** An expression that fails refuses too: the failure policy is Fail. */
function evaluate({ failurePolicy, matchConditions = [], variables: given = [], validations }: Manifest, asked: Manifest): string[] {
  if (failurePolicy !== 'Fail') throw new Error('a policy that is not closed when it fails');
  const environment = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true, homogeneousAggregateLiterals: false });
  const variables: Record<string, unknown> = {};
  if (!matchConditions.every(({ expression }: Manifest) => environment.evaluate(expression, asked) === true)) return [];
  for (const { name, expression } of given) variables[name] = environment.evaluate(expression, { ...asked, variables });
  return validations.flatMap(({ expression, message }: Manifest) => {
    try {
      return environment.evaluate(expression, { ...asked, variables }) === true ? [] : [message];
    } catch (error) {
      return [`${message} (${(error as Error).message})`];
    }
  });
}
