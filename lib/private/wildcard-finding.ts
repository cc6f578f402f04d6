import { Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Id of AWS Solutions' finding on a resource with a wildcard, in an environment that is known and in one that is not. */
export function wildcardFinding(scope: IConstruct, arn: string): string {
  return `AwsSolutions-IAM5[Resource::${textOf(Stack.of(scope).resolve(arn))}]`;
}

/** References as the rule pack writes them: `<AWS::Region>`, `<Table.Arn>`. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as { readonly Ref?: string; readonly 'Fn::GetAtt'?: string[]; readonly 'Fn::Join'?: [string, unknown[]] };
  if (Ref !== undefined) return `<${Ref}>`;
  if (attribute) return `<${attribute.join('.')}>`;
  return join ? join[1].map(textOf).join(join[0]) : '';
}
