import { Stack } from 'aws-cdk-lib';
import type { CfnElement } from 'aws-cdk-lib';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import { acknowledge } from '../private/acknowledge';

/** Acknowledges that a role may reach all objects below some prefixes of a bucket, as the rule pack shows them. */
export function acknowledgeObjects(scope: IConstruct, bucket: s3.Bucket, prefixes: readonly string[], reason: string): void {
  const name = Stack.of(scope).getLogicalId(bucket.node.defaultChild as CfnElement);
  acknowledge(scope, Object.fromEntries(prefixes.map((prefix) => [`AwsSolutions-IAM5[Resource::<${name}.Arn>/${prefix}*]`, reason])));
}
