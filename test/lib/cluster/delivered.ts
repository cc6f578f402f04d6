import type { Template } from 'aws-cdk-lib/assertions';
import { propertiesOf } from '../zone/zone-stack';

export type Manifest = Record<string, any>;

/** A value of a template as text: what is known only when it is deployed is the name of its resource in brackets. */
export function textOf(value: any): string {
  if (typeof value === 'string') return value;
  if (value?.['Fn::Join']) return value['Fn::Join'][1].map(textOf).join('');
  if (value?.Ref) return `<${value.Ref}>`;
  if (value?.['Fn::GetAtt']) return `<${value['Fn::GetAtt'].join('.')}>`;
  return '<value>';
}

/** The objects that the function of the CDK applies. */
export function appliedObjects(template: Template): Manifest[] {
  return propertiesOf(template, 'Custom::AWSCDK-EKS-KubernetesResource').flatMap(({ Manifest }) => JSON.parse(textOf(Manifest)).flatMap(({ items }: Manifest) => items));
}

/** The objects that are put into a bucket, by their keys. */
export function publishedObjects(template: Template): Record<string, Manifest[]> {
  const puts = propertiesOf(template, 'Custom::AWS').map(({ Create }) => JSON.parse(textOf(Create))).filter(({ action }) => action === 'putObject');
  return Object.fromEntries(puts.map(({ parameters }) => [parameters.Key, JSON.parse(parameters.Body).items]));
}

/** The one object of a kind and name in a namespace. */
export function objectOf(objects: readonly Manifest[], kind: string, namespace: string, name?: string): Manifest {
  return objects.find((object) => object.kind === kind && object.metadata.namespace === namespace && (name === undefined || object.metadata.name === name))!;
}
