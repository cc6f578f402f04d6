import { Stack } from 'aws-cdk-lib';
import * as cr from 'aws-cdk-lib/custom-resources';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge';

/** Calls of AWS's API that AWS CloudFormation has no resource for, made when the stack is deployed, by one function of the CDK for all of them. */
export class AwsCall extends cr.AwsCustomResource {
  constructor(scope: Construct, id: string, props: cr.AwsCustomResourceProps) {
    super(scope, id, { installLatestAwsSdk: false, ...props });
    acknowledge(this, { 'NIST.800.53.R5-IAMNoInlinePolicy': 'the policy is for one call of one function and lives and dies with it' });
    const ofTheCdk = 'the function is the CDK\'s own, runs when the stack is deployed and at no other time, and is reached by AWS CloudFormation alone';
    const noData = 'the log of the CDK\'s own function says which call was made when the stack was deployed; what is written where is no secret';
    const caller = Stack.of(this).node.tryFindChild(`AWS${cr.AwsCustomResource.PROVIDER_FUNCTION_UUID.replaceAll('-', '')}`);
    if (!caller) return;
    acknowledge(caller, {
      'McpSecurityChecks::LogGroupEncrypted': noData,
      'AwsSolutions-L1': ofTheCdk,
      'NIST.800.53.R5-CloudWatchLogGroupEncrypted': noData,
      'NIST.800.53.R5-LambdaConcurrency': ofTheCdk,
      'NIST.800.53.R5-LambdaDLQ': ofTheCdk,
      'NIST.800.53.R5-LambdaInsideVPC': ofTheCdk,
      ...Object.fromEntries(['<AWS::Partition>', 'aws'].map((partition) => [`AwsSolutions-IAM4[Policy::arn:${partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]`, 'the role of the CDK\'s own function writes its own log, and has nothing but the calls that are named here']),
      ),
    });
  }
}
